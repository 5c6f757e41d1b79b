"""The host clock: real monotonic time for deadlines, watchdogs and durations.

freezegun replaces every *module attribute* that is one of the time functions, also ones imported
by name. It does not look into classes, so the references are kept in a class body, taken when this
module is first imported (which the pytest plugin does before any freeze can be active).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime


class _Kept:
    monotonic = staticmethod(time.monotonic)
    monotonic_ns = staticmethod(time.monotonic_ns)
    wall = staticmethod(time.time)
    wall_ns = staticmethod(time.time_ns)
    sleep = staticmethod(time.sleep)
    fromtimestamp = staticmethod(datetime.fromtimestamp)


def monotonic() -> float:
    """Seconds on the real monotonic clock."""
    return _Kept.monotonic()


def monotonic_ns() -> int:
    """Nanoseconds on the real monotonic clock."""
    return _Kept.monotonic_ns()


def wall() -> datetime:
    """The real wall time as aware UTC: for evidence only, never for a deadline."""
    return _Kept.fromtimestamp(_Kept.wall(), UTC)


def wall_ns() -> int:
    """The real wall time in nanoseconds since 1970: for evidence only."""
    return _Kept.wall_ns()


def pause(seconds: float) -> None:
    """Really wait. For pacing what the outside world must see; never to wait for an outcome."""
    _Kept.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the host clock by which something must have happened."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(_Kept.monotonic() + seconds)

    def left(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.at - _Kept.monotonic())

    @property
    def expired(self) -> bool:
        return _Kept.monotonic() >= self.at

    def no_later_than(self, other: Deadline) -> Deadline:
        """A nested deadline never exceeds its parent."""
        return self if self.at <= other.at else other
