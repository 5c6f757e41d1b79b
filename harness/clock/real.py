"""The scenario clock that runs with the world: real time plus the steps it was told to take."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from harness.clock.host import monotonic_ns, wall
from harness.clock.scenario import NS, ClockError, Timer, TimerHeap, from_ns, to_ns


class RealClock:
    """Runs at one second per second; :meth:`advance` steps it forward on top of that.

    Timers fire in a thread of the clock's own, started with the first timer; during a step they
    fire in the stepping thread, each at its own moment, so a stepped back-off makes each attempt.
    """

    def __init__(
        self,
        start: datetime | None = None,
        *,
        on_jump: Callable[[int, int], object] | None = None,
    ) -> None:
        self.on_jump = on_jump
        self._timers = TimerHeap()
        self._started_ns = monotonic_ns()
        self._base_ns = to_ns(start or wall())
        self._offset_ns = 0
        self._held_ns: int | None = None  # the moment shown while a step fires its timers
        self._firing = threading.RLock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def now_ns(self) -> int:
        held = self._held_ns
        return held if held is not None else self._running_ns()

    def _running_ns(self) -> int:
        return self._base_ns + self._offset_ns + monotonic_ns() - self._started_ns

    def now(self) -> datetime:
        return from_ns(self.now_ns())

    def monotonic(self) -> float:
        return (self.now_ns() - self._base_ns) / NS

    def sleep(self, seconds: float) -> None:
        woken = threading.Event()
        self.call_later(seconds, woken.set, "sleep")
        # A step may shorten the sleep, nothing can lengthen it: the margin only meets scheduling.
        if not woken.wait(seconds + 60.0):
            raise ClockError("the scenario clock was closed during a sleep")

    def call_at(self, when_ns: int, callback: Callable[[], object], label: str = "") -> Timer:
        timer = Timer(when_ns, callback, label)
        self._timers.push(timer)
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="scenario-clock", daemon=True)
            self._thread.start()
        return timer

    def call_later(self, seconds: float, callback: Callable[[], object], label: str = "") -> Timer:
        return self.call_at(self.now_ns() + round(seconds * NS), callback, label)

    def advance(self, seconds: float, drain: Callable[[], object] | None = None) -> None:
        if seconds < 0:
            raise ClockError("the scenario clock does not go backwards")
        self._step_to(self.now_ns() + round(seconds * NS), drain)

    def advance_to(self, moment: datetime, drain: Callable[[], object] | None = None) -> None:
        target_ns = to_ns(moment)
        if target_ns < self.now_ns():
            raise ClockError(
                f"the scenario clock does not go backwards: it is {self.now().isoformat()}, "
                f"asked for {moment.isoformat()}"
            )
        self._step_to(target_ns, drain)

    def close(self) -> None:
        self._closed = True
        self._timers.clear()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5.0)

    def _step_to(self, target_ns: int, drain: Callable[[], object] | None) -> None:
        with self._firing:
            before = self.now_ns()
            try:
                while (due := self._timers.next_ns()) is not None and due <= target_ns:
                    self._held_ns = max(due, before)
                    timer = self._timers.pop_due(self._held_ns)
                    if timer is not None and not timer.cancelled:
                        timer.callback()
                    if drain is not None:
                        drain()
                self._offset_ns += max(0, target_ns - self._running_ns())
            finally:
                self._held_ns = None
            if self.on_jump is not None:
                self.on_jump(before, target_ns)

    def _run(self) -> None:
        while not self._closed:
            with self._timers.changed:
                due = self._timers.next_ns()
                wait_s = 3600.0 if due is None else (due - self._running_ns()) / NS
                if wait_s > 0:
                    self._timers.changed.wait(min(wait_s, 3600.0))
                    continue
            with self._firing:
                timer = self._timers.pop_due(self.now_ns())
                if timer is not None and not timer.cancelled:
                    timer.callback()
