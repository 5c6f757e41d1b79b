"""What a token's text looks like, apart from which bytes were hashed."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

ALGORITHM_BY_LENGTH = {
    16: ("md5",),
    20: ("sha1",),
    28: ("sha224",),
    32: ("sha256", "sha3_256", "blake2s"),
    48: ("sha384",),
    64: ("sha512", "blake2b"),
}
"""Digest length in bytes to the algorithms of :mod:`hashlib` that give it."""

_HEX = re.compile(r"[0-9a-fA-F]+")
_WITH_FILE = re.compile(r"([0-9a-fA-F]{32,128})[ \t]+\*?(?:-|[^\s:]*[g-zG-Z._/][^\s:]*)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-]{22,88}={0,2}")


class Form(NamedTuple):
    """The digest that a token's text stands for, and how it was written: code and words."""

    digest: bytes
    code: str
    words: str


def read_form(token: str) -> Form | None:
    """The digest in the token, or None when there is none to be read."""
    code, words = "", ""
    text = token
    if text.strip() != text:
        text, code, words = text.strip(), "token-space", "white space around it"
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text, code, words = text[1:-1], "token-quoted", "quotation marks around it"
    printed = _WITH_FILE.fullmatch(text)
    if printed is not None:
        text, code, words = printed[1], "file-name", "the file name that sha256sum prints behind it"
    if text[:2] in ("0x", "0X"):
        text, code, words = text[2:], "hex-prefix", "a 0x before it"
    if ":" in text or " " in text or "-" in text:
        joined = re.sub(r"[: -]", "", text)
        if _HEX.fullmatch(joined) and len(joined) in (32, 40, 56, 64, 96, 128):
            text, code, words = joined, "hex-separated", "separators between the bytes"
    if _HEX.fullmatch(text) and len(text) % 2 == 0 and len(text) // 2 in ALGORITHM_BY_LENGTH:
        if not code and text != text.lower():
            code, words = "upper-case", "upper-case letters"
        return Form(bytes.fromhex(text), code, words)
    return _read_base64(text)


def _read_base64(text: str) -> Form | None:
    if _BASE64.fullmatch(text) is None:
        return None
    core = text.rstrip("=").replace("-", "+").replace("_", "/")
    if len(core) % 4 == 1:
        return None
    try:
        digest = base64.b64decode(core + "=" * (-len(core) % 4))
    except binascii.Error:
        return None
    if len(digest) not in ALGORITHM_BY_LENGTH:
        return None
    return Form(digest, "base64", "base64 instead of hex")
