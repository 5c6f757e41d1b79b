"""JSON as RFC 8259 and I-JSON (RFC 7493) mean it: what Python's reader lets pass is refused.

``NaN`` and ``Infinity``, duplicate keys, bytes that are not UTF-8, lone surrogates, a byte order
mark, numbers without bound. Numbers with a fraction or exponent become ``Decimal``, exactly.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from harness.senml.issues import SenmlError, refused


class RepeatedLabels(dict[str, Any]):
    """An object in which a key stood more than once (the last one won)."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else RepeatedLabels(pairs)


def _constant(name: str) -> NoReturn:
    raise refused("not-a-number", f"{name} is no JSON value")


_ZLIB = (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Decimal, parse_constant=_constant, strict=True
)


def other_coding(body: bytes) -> str | None:
    """What a body is by its first bytes when it is no JSON in UTF-8 at all, in words; None when
    nothing speaks against it. Only SenML JSON is supported (facts §4)."""
    if body[:2] == b"\x1f\x8b" or body[:2] in _ZLIB:
        return "compressed (gzip or deflate); send the JSON as it is"
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0\0" in (body[:4:2], body[1:4:2]):
        return "UTF-16; send the JSON in UTF-8"
    if body[:1] and 0x80 <= body[0] <= 0x9F:  # an array by RFC 8949 §3; no UTF-8 begins like this
        return "CBOR, as it seems; only SenML JSON is taken"
    return None


def load(body: bytes) -> Any:
    """The decoded value. Raises :class:`~harness.senml.issues.SenmlError`, and nothing else."""
    if not body:
        raise refused("not-json", "the body is empty")
    coding = other_coding(body)
    if coding is not None:
        raise refused("not-utf-8", f"the body is {coding}")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refused(
            "not-utf-8", f"the body is not UTF-8: byte {error.start} is 0x{body[error.start]:02x}"
        ) from None
    if text.startswith("\ufeff"):
        raise refused("byte-order-mark", "the body starts with a byte order mark; leave it out")
    try:
        data = _decoder.decode(text)
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 12) : error.pos + 12]
        raise refused(
            "not-json",
            f"the body is not JSON: {_reason(error.msg)} at character {error.pos}, near {near!r}",
        ) from None
    except SenmlError:
        raise
    except RecursionError:
        raise refused("too-deep", "the JSON is nested too deeply") from None
    except (ValueError, InvalidOperation, MemoryError):
        # int() of thousands of digits, Decimal() of an absurd exponent
        raise refused("number-size", "a number is too long to be read") from None
    if "\\u" in text and _has_surrogate(data):
        raise refused("surrogate", "a string holds half of a surrogate pair, which is no character")
    return data


def _reason(message: str) -> str:
    if message == "Expecting value":
        return "a value has to stand"
    return (message[0].lower() + message[1:]).removesuffix(" at")  # "at character" follows


def _has_surrogate(data: Any) -> bool:
    stack = [data]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if any("\ud800" <= character <= "\udfff" for character in item):
                return True
        elif isinstance(item, dict):
            stack += item.keys()
            stack += item.values()
        elif isinstance(item, list):
            stack += item
    return False
