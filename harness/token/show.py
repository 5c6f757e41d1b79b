"""Showing what was hashed, side by side, without ever showing a secret."""

from __future__ import annotations

from collections.abc import Iterable

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


def shown(pieces: Pieces, difference: int | None, secrets: Iterable[str]) -> str:
    """The pieces as text: escapes for what does not print, secrets masked, long bodies cut.

    What is kept of a long body is its beginning, its end and the surroundings of ``difference``.
    """
    known = sorted({secret.encode() for secret in secrets if secret}, key=len, reverse=True)
    out = []
    offset = 0
    for role, data in pieces:
        if role == "secret":
            out.append(f"‹secret, {len(data)} bytes›")
        else:
            out.append(_body(data, None if difference is None else difference - offset, known))
        offset += len(data)
    return " + ".join(out)


def _body(data: bytes, difference: int | None, known: list[bytes]) -> str:
    keep = [(0, _AROUND), (max(0, len(data) - _AROUND), len(data))]
    if difference is not None and 0 <= difference <= len(data):
        keep.append((max(0, difference - _AROUND // 2), difference + _AROUND // 2))
    masked: list[tuple[int, int]] = []
    for secret in known:
        at = data.find(secret)
        while at >= 0:
            masked.append((at, at + len(secret)))
            at = data.find(secret, at + 1)
    text = []
    position = 0
    for start, end in _merged(keep, len(data)):
        if start > position:
            text.append(f"…{start - position} bytes…")
        text.append(_printable(data, start, end, masked))
        position = end
    return f"‹{''.join(text)}›"


def _merged(spans: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        end = min(end, size)
        if out and start <= out[-1][1] + 8:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _printable(data: bytes, start: int, end: int, masked: list[tuple[int, int]]) -> str:
    text = []
    for index in range(start, end):
        if any(low <= index < high for low, high in masked):
            text.append("•")
        else:
            byte = data[index]
            text.append(
                chr(byte)
                if 32 <= byte < 127 and byte != 92
                else _ESCAPES.get(byte) or f"\\x{byte:02x}"
            )
    return "".join(text)


_ESCAPES = {0: "\\0", 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}


def _joined(pieces: Pieces) -> bytes:
    return b"".join(data for _, data in pieces)
