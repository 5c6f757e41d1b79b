"""Base times that a device without a clock sends instead of leaving ``bt`` out (BT-CLOCKLESS)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from harness.senml.seconds import NS, RELATIVE_BELOW, moment_of, ns_of, ns_of_moment

_DAY_NS = 86_400 * NS
_YEAR_NS = 366 * _DAY_NS
_EPOCHS = (
    # name, seconds from 1970 to it
    ("1970", 0),
    ("1980", 315_532_800),
    ("2000", 946_684_800),
)
_COUNTED_FROM = (
    ("6 January 1980 (GPS time)", 315_964_800),
    ("1 January 2000", 946_684_800),
)
_UNITS = (("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9))


def bt_suspicion(bt: float | Decimal, now: datetime) -> str | None:
    """Why the base time ``bt`` (seconds since 1970) is probably wrong; None when it is plausible.

    ``now``: aware UTC, the moment of receipt.
    """
    return bt_suspicion_ns(ns_of(bt), ns_of_moment(now))


def bt_suspicion_ns(bt_ns: int, now_ns: int) -> str | None:
    """The same with nanoseconds since 1970 on both sides."""
    ahead_ns = bt_ns - now_ns
    for origin, offset_s in _COUNTED_FROM:
        if abs(ahead_ns + offset_s * NS) < 2 * _DAY_NS:
            return f"bt counts seconds from {origin}, not from 1970"
    if -10 * _YEAR_NS < ahead_ns <= _DAY_NS and not _near_epoch(bt_ns, now_ns):
        return None
    for unit, factor in _UNITS:
        if abs(bt_ns // factor - now_ns) < 10 * _YEAR_NS and bt_ns > 100 * now_ns > 0:
            return (
                f"bt counts {unit}, not seconds: as seconds it is tens of thousands of years away"
            )
    if bt_ns < 0:
        return "bt is negative: relative to now by RFC 8428, and not documented for the platform"
    epoch = _near_epoch(bt_ns, now_ns)
    if epoch is not None:
        return (
            f"bt lies {_since(bt_ns, epoch[1])} the start of {epoch[0]}: the clock was never set "
            "and counts from its epoch; leave bt out instead"
        )
    if bt_ns < RELATIVE_BELOW * NS:
        return "bt is below 2**28, so by RFC 8428 it is relative to now; no absolute time"
    shown = moment_of(bt_ns)
    when = "far beyond the year 9999" if shown is None else f"on {shown:%Y-%m-%d}"
    if ahead_ns > 0:
        return f"bt lies {ahead_ns // _DAY_NS} days in the future ({when})"
    return f"bt lies more than ten years back ({when})"


def _near_epoch(bt_ns: int, now_ns: int) -> tuple[str, int] | None:
    """The epoch within a year before ``bt``, unless now itself is near it."""
    for name, start_s in _EPOCHS:
        start_ns = start_s * NS
        if 0 <= bt_ns - start_ns < _YEAR_NS and abs(now_ns - bt_ns) > _YEAR_NS:
            return name, start_ns
    return None


def _since(bt_ns: int, start_ns: int) -> str:
    seconds = (bt_ns - start_ns) // NS
    if seconds < 7_200:
        return f"{seconds} s after"
    return (
        f"{seconds // 86_400} days after" if seconds >= 172_800 else f"{seconds // 3_600} h after"
    )
