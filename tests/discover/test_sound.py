"""What bytes sound like."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.rig.discover import Sound, recognise_sound
from tests.discover.ports import frame, nmea

FIX = nmea("GPGGA,120000.00,,,,,0,00,99.99,,,,,,")


@pytest.mark.parametrize(
    ("heard", "sound"),
    [
        (b"AT\r\r\nOK\r\n", Sound.AT),
        (b"\r\nOK\r\n", Sound.AT),
        (b"AT\r0\r", Sound.AT),
        (b"0\r", Sound.AT),
        (FIX + b"\r\nOK\r\n", Sound.AT),
        (b"\x00\xfe\r\nRDY\r\nAT\r\r\nOK\r\n", Sound.AT),
        (FIX, Sound.NMEA),
        (b"34,E*5A\r\n" + FIX, Sound.NMEA),
        (FIX.replace(b"120000", b"120001"), Sound.TEXT),
        (frame(b"\x00\x01\x02Jan 01 2020"), Sound.DIAG),
        (frame(b"\x13AT\r"), Sound.DIAG),
        (frame(b"\xff\x03\xc0\x21\x01\x01\x00\x04"), Sound.PPP),
        (b"AT\rAT\r", Sound.ECHO),
        (b"AT\r\n\x1bAT\r\n", Sound.ECHO),
        (b"\r\nrouter login: ", Sound.TEXT),
        (b"\xe4\xf1\xa8\x00\xff", Sound.NOISE),
        (b"\x7e\x01\x02\x03\x04\x7e", Sound.NOISE),
        (b"", Sound.SILENT),
    ],
)
def test_each_kind_is_told_from_its_bytes(heard: bytes, sound: Sound) -> None:
    """Answers, sentences, frames, echoes and rubbish are told apart."""
    assert recognise_sound(heard, b"AT\r") is sound


@given(st.binary(max_size=300), st.binary(max_size=300))
@example(b"\x7e\x7e", b"$*")
def test_an_answer_is_heard_in_any_noise(before: bytes, after: bytes) -> None:
    """Whatever stands around it, an OK line is an AT port; no bytes make it fail."""
    recognise_sound(before + after, b"AT\r")
    assert recognise_sound(before + b"\r\nOK\r\n" + after, b"AT\r") is Sound.AT
