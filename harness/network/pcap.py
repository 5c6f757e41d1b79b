"""pcap files with nanosecond time stamps, as tcpdump, Wireshark and scapy read them.

Format: draft-ietf-opsawg-pcap. Written in the machine's byte order, read in both, in micro- and
nanoseconds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from harness.errors import RigError

ETHERNET = 1
RAW_IP = 101
SNAP_LENGTH = 262_144

_NANOSECONDS, _MICROSECONDS = 0xA1B23C4D, 0xA1B2C3D4


class CaptureUnreadable(RigError):
    """A capture file is missing, or is no pcap file."""


def header(link_type: int) -> bytes:
    """The file header, in the machine's byte order."""
    return struct.pack("=IHHiIII", _NANOSECONDS, 2, 4, 0, 0, SNAP_LENGTH, link_type)


def record(time_ns: int, frame: bytes) -> bytes:
    """One frame; ``time_ns`` counts from 1970."""
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    return struct.pack("=IIII", seconds, nanoseconds, len(frame), len(frame)) + frame


def read(path: Path) -> tuple[int, Iterator[tuple[int, int, bytes]]]:
    """The link type, and each frame as (nanoseconds since 1970, length on the wire, bytes).

    A last frame cut off by a kill is left out. Raises :class:`CaptureUnreadable`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CaptureUnreadable(f"cannot read the capture {path}: {error.strerror}") from error
    return parse(content, str(path))


def parse(content: bytes, name: str = "capture") -> tuple[int, Iterator[tuple[int, int, bytes]]]:
    """Like :func:`read`, from bytes."""
    for order in ("<", ">"):
        if len(content) < 24:
            break
        magic, link = struct.unpack_from(f"{order}I16xI", content)
        if magic in (_NANOSECONDS, _MICROSECONDS):
            scale = 1 if magic == _NANOSECONDS else 1000
            return link & 0xFFFF, _frames(content, order, scale)
    raise CaptureUnreadable(f"{name} is no pcap file ({len(content)} bytes)")


def _frames(content: bytes, order: str, scale: int) -> Iterator[tuple[int, int, bytes]]:
    unpack, at, end = struct.Struct(f"{order}IIII").unpack_from, 24, len(content)
    while at + 16 <= end:
        seconds, fraction, captured, length = unpack(content, at)
        at += 16
        if at + captured > end:
            return
        yield seconds * 1_000_000_000 + fraction * scale, length, content[at : at + captured]
        at += captured
