"""SMS-DELIVER PDUs, against ones written from TS 23.040 and a widely published one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reference_device.sms import Sms, decode

from .sms_pdu import deliver


def test_a_published_pdu_is_read() -> None:
    """The well-known "hellohello" example gives its sender and text."""
    pdu = "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"
    assert decode(bytes.fromhex(pdu)) == Sms("27838890001", "hellohello")


@pytest.mark.parametrize("coding", [0, 4, 8])
@pytest.mark.parametrize("header", [b"", bytes([5, 0, 3, 7, 2, 1])])
def test_every_alphabet_with_and_without_header(coding: int, header: bytes) -> None:
    """7 bit, 8 bit and UCS2 give the text; a user data header is skipped."""
    assert decode(deliver("5277", "report 12", coding, header)) == Sms("5277", "report 12")


@given(st.text("abcXYZ0189 ", max_size=100), st.from_regex(r"\+?[0-9]{3,15}", fullmatch=True))
def test_text_and_sender_survive(text: str, sender: str) -> None:
    """What the centre wrote is what the device reads."""
    assert decode(deliver(sender, text)) == Sms(sender, text)


@given(st.binary(max_size=200))
def test_any_bytes_give_an_sms_or_a_value_error(pdu: bytes) -> None:
    """A broken PDU cannot crash the device."""
    try:
        sms = decode(pdu)
    except ValueError:
        return
    assert isinstance(sms.text, str)
