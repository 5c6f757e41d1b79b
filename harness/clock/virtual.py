"""Virtual time: it stands still until told to move, and jumps from timer to timer.

Time moves only through :meth:`VirtualClock.advance` and its siblings, and before every jump the
clock waits until no work is in flight (:mod:`harness.clock.work`). Timer callbacks run in the
thread that advances, so a scenario has one order of events whatever the machine is doing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from harness.clock.scenario import NS, ClockError, ClockStuck, Timer, TimerHeap, from_ns, to_ns
from harness.clock.work import WorkLedger


class VirtualClock:
    """A :class:`~harness.clock.scenario.ScenarioClock` that only the scenario moves.

    ``guard_s`` is real seconds: how long work may stay in flight before :class:`ClockStuck` names
    the participants. ``on_jump(from_ns, to_ns)`` is told of every step of time.
    """

    def __init__(
        self,
        start: datetime,
        *,
        guard_s: float = 10.0,
        sleep_guard_s: float = 600.0,
        on_jump: Callable[[int, int], object] | None = None,
    ) -> None:
        self.work = WorkLedger()
        self.on_jump = on_jump
        self._start_ns = self._now_ns = to_ns(start)
        self._timers = TimerHeap()
        self._guard_s = guard_s
        self._sleep_guard_s = sleep_guard_s
        self._closed = False
        self._sleepers: set[threading.Event] = set()

    def now_ns(self) -> int:
        return self._now_ns

    def now(self) -> datetime:
        return from_ns(self._now_ns)

    def monotonic(self) -> float:
        return (self._now_ns - self._start_ns) / NS

    def call_at(self, when_ns: int, callback: Callable[[], object], label: str = "") -> Timer:
        timer = Timer(max(when_ns, self._now_ns), callback, label)
        self._timers.push(timer)
        return timer

    def call_later(self, seconds: float, callback: Callable[[], object], label: str = "") -> Timer:
        return self.call_at(self._now_ns + round(seconds * NS), callback, label)

    def sleep(self, seconds: float) -> None:
        """Block a participant thread. It must be counted in (``work.begin("sleeper")`` before its
        thread starts); while it sleeps its credit is returned, and it is credited again before it
        wakes. Raises :class:`ClockError` when the clock is closed meanwhile.
        """
        woken = threading.Event()

        def wake() -> None:
            self.work.begin("sleeper")
            woken.set()

        self._sleepers.add(woken)
        self.call_later(seconds, wake, "sleep")
        self.work.done("sleeper")
        in_time = woken.wait(self._sleep_guard_s)
        self._sleepers.discard(woken)
        if self._closed:
            raise ClockError("the scenario clock was closed during a sleep")
        if not in_time:
            raise ClockStuck(f"nobody moved virtual time for {self._sleep_guard_s:g} real seconds")

    def settle(self, drain: Callable[[], object] | None = None) -> None:
        """Wait until nothing is in flight. Raises :class:`ClockStuck` after the guard time."""
        if self.work.wait_idle(self._guard_s, drain):
            return
        stuck = ", ".join(f"{label} ({n})" for label, n in sorted(self.work.open().items()))
        raise ClockStuck(
            f"virtual time cannot move: in flight after {self._guard_s:g} real seconds: {stuck}"
        )

    def advance(self, seconds: float, drain: Callable[[], object] | None = None) -> None:
        self._advance_to_ns(self._now_ns + round(seconds * NS), drain)

    def advance_to(self, moment: datetime, drain: Callable[[], object] | None = None) -> None:
        self._advance_to_ns(to_ns(moment), drain)

    def run_until(
        self,
        condition: Callable[[], bool],
        *,
        limit: timedelta,
        drain: Callable[[], object] | None = None,
    ) -> bool:
        """Jump from timer to timer until ``condition`` holds; False once ``limit`` has passed."""
        end_ns = self._now_ns + round(limit.total_seconds() * NS)
        self.settle(drain)
        while not condition():
            due = self._timers.next_ns()
            if due is None or due > end_ns:
                self._advance_to_ns(end_ns, drain)
                return condition()
            self._jump(due)
            self._fire_one()
            self.settle(drain)
        return True

    def close(self) -> None:
        self._closed = True
        self._timers.clear()
        for woken in tuple(self._sleepers):
            woken.set()

    def _advance_to_ns(self, target_ns: int, drain: Callable[[], object] | None) -> None:
        if target_ns < self._now_ns:
            raise ClockError(
                f"the scenario clock does not go backwards: it is {self.now().isoformat()}, "
                f"asked for {from_ns(target_ns).isoformat()}"
            )
        while True:
            self.settle(drain)
            due = self._timers.next_ns()
            if due is None or due > target_ns:
                break
            self._jump(due)
            self._fire_one()
        self._jump(target_ns)
        self.settle(drain)

    def _jump(self, target_ns: int) -> None:
        before, self._now_ns = self._now_ns, target_ns
        if self.on_jump is not None and before != target_ns:
            self.on_jump(before, target_ns)

    def _fire_one(self) -> None:
        timer = self._timers.pop_due(self._now_ns)
        if timer is not None and not timer.cancelled:
            timer.callback()
