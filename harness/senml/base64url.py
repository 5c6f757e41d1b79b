"""The data value ``vd``: base64url without padding (RFC 8428 §4.3, RFC 4648 §5), read leniently."""

from __future__ import annotations

import binascii
import re

_ALPHABET = re.compile(r"[A-Za-z0-9_\-+/]*(={0,2})")


def decode(text: str) -> tuple[bytes, str | None]:
    """The bytes, and a remark when the text is not the form of RFC 8428.

    The plain base64 alphabet and padding are read as well. Raises ValueError with a sentence.
    """
    found = _ALPHABET.fullmatch(text)
    if found is None:
        raise ValueError("vd is not base64url: it holds other characters")
    padding = len(found[1])
    core = text[: len(text) - padding] if padding else text
    if len(core) % 4 == 1:
        raise ValueError(f"vd is not base64url: {len(core)} characters cannot be whole bytes")
    remarks = []
    if padding:
        remarks.append("padded")
        if len(text) % 4:
            raise ValueError("vd is not base64url: the padding is of the wrong length")
    if "+" in core or "/" in core:
        remarks.append("of the plain base64 alphabet")
        core = core.replace("+", "-").replace("/", "_")
    data = binascii.a2b_base64(
        core.translate(_TO_PLAIN) + "=" * (-len(core) % 4), strict_mode=False
    )
    if not remarks:
        return data, None
    return data, f"vd is {' and '.join(remarks)}; RFC 8428 wants base64url without padding"


def encode(data: bytes) -> str:
    """Base64url without padding."""
    text = binascii.b2a_base64(data, newline=False).decode("ascii")
    return text.rstrip("=").translate(_TO_URL)


_TO_PLAIN = str.maketrans("-_", "+/")
_TO_URL = str.maketrans("+/", "-_")
