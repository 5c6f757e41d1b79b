"""The GSM 7 bit default alphabet with its extension table, and its packing (TS 23.038 §6)."""

from __future__ import annotations

ESCAPE = 0x1B
DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]",
    0x40: "|", 0x65: "€",
}  # fmt: skip

_ENCODE: dict[str, bytes] = {
    **{char: bytes([code]) for code, char in enumerate(DEFAULT) if code != ESCAPE},
    **{char: bytes([ESCAPE, code]) for code, char in EXTENSION.items()},
}


class NotGsm7(ValueError):
    """A text holds a character that the alphabet does not have; use UCS-2."""


def encodable(text: str) -> bool:
    """Whether every character of ``text`` is in the alphabet or its extension."""
    return all(char in _ENCODE for char in text)


def encode(text: str) -> bytes:
    """One septet per byte, escapes included. Raises :class:`NotGsm7`."""
    try:
        return b"".join([_ENCODE[char] for char in text])
    except KeyError as error:
        raise NotGsm7(f"{error.args[0]!r} is not in the GSM 7 bit alphabet") from None


def decode(septets: bytes) -> str:
    """Text of one septet per byte (bit 8 is ignored).

    An escape to a character that the extension lacks shows the one of the default table
    (§6.2.1.1); an escape at the very end shows a space.
    """
    text: list[str] = []
    escaped = False
    for octet in septets:
        septet = octet & 0x7F
        if escaped:
            text.append(EXTENSION.get(septet) or (DEFAULT[septet] if septet != ESCAPE else " "))
            escaped = False
        elif septet == ESCAPE:
            escaped = True
        else:
            text.append(DEFAULT[septet])
    if escaped:
        text.append(" ")
    return "".join(text)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets to octets, least significant bit first, after ``fill_bits`` zero bits (§6.1.2.1)."""
    bits = 0
    for place, septet in enumerate(septets):
        bits |= (septet & 0x7F) << (7 * place + fill_bits)
    return bits.to_bytes((7 * len(septets) + fill_bits + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """The first ``count`` septets after ``fill_bits``; fewer when ``octets`` ends before."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    available = max(0, (8 * len(octets) - fill_bits) // 7)
    return bytes((bits >> (7 * place)) & 0x7F for place in range(min(count, available)))
