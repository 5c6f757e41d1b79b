"""Durations as people write them: ``250ms``, ``90s``, ``5m``, ``1h30m``, ``2d``, ``12:30:00``.

Exact to the microsecond (what :class:`datetime.timedelta` holds); no float on the way.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from harness.errors import UsageError

_UNIT_US = {
    "us": 1,
    "µs": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*([a-zµ]+)\s*")
_CLOCK = re.compile(r"([0-9]{1,6}):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,6}))?")
_LONGEST_US = 36_525 * _UNIT_US["d"]  # a century: longer is a slip


class DurationError(UsageError, ValueError):
    """A text that is no duration; the message says how to write one."""


def parse_duration(text: str) -> timedelta:
    """Read a duration, never negative, at most 100 years.

    Units: ``us``, ``ms``, ``s``, ``m`` or ``min``, ``h``, ``d``, ``w``; each at most once, largest
    first. ``HH:MM:SS[.fff]`` is read as such. A bare number is refused unless it is ``0``.
    Raises :class:`DurationError`.
    """
    stripped = text.strip()
    if stripped == "0":
        return timedelta(0)
    clock = _CLOCK.fullmatch(stripped)
    if clock is not None:
        hours, minutes, seconds, fraction = clock.groups()
        us = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1_000_000
        us += int((fraction or "").ljust(6, "0"))
    else:
        us = _sum_of_parts(stripped, text)
    if us > _LONGEST_US:
        raise DurationError(f"the duration {text!r} is longer than 100 years: is the unit right?")
    return timedelta(microseconds=us)


def _sum_of_parts(stripped: str, text: str) -> int:
    position, total, last_unit_us = 0, 0, 0
    while position < len(stripped):
        part = _PART.match(stripped, position)
        if part is None:
            raise DurationError(_advice(text, stripped))
        unit_us = _UNIT_US.get(part[2])
        if unit_us is None:
            raise DurationError(
                f"unknown unit {part[2]!r} in the duration {text!r}: use ms, s, m, h, d or w"
            )
        if last_unit_us and unit_us >= last_unit_us:
            raise DurationError(f"write each unit once, the largest first: {text!r}")
        amount_us = Decimal(part[1]) * unit_us
        if amount_us != int(amount_us):
            raise DurationError(f"the duration {text!r} is finer than a microsecond")
        total += int(amount_us)
        last_unit_us, position = unit_us, part.end()
    if not stripped:
        raise DurationError(_advice(text, stripped))
    return total


def _advice(text: str, stripped: str) -> str:
    if stripped.startswith("-"):
        return f"a duration is not negative: {text!r}"
    if re.fullmatch(r"[0-9.]+", stripped):
        return f"the duration {text!r} has no unit: write {stripped}s or {stripped}m, for example"
    if re.fullmatch(r"[0-9]+:[0-9]+", stripped):
        return f"is {text!r} hours or minutes? write 1h30m, or HH:MM:SS with all three"
    return f"not a duration: {text!r}; write for example 250ms, 90s, 5m, 1h30m, 2d or 12:30:00"


def format_duration(duration: timedelta) -> str:
    """The shortest exact text that :func:`parse_duration` reads back: ``1h30m``, ``0s``.

    Negative durations, which no file can hold, get a leading minus sign.
    """
    us = (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds
    if us == 0:
        return "0s"
    sign, us = ("-", -us) if us < 0 else ("", us)
    parts = []
    for unit in ("d", "h", "m", "s", "ms", "us"):
        amount, us = divmod(us, _UNIT_US[unit])
        if amount:
            parts.append(f"{amount}{unit}")
    return sign + "".join(parts)
