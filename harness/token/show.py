"""Showing what was hashed, side by side, without ever showing a secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_AROUND = 48
Pieces = tuple[tuple[str, bytes], ...]


def first_difference(one: Pieces, other: Pieces) -> int | None:
    """The index of the first byte in which the joined pieces differ; None when they are equal."""
    a, b = _joined(one), _joined(other)
    if a == b:
        return None
    shorter = min(len(a), len(b))
    low, high = 0, shorter
    while low < high:  # the longest common beginning, by halving
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class Shown(NamedTuple):
    """What was hashed, for people: ``mark`` is where in ``text`` the byte asked for stands."""

    text: str
    mark: tuple[int, int] | None


def shown(pieces: Pieces, difference: int | None, secrets: Iterable[str]) -> Shown:
    """The pieces as text: escapes for what does not print, secrets masked, long bodies cut.

    What is kept of a long body is its beginning, its end and the surroundings of ``difference``,
    an index into the joined pieces, whose byte is marked. In a secret, all of it is; behind the
    last piece, nothing.
    """
    known = sorted({secret.encode() for secret in secrets if secret}, key=len, reverse=True)
    text, mark, offset = "", None, 0
    for role, data in pieces:
        text += " + " if text else ""
        here = None if difference is None else difference - offset
        inside = here is not None and 0 <= here < len(data)
        if role == "secret":
            part = Shown(f"‹secret, {len(data)} bytes›", None)
            part = Shown(part.text, (0, len(part.text)) if inside else None)
        else:
            part = _body(data, here, known)
        if inside and part.mark is not None:
            mark = (len(text) + part.mark[0], len(text) + part.mark[1])
        text += part.text
        offset += len(data)
    return Shown(text, mark)


def _body(data: bytes, difference: int | None, known: list[bytes]) -> Shown:
    keep = [(0, _AROUND), (max(0, len(data) - _AROUND), len(data))]
    if difference is not None and 0 <= difference <= len(data):
        keep.append((max(0, difference - _AROUND // 2), difference + _AROUND // 2))
    masked: list[tuple[int, int]] = []
    for secret in known:
        at = data.find(secret)
        while at >= 0:
            masked.append((at, at + len(secret)))
            at = data.find(secret, at + 1)
    text, position, mark = "‹", 0, None
    for start, end in _merged(keep, len(data)):
        if start > position:
            text += f"…{start - position} bytes…"
        for index in range(start, end):
            printed = _printable(data[index], index, masked)
            if index == difference:
                mark = (len(text), len(text) + len(printed))
            text += printed
        position = end
    return Shown(text + "›", mark)


def _merged(spans: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        end = min(end, size)
        if out and start <= out[-1][1] + 8:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _printable(byte: int, index: int, masked: list[tuple[int, int]]) -> str:
    if any(low <= index < high for low, high in masked):
        return "•"
    if 32 <= byte < 127 and byte != 92:
        return chr(byte)
    return _ESCAPES.get(byte) or f"\\x{byte:02x}"


_ESCAPES = {0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}


def _joined(pieces: Pieces) -> bytes:
    return b"".join(data for _, data in pieces)
