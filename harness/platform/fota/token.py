"""Tokens of firmware offers, and how they are kept out of all evidence."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable

_LETTERS = string.ascii_letters + string.digits
_PIECE = 20

Hide = Callable[[str, str], object]
"""Takes a name and a secret that must never be written."""


def new_token(length: int) -> str:
    """A token of letters and digits, which nobody can guess."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def hide_token(token: str, device: str, hide: Hide) -> None:
    """Have the token redacted, whole and in pieces: on a serial line it may come in two reads, and
    what is left readable then is far from enough to use it."""
    name = f"firmware-token-of-{device}"
    hide(name, token)
    for start in range(0, len(token) - _PIECE + 1, _PIECE):
        hide(name, token[start : start + _PIECE])
