"""What a port's bytes sound like: an AT answer, NMEA, diagnostic frames, an echo. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import reduce


class Sound(StrEnum):
    """What is at the other end, as far as its bytes tell. In order of how much they tell."""

    AT = "at"
    NMEA = "nmea"
    DIAG = "diagnostic"
    PPP = "ppp"
    ECHO = "echo"
    TEXT = "text"
    NOISE = "noise"
    SILENT = "silent"


_OK = re.compile(rb"(?:^|[\r\n])OK\r")
_NUMERIC = re.compile(rb"(?:^|AT\r)0\r(?!\n)")  # V0 (V.250 §6.2.6)
_SENTENCE = re.compile(rb"\$([A-Z]{2,5}[A-Z0-9]{0,3},[ -)+-~]*)\*([0-9A-Fa-f]{2})")
_PPP_HEAD = (b"\xff\x03", b"\xff\x7d\x23", b"\xc0\x21")  # RFC 1662 §3.1, escaped, or compressed


def recognise_sound(heard: bytes, sent: bytes = b"") -> Sound:
    """What ``heard`` is, after ``sent`` was written.

    NMEA 0183 sentences count with a right checksum, and frames between 0x7E with a right check
    sequence (CRC-16/X.25, as in RFC 1662 Annex C and Qualcomm's diagnostic protocol).
    """
    if not heard:
        return Sound.SILENT
    if _OK.search(heard) or numeric_answer(heard):
        return Sound.AT
    if any(_xor(found[1]) == int(found[2], 16) for found in _SENTENCE.finditer(heard)):
        return Sound.NMEA
    for frame in heard.split(b"\x7e"):
        plain = re.sub(rb"\x7d(.)", lambda found: bytes([found[1][0] ^ 0x20]), frame, flags=re.S)
        if len(plain) > 3 and _crc(plain) == 0xF0B8:
            return Sound.PPP if frame.startswith(_PPP_HEAD) else Sound.DIAG
    if sent and not heard.replace(b"\x1b", b"").replace(b"\r\n", b"\r").replace(sent, b""):
        return Sound.ECHO
    legible = sum(byte in b"\r\n\t" or 32 <= byte < 127 for byte in heard)
    return Sound.TEXT if legible >= 0.9 * len(heard) else Sound.NOISE


def numeric_answer(heard: bytes) -> bool:
    """Whether the answer to ``AT`` is ``0``, the numeric form of OK."""
    return _NUMERIC.search(heard) is not None and _OK.search(heard) is None


def _xor(sentence: bytes) -> int:
    return reduce(lambda total, byte: total ^ byte, sentence, 0)


def _crc(data: bytes) -> int:
    """Over a frame with its check sequence it comes to 0xF0B8 (RFC 1662 Annex C.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc
