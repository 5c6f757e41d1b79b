"""The scenario clock that runs with the world: real time plus the steps it was told to take."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from harness.clock.host import monotonic_ns, wall
from harness.clock.scenario import (
    NS,
    ClockError,
    Timer,
    TimerHeap,
    from_ns,
    reachable,
    to_ns,
)


class RealClock:
    """Runs at one second per second; :meth:`advance` steps it forward on top of that.

    Timers fire in a thread of the clock's own, started with the first timer; during a step they
    fire in the stepping thread, each at its own moment, so a stepped back-off makes each attempt.
    A timer that fails in the clock's own thread does not stop the others; what it raised reaches
    the next caller of :meth:`advance` or :meth:`advance_to` as :class:`ClockError`.
    """

    def __init__(
        self,
        start: datetime | None = None,
        *,
        on_jump: Callable[[int, int], object] | None = None,
    ) -> None:
        self.on_jump = on_jump
        self._timers = TimerHeap()
        self._changed = threading.Condition()  # the timers, or how far away the next one is
        self._started_ns = monotonic_ns()
        self._base_ns = reachable(to_ns(start or wall()))
        self._offset_ns = 0
        self._held_ns: int | None = None  # the moment shown while a step fires its timers
        self._shown_ns = self._base_ns
        self._state = threading.Lock()
        self._firing = threading.RLock()
        self._stepping = False
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None
        self._sleepers: set[threading.Event] = set()
        self._closed = False

    def now_ns(self) -> int:
        with self._state:
            moment = self._running_ns() if self._held_ns is None else self._held_ns
            self._shown_ns = max(self._shown_ns, moment)  # never backwards, whoever asks
            return self._shown_ns

    def _running_ns(self) -> int:
        return self._base_ns + self._offset_ns + monotonic_ns() - self._started_ns

    def now(self) -> datetime:
        return from_ns(self.now_ns())

    def monotonic(self) -> float:
        return (self.now_ns() - self._base_ns) / NS

    def sleep(self, seconds: float) -> None:
        """Block for ``seconds`` of scenario time; a step may make it shorter.

        Raises :class:`ClockError` when the clock is closed meanwhile.
        """
        if seconds <= 0:
            return
        woken = threading.Event()
        with self._state:
            if self._closed:
                raise ClockError("the scenario clock is closed")
            self._sleepers.add(woken)
        timer = self.call_later(seconds, woken.set, "sleep")
        # Nothing can lengthen a sleep: the margin only meets scheduling.
        in_time = woken.wait(seconds + 60.0)
        timer.cancel()
        with self._state:
            self._sleepers.discard(woken)
        if self._closed:
            raise ClockError("the scenario clock was closed during a sleep")
        if not in_time:
            raise ClockError(f"a sleep of {seconds:g} s did not end: is a timer blocking others?")

    def call_at(self, when_ns: int, callback: Callable[[], object], label: str = "") -> Timer:
        timer = Timer(when_ns, callback, label)
        with self._state:
            if self._closed:
                return timer
            with self._changed:
                self._timers.push(timer)
                self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="scenario-clock", daemon=True
                )
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
        with self._state:
            self._closed = True
            sleepers = tuple(self._sleepers)
        with self._changed:
            self._timers.clear()
            self._changed.notify_all()
        for woken in sleepers:
            woken.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5.0)

    def _step_to(self, target_ns: int, drain: Callable[[], object] | None) -> None:
        reachable(target_ns)
        with self._firing:
            if self._stepping:
                raise ClockError("a timer cannot move the scenario clock that is firing it")
            self._raise_failure()
            before = reached = self.now_ns()
            self._stepping = True
            try:
                while (due := self._timers.next_ns()) is not None and due <= target_ns:
                    reached = self._hold(max(due, reached))
                    self._fire_one(reached)
                    if drain is not None:
                        drain()
                reached = target_ns
            finally:
                self._stepping = False
                self._release(reached)
            if self.on_jump is not None:
                self.on_jump(before, max(before, target_ns))

    def _hold(self, moment_ns: int) -> int:
        with self._state:
            self._held_ns = moment_ns
        return moment_ns

    def _release(self, reached_ns: int) -> None:
        """Run on from ``reached_ns``; whoever waits for a timer works out again how long."""
        with self._state:
            self._offset_ns += max(0, reached_ns - self._running_ns())
            self._held_ns = None
        with self._changed:
            self._changed.notify_all()

    def _fire_one(self, now_ns: int) -> None:
        timer = self._timers.pop_due(now_ns)
        if timer is not None and not timer.cancelled:
            timer.callback()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise ClockError(f"a timer of the scenario clock failed: {failure!r}") from failure

    def _run(self) -> None:
        while not self._closed:
            with self._changed:
                due = self._timers.next_ns()
                wait_s = 3600.0 if due is None else (due - self._running_ns()) / NS
                if wait_s > 0 and not self._closed:
                    self._changed.wait(min(wait_s, 3600.0))
                    continue
            with self._firing:
                try:
                    self._fire_one(self.now_ns())
                except Exception as error:  # kept: it reaches the next caller who steps the clock
                    self._failure = error
