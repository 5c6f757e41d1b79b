"""The pack and its token out of a payload: bare, or in an object ``{"token": …, "pack": …}``.

The token is over exactly the bytes of the pack (TOKEN-EXACT), so those are cut out as they stand
and never written anew.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from harness.platform.findings import Finding, error

_SPACE = " \t\r\n"
_decoder = json.JSONDecoder()


class Unwrapped(NamedTuple):
    """The bytes of the pack, the token beside them, and what is wrong with the object."""

    pack: bytes
    token: str | None
    findings: tuple[Finding, ...] = ()


def unwrap(payload: bytes, token_key: str, pack_key: str) -> Unwrapped:
    """Read the object; with errors among the findings when it is none.

    A pack that is an array is taken as its bytes stand; one that is a string is what the string
    says.
    """
    shape = f'{{"{token_key}": …, "{pack_key}": …}}'
    try:
        text = payload.decode("utf-8")
        fields = dict(_fields(text))
    except (ValueError, RecursionError) as problem:
        return _broken(payload, f"the payload is no object {shape}: {problem}")
    if pack_key not in fields:
        return _broken(payload, f"the payload has no {pack_key!r}; it has to be {shape}")
    start, end = fields[pack_key]
    written = text[start:end]
    if written.startswith('"'):
        written = str(json.loads(written))
    token: object = None
    if token_key in fields:
        start, end = fields[token_key]
        token = json.loads(text[start:end])
    if token is not None and not isinstance(token, str):
        found = error("TOKEN-HEADER", f"{token_key!r} in the payload has to be a string")
        return Unwrapped(written.encode("utf-8", "replace"), None, (found,))
    return Unwrapped(written.encode("utf-8", "replace"), token)


def _broken(payload: bytes, why: str) -> Unwrapped:
    return Unwrapped(payload, None, (error("SENML-PACK", why),))


def _fields(text: str) -> list[tuple[str, tuple[int, int]]]:
    """Each key of the object with the span of its value. Raises :class:`ValueError`."""
    at = _skip(text, 0)
    found: list[tuple[str, tuple[int, int]]] = []
    if text[at : at + 1] != "{":
        raise ValueError("it does not begin with {")
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        if found:
            at = _skip(text, _past(text, at, ","))
        _past(text, at, '"')
        key, at = _decoder.raw_decode(text, at)
        start = _skip(text, _past(text, _skip(text, at), ":"))
        end = _decoder.raw_decode(text, start)[1]
        if any(key == other for other, _ in found):
            raise ValueError(f"the key {key[:40]!r} is there twice")
        found.append((key, (start, end)))
        at = _skip(text, end)
    if _skip(text, at + 1) != len(text):
        raise ValueError(f"more follows its end at character {at + 1}")
    return found


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _SPACE:
        at += 1
    return at


def _past(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise ValueError(f"{mark} is missing at character {at}")
    return at + 1
