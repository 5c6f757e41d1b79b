"""The scenario clock: the time that platform, network and scenario agree on."""

from __future__ import annotations

import heapq
import threading
from collections import deque
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


LAST = datetime(2262, 1, 1, tzinfo=UTC)
"""No scenario clock is moved further: stores keep nanoseconds since 1970 in 64 bits, which end in
April of that year, and past the year 9999 nobody could be told what time it is."""


def to_ns(moment: datetime) -> int:
    """Nanoseconds since 1970 of an aware datetime, without rounding through float."""
    if moment.tzinfo is None:
        raise ClockError(f"a moment needs a time zone: {moment.isoformat()}")
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * NS + delta.microseconds * 1_000


def from_ns(ns: int) -> datetime:
    """The aware UTC datetime of a count of nanoseconds since 1970 (to the microsecond)."""
    return _EPOCH + timedelta(microseconds=ns // 1_000)


_LAST_NS = to_ns(LAST)


def reachable(moment_ns: int) -> int:
    """``moment_ns``, if a scenario clock may show it. Raises :class:`ClockError`."""
    if moment_ns > _LAST_NS:
        raise ClockError(f"the scenario clock goes no further than {LAST:%Y-%m-%d}")
    return moment_ns


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
        """Step time forward, firing what falls due in order, each at its own moment. Raises
        :class:`ClockError` when that leads past :data:`LAST`."""

    def advance_to(self, moment: datetime, drain: Callable[[], object] | None = None) -> None:
        """Step time forward to ``moment``. Raises :class:`ClockError` if that is in the past, or
        after :data:`LAST`."""

    def close(self) -> None:
        """Forget all timers and release all sleepers."""


class TimerHeap:
    """Timers in order of moment, then of registration. Any thread may push; one at a time pops.

    The heap holds moments, each once; the timers of one moment wait in a queue of their own. So an
    SMS to ten thousand devices costs the heap one entry per attempt, not ten thousand. The queue
    being fired is taken out whole: what is pushed for its moment meanwhile comes after it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moments: list[int] = []
        self._queues: dict[int, deque[Timer]] = {}
        self._firing: deque[Timer] = deque()
        self._firing_ns = 0

    def push(self, timer: Timer) -> None:
        when_ns = timer.when_ns
        with self._lock:
            queue = self._queues.get(when_ns)
            if queue is None:
                self._queues[when_ns] = deque((timer,))
                heapq.heappush(self._moments, when_ns)
            else:
                queue.append(timer)

    def next_ns(self) -> int | None:
        """When the next timer is due, or None.

        Cancelled timers do not count, except while those of their moment are being fired.
        """
        with self._lock:
            if self._firing:
                return self._firing_ns
            while self._moments:
                when_ns = self._moments[0]
                queue = self._queues[when_ns]
                while queue and queue[0].cancelled:
                    queue.popleft()
                if queue:
                    return when_ns
                del self._queues[heapq.heappop(self._moments)]
            return None

    def pop_due(self, now_ns: int) -> Timer | None:
        """Take the next live timer if it is due by ``now_ns``, else None."""
        while True:
            firing = self._firing
            while firing:
                timer = firing.popleft()
                if not timer.cancelled:
                    return timer
            with self._lock:
                if not self._moments or self._moments[0] > now_ns:
                    return None
                self._firing_ns = heapq.heappop(self._moments)
                self._firing = self._queues.pop(self._firing_ns)

    def clear(self) -> None:
        with self._lock:
            self._moments.clear()
            self._queues.clear()
            self._firing = deque()
