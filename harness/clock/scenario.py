"""The scenario clock: the time that platform, network and scenario agree on."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from harness.errors import HilError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NS = 1_000_000_000


class ClockError(HilError):
    """A clock was asked for something it refuses, such as going backwards."""


class ClockStuck(ClockError):
    """Virtual time could not move because work stayed in flight; names the participants."""


def to_ns(moment: datetime) -> int:
    """Nanoseconds since 1970 of an aware datetime, without rounding through float."""
    if moment.tzinfo is None:
        raise ClockError(f"a moment needs a time zone: {moment.isoformat()}")
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * NS + delta.microseconds * 1_000


def from_ns(ns: int) -> datetime:
    """The aware UTC datetime of a count of nanoseconds since 1970 (to the microsecond)."""
    return _EPOCH + timedelta(microseconds=ns // 1_000)


class Timer:
    """A callback that waits for its moment; :meth:`cancel` is safe at any time."""

    __slots__ = ("callback", "cancelled", "label", "when_ns")

    def __init__(self, when_ns: int, callback: Callable[[], object], label: str) -> None:
        self.when_ns = when_ns
        self.callback = callback
        self.label = label
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ScenarioClock(Protocol):
    """``now`` and ``monotonic`` never go backwards; all moments are aware UTC."""

    def now(self) -> datetime:
        """The scenario's wall time, aware UTC."""

    def now_ns(self) -> int:
        """The same in nanoseconds since 1970."""

    def monotonic(self) -> float:
        """Scenario seconds since the clock was made."""

    def sleep(self, seconds: float) -> None:
        """Block the calling participant for ``seconds`` of scenario time."""

    def call_at(self, when_ns: int, callback: Callable[[], object], label: str = "") -> Timer:
        """Run ``callback`` when :meth:`now_ns` reaches ``when_ns`` (at once if that has passed)."""

    def call_later(self, seconds: float, callback: Callable[[], object], label: str = "") -> Timer:
        """Run ``callback`` after ``seconds`` of scenario time."""

    def advance(self, seconds: float, drain: Callable[[], object] | None = None) -> None:
        """Step time forward, firing what falls due in order, each at its own moment."""

    def advance_to(self, moment: datetime, drain: Callable[[], object] | None = None) -> None:
        """Step time forward to ``moment``. Raises :class:`ClockError` if that is in the past."""

    def close(self) -> None:
        """Forget all timers and release all sleepers."""


class TimerHeap:
    """Timers in order of moment, then of registration. Thread-safe."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._heap: list[tuple[int, int, Timer]] = []
        self._order = itertools.count()

    def push(self, timer: Timer) -> None:
        with self.changed:
            heapq.heappush(self._heap, (timer.when_ns, next(self._order), timer))
            self.changed.notify_all()

    def next_ns(self) -> int | None:
        """When the next live timer is due, or None."""
        with self.changed:
            while self._heap and self._heap[0][2].cancelled:
                heapq.heappop(self._heap)
            return self._heap[0][0] if self._heap else None

    def pop_due(self, now_ns: int) -> Timer | None:
        with self.changed:
            due = self.next_ns()
            if due is None or due > now_ns:
                return None
            return heapq.heappop(self._heap)[2]

    def clear(self) -> None:
        with self.changed:
            self._heap.clear()
            self.changed.notify_all()
