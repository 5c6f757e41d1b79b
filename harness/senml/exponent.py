"""Packs with numbers in exponent form, as the platform's output may have them (facts §4).

``1.58565075E9`` is the one published example. The rule is that of Java's ``Double.toString``
(assumed): from 10 million upwards and below a thousandth, one digit before the point and at least
one after it. Other numbers stand as they are.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

_LARGE, _SMALL = 10**7, Decimal("0.001")


def dump_exponent(pack: list[dict[str, Any]]) -> bytes:
    """JSON-ready records as compact UTF-8 bytes; keys keep their order."""
    return ("[" + ",".join(_object(record) for record in pack) + "]").encode()


def exponent(value: float) -> str:
    """One number: in exponent form when it is large or small."""
    exact = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    if not exact or _SMALL <= abs(exact) < _LARGE:
        return json.dumps(value, allow_nan=False)
    sign, digits, _ = exact.normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{exact.adjusted()}"


def _object(record: dict[str, Any]) -> str:
    return "{" + ",".join(f"{_text(key)}:{_value(value)}" for key, value in record.items()) + "}"


def _value(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return exponent(value)
    return _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
