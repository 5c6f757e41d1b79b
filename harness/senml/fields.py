"""The labels of RFC 8428 §4 and the type of each, as checks that give a typed value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

_TIME_BOUND = 10**19  # seconds; leaves room for a time of today in nanoseconds
_SMALL = 10**300
_NUMBER_BOUND = Decimal("1.7976931348623157e308")  # the largest double

Number = int | Decimal


class FieldError(Exception):
    """A label's value is not of its type. The message is one sentence."""


def text(label: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    raise FieldError(f"{label} is a string, not {kind(value)}")


def number(label: str, value: Any) -> Number:
    """Numbers keep their exact decimal value; what no double can hold is refused."""
    if type(value) is int and -_SMALL < value < _SMALL:
        return value
    exact: Number
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        exact = value
    elif isinstance(value, float):
        exact = Decimal(repr(value))
    else:
        raise FieldError(f"{label} is a number, not {kind(value)}")
    if isinstance(exact, Decimal) and not exact.is_finite():
        raise FieldError(f"{label} is a finite number, not {exact}")
    if not -_NUMBER_BOUND <= exact <= _NUMBER_BOUND:
        raise FieldError(f"{label} is larger than any double: {shorten(exact)}")
    return exact


def time(label: str, value: Any) -> Number:
    """Seconds, absolute or relative."""
    exact = number(label, value)
    if not -_TIME_BOUND < exact < _TIME_BOUND:
        raise FieldError(f"{label} is no time: {shorten(value)} seconds are billions of years")
    return exact


def flag(label: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise FieldError(f"{label} is true or false, not {kind(value)}")


def whole(label: str, value: Any) -> int:
    exact = number(label, value)
    if not -_TIME_BOUND < exact < _TIME_BOUND or exact != int(exact):
        raise FieldError(f"{label} is a whole number, not {shorten(value)}")
    return int(exact)


CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "bn": text,
    "bt": time,
    "bu": text,
    "bv": number,
    "bs": number,
    "bver": whole,
    "n": text,
    "u": text,
    "t": time,
    "ut": time,
    "v": number,
    "vb": flag,
    "vs": text,
    "vd": text,
    "s": number,
    "i_": whole,
}
"""By label. ``vd`` is decoded afterwards; ``i_`` is ThingsML's index, not of RFC 8428."""


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the string {shorten(value)}"
    if isinstance(value, int | float | Decimal):
        return f"the number {shorten(value)}"
    return "an object" if isinstance(value, Mapping) else "an array"


def shorten(value: Any) -> str:
    """At most 40 characters of a value."""
    shown = repr(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."
