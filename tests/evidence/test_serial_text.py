"""Bytes of a serial line on the timeline: a PIN is not there, in whatever pieces it came."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence import Redactor, SerialText


def told(pieces: Sequence[bytes]) -> str:
    """What a timeline holds of them, one after the other."""
    text, redact = SerialText(), Redactor()
    return "".join(redact(text(piece)) for piece in pieces)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (b'AT+CPIN="7391"\r', "AT+CPIN=‹pin›\r"),
        (b'AT+CPIN="84927391","7391"\r', "AT+CPIN=‹pin›\r"),
        (b"at+cpin=7391;+CSQ\r", "at+cpin=‹pin›;+CSQ\r"),
        (b'AT+CSQ;+CPIN="7391";+CREG?\r', "AT+CSQ;+CPIN=‹pin›;+CREG?\r"),
        (b'AT+CLCK="SC",1,"7391"\r\nOK\r\n', 'AT+CLCK="SC",1,‹pin›\r\nOK\r\n'),
        (b'AT+CLCK="PN",1,"7391"\r', 'AT+CLCK="PN",1,‹pin›\r'),
        (b'AT+CPWD="P2","7391","8402"\r', 'AT+CPWD="P2",‹pin›\r'),
        (b"+CPIN: READY\r\n", "+CPIN: READY\r\n"),
        (b'AT+CLCK="SC",2\r', 'AT+CLCK="SC",2\r'),
    ],
)
def test_byte_by_byte(command: bytes, shown: str) -> None:
    """As a person types, or firmware that writes characters: the mark stands where it began."""
    assert told([command[at : at + 1] for at in range(len(command))]) == shown
    assert told([command]) == shown


@given(
    pin=st.from_regex(r"[3-9]{4,8}", fullmatch=True),
    before=st.sampled_from([b"AT", b"ATE0\r\r\nOK\r\nAT", b"\r\n+CSQ: 10,0\r\nAT", b"AT+CSQ;"]),
    after=st.sampled_from([b"", b"\r\r\nOK\r\n", b";+CSQ\r"]),
    places=st.lists(st.integers(0, 200), max_size=12),
)
def test_in_any_pieces(pin: str, before: bytes, after: bytes, places: list[int]) -> None:
    """No digit of the PIN is left, and nothing but the PIN is missing."""
    shown = told(cut(before + f'+CPIN="{pin}"'.encode() + after, places))
    assert shown == f"{before.decode()}+CPIN=‹pin›{after.decode()}"


@given(data=st.binary(max_size=2000), places=st.lists(st.integers(0, 2000), max_size=12))
def test_other_bytes_are_as_they_came(data: bytes, places: list[int]) -> None:
    """Payload of any kind goes through unchanged, however it is cut."""
    text = SerialText()
    assert "".join(map(text, cut(data, places))) == data.decode("latin-1")
