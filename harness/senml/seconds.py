"""Seconds and moments without rounding through float: integers of nanoseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

NS = 1_000_000_000
RELATIVE_BELOW = 2**28
"""Times below this many seconds are relative to now, others absolute (RFC 8428 §4.5.3)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def ns_of(seconds: float | Decimal) -> int:
    """Nanoseconds of a count of seconds; a float counts as the decimal number it prints as."""
    if isinstance(seconds, int):
        return seconds * NS
    exact = seconds if isinstance(seconds, Decimal) else Decimal(repr(seconds))
    return int(_WIDE.to_integral_value(_WIDE.multiply(exact, Decimal(NS))))


def ns_of_moment(moment: datetime) -> int:
    """Nanoseconds since 1970. Raises ValueError for a moment without a time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"a moment needs a time zone: {moment.isoformat()}")
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * NS + delta.microseconds * 1_000


def moment_of(ns: int) -> datetime | None:
    """The aware UTC moment (to the microsecond, downwards), or None outside the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(microseconds=ns // 1_000)
    except OverflowError:
        return None


def json_seconds(ns: int) -> int | float:
    """Seconds as a JSON number: whole ones as an integer, others as the nearest double."""
    whole, rest = divmod(ns, NS)
    return whole if rest == 0 else float(Decimal(ns).scaleb(-9, _WIDE))
