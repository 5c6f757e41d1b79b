"""Virtual time: it stands still until told to move, and jumps from timer to timer.

Time moves only through :meth:`VirtualClock.advance` and its siblings, and before every jump the
clock waits until no work is in flight (:mod:`harness.clock.work`). Timer callbacks run in the
thread that advances, so a scenario has one order of events whatever the machine is doing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from harness.clock.scenario import (
    NS,
    ClockError,
    ClockStuck,
    Timer,
    TimerHeap,
    from_ns,
    reachable,
    to_ns,
)
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
        self._start_ns = self._now_ns = reachable(to_ns(start))
        self._timers = TimerHeap()
        self._guard_s = guard_s
        self._sleep_guard_s = sleep_guard_s
        self._closed = False
        self._sleeping = threading.Lock()
        self._sleepers: set[threading.Event] = set()
        self._moving = threading.Lock()
        self._mover: int | None = None

    def now_ns(self) -> int:
        return self._now_ns

    def now(self) -> datetime:
        return from_ns(self._now_ns)

    def monotonic(self) -> float:
        return (self._now_ns - self._start_ns) / NS

    def call_at(self, when_ns: int, callback: Callable[[], object], label: str = "") -> Timer:
        now_ns = self._now_ns
        timer = Timer(when_ns if when_ns > now_ns else now_ns, callback, label)
        self._timers.push(timer)
        return timer

    def call_later(self, seconds: float, callback: Callable[[], object], label: str = "") -> Timer:
        return self.call_at(self._now_ns + round(seconds * NS), callback, label)

    def sleep(self, seconds: float) -> None:
        """Block a participant thread. It must be counted in (``work.begin("sleeper")`` before its
        thread starts); while it sleeps its credit is returned, and it has it again when this
        returns or raises. Raises :class:`ClockError` when the clock is closed meanwhile. Nothing
        to wait for (0 or less) returns at once.
        """
        if seconds <= 0:
            return
        woken = threading.Event()
        with self._sleeping:
            if self._closed:
                raise ClockError("the scenario clock is closed")
            self._sleepers.add(woken)
        timer = self.call_later(seconds, lambda: self._wake(woken), "sleep")
        try:
            self.work.done("sleeper")
        except RuntimeError:
            timer.cancel()
            self._wake(woken)
            self.work.done("sleeper")
            raise ClockError(
                'a thread that was not counted in cannot sleep: work.begin("sleeper") comes first'
            ) from None
        in_time = woken.wait(self._sleep_guard_s)
        timer.cancel()
        self._wake(woken)
        if self._closed:
            raise ClockError("the scenario clock was closed during a sleep")
        if not in_time:
            raise ClockStuck(f"nobody moved virtual time for {self._sleep_guard_s:g} real seconds")

    def _wake(self, woken: threading.Event) -> None:
        """Credit a sleeper, once, *before* it can run."""
        with self._sleeping:
            if woken not in self._sleepers:
                return
            self._sleepers.discard(woken)
            self.work.begin("sleeper")
            woken.set()

    def settle(self, drain: Callable[[], object] | None = None) -> None:
        """Wait until nothing is in flight. Raises :class:`ClockStuck` after the guard time."""
        if drain is None and self.work.idle:
            return  # the usual case, once for each timer
        if self.work.wait_idle(self._guard_s, drain):
            return
        stuck = ", ".join(f"{label} ({n})" for label, n in sorted(self.work.open().items()))
        if not stuck:
            return  # it was done just as the guard ran out
        raise ClockStuck(
            f"virtual time cannot move: in flight after {self._guard_s:g} real seconds: {stuck}"
        )

    def advance(self, seconds: float, drain: Callable[[], object] | None = None) -> None:
        with self._alone():  # "from now" is the moment at which nobody else moves time
            self._move_to_ns(self._now_ns + round(seconds * NS), drain)

    def advance_to(self, moment: datetime, drain: Callable[[], object] | None = None) -> None:
        with self._alone():
            self._move_to_ns(to_ns(moment), drain)

    def run_until(
        self,
        condition: Callable[[], bool],
        *,
        limit: timedelta,
        drain: Callable[[], object] | None = None,
    ) -> bool:
        """Jump from timer to timer until ``condition`` holds; False once ``limit`` has passed."""
        with self._alone():
            end_ns = reachable(self._now_ns + round(limit.total_seconds() * NS))
            self.settle(drain)
            while not condition():
                due = self._timers.next_ns()
                if due is None or due > end_ns:
                    self._move_to_ns(end_ns, drain)
                    return condition()
                self._fire_next(due)
                self.settle(drain)
            return True

    def close(self) -> None:
        with self._sleeping:
            self._closed = True
            sleepers = tuple(self._sleepers)
        self._timers.clear()
        for woken in sleepers:
            self._wake(woken)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time moves time, and never from inside a timer."""
        me = threading.get_ident()
        if self._mover == me:
            raise ClockError("a timer cannot move the scenario clock that is firing it")
        with self._moving:
            self._mover = me
            try:
                yield
            finally:
                self._mover = None

    def _move_to_ns(self, target_ns: int, drain: Callable[[], object] | None) -> None:
        if target_ns < self._now_ns:
            raise ClockError(
                f"the scenario clock does not go backwards: it is {self.now().isoformat()}, "
                f"asked for {from_ns(target_ns).isoformat()}"
            )
        reachable(target_ns)
        self.settle(drain)
        while self._fire_next(target_ns):
            self.settle(drain)
        self._jump(target_ns)
        self.settle(drain)

    def _jump(self, target_ns: int) -> None:
        before, self._now_ns = self._now_ns, target_ns
        if self.on_jump is not None and before != target_ns:
            self.on_jump(before, target_ns)

    def _fire_next(self, limit_ns: int) -> bool:
        """Jump to the next timer due by ``limit_ns`` and fire it; False when there is none."""
        timer = self._timers.pop_due(limit_ns)
        if timer is None:
            return False
        if timer.when_ns > self._now_ns:
            self._jump(timer.when_ns)
        if not timer.cancelled:  # whoever is told of the jump may have cancelled it
            timer.callback()
        return True
