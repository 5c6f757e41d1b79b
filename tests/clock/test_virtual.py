"""Virtual time: counted, ordered, never backwards."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from harness.clock import ClockError, ClockStuck, VirtualClock, WorkLedger

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@contextmanager
def busy_processors() -> Iterator[None]:
    """Keeps two cores busy; ends by itself after a minute whatever happens."""
    code = "import time; end = time.monotonic() + 60\nwhile time.monotonic() < end: pass"
    busy = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait(60)


def backoff_over_a_pty() -> tuple[float, ...]:
    """A modem thread that reports after 0, 10, 20, 40 and 80 s; when its reader saw each line."""
    clock = VirtualClock(START, guard_s=20)
    host, modem = pty.openpty()
    tty.setraw(modem)
    seen: list[float] = []

    def run_modem() -> None:
        try:
            for pause_s in (0, 10, 20, 40, 80):
                clock.sleep(pause_s)
                clock.work.begin("line", 3)
                os.write(modem, b"hi\n")
        finally:
            clock.work.done("sleeper")

    def run_reader() -> None:
        count = 0
        while count < 15:
            data = os.read(host, 100)
            for _ in range(data.count(b"\n")):
                seen.append(clock.monotonic())
            count += len(data)
            clock.work.done("line", len(data))

    threads = [threading.Thread(target=t, daemon=True) for t in (run_modem, run_reader)]
    clock.work.begin("sleeper")
    for thread in threads:
        thread.start()
    try:
        clock.run_until(lambda: len(seen) == 5, limit=timedelta(hours=1))
    finally:
        clock.close()
        for thread in threads:
            thread.join(10)
        os.close(host)
        os.close(modem)
    return tuple(seen)


def test_backoff_is_the_same_every_time() -> None:
    """The same back-off gives the same moments, 200 times out of 200."""
    assert {backoff_over_a_pty() for _ in range(200)} == {(0, 10, 30, 70, 150)}


def test_backoff_is_the_same_under_load() -> None:
    """Busy processors change nothing about the order of events."""
    with busy_processors():
        assert {backoff_over_a_pty() for _ in range(100)} == {(0, 10, 30, 70, 150)}


def test_never_backwards() -> None:
    """A step into the past is refused, and changes nothing."""
    clock = VirtualClock(START)
    clock.advance(5)
    for step in (lambda: clock.advance(-1), lambda: clock.advance_to(START)):
        with pytest.raises(ClockError, match="does not go backwards"):
            step()
    assert clock.monotonic() == 5


def test_timers_fire_in_order_at_their_moment() -> None:
    """Timers fire by moment, then by registration; a cancelled one does not."""
    clock = VirtualClock(START)
    fired: list[tuple[str, float]] = []
    for name, at in (("c", 3), ("a", 1), ("b", 1), ("gone", 2)):
        timer = clock.call_later(at, lambda name=name: fired.append((name, clock.monotonic())))
        if name == "gone":
            timer.cancel()
    clock.advance(10)
    assert fired == [("a", 1), ("b", 1), ("c", 3)]
    assert clock.monotonic() == 10


def test_timer_may_not_move_the_clock() -> None:
    """A callback that advances the clock which is firing it would send time backwards: refused."""
    clock = VirtualClock(START)
    clock.call_later(1, lambda: clock.advance(100))
    with pytest.raises(ClockError, match="a timer cannot move"):
        clock.advance(2)


def test_stuck_work_names_the_participant() -> None:
    """Work that is never counted out is an error that says whose it is."""
    clock = VirtualClock(START, guard_s=0.05)
    clock.work.begin("line:tracker-1", 7)
    with pytest.raises(ClockStuck, match=r"line:tracker-1 \(7\)"):
        clock.advance(1)


def test_close_releases_sleepers_with_their_credit() -> None:
    """A sleeper of a closed clock gets an error, and can count itself out as usual."""
    clock = VirtualClock(START)
    ended: list[str] = []

    def participant() -> None:
        try:
            clock.sleep(1000)
        except ClockError as error:
            ended.append(str(error))
        finally:
            clock.work.done("sleeper")

    clock.work.begin("sleeper")
    thread = threading.Thread(target=participant)
    thread.start()
    clock.settle()
    clock.close()
    thread.join(10)
    assert ended == ["the scenario clock was closed during a sleep"]
    assert clock.work.idle


def test_uncounted_sleeper_is_told() -> None:
    """A thread that was not counted in cannot sleep, and leaves no timer behind."""
    clock = VirtualClock(START)
    with pytest.raises(ClockError, match="not counted in"):
        clock.sleep(1)
    clock.advance(5)
    assert clock.work.idle


def test_run_until_stops_at_its_limit() -> None:
    """Without the condition, time stands at the limit and the answer is False."""
    clock = VirtualClock(START)
    assert not clock.run_until(lambda: False, limit=timedelta(seconds=30))
    assert clock.monotonic() == 30


def test_late_done_of_a_cut_line_is_accepted() -> None:
    """What was forgotten may be counted out late, once; more than that is a defect."""
    ledger = WorkLedger()
    ledger.begin("line", 10)
    ledger.forget("line")
    assert ledger.idle
    ledger.begin("line", 2)
    ledger.done("line", 2)
    ledger.done("line", 10)
    assert ledger.idle
    with pytest.raises(RuntimeError, match="never counted in: line"):
        ledger.done("line")


def test_timer_for_the_moment_that_fires_comes_after_those_already_waiting() -> None:
    """A timer that sets another for its own moment does not overtake; a failure loses nobody."""
    clock = VirtualClock(START)
    fired: list[str] = []

    def first() -> None:
        fired.append("first")
        clock.call_later(0, lambda: fired.append("set by first"))
        late.cancel()
        raise ValueError("broken timer")

    clock.call_later(1, first)
    clock.call_later(1, lambda: fired.append("second"))
    late = clock.call_later(1, lambda: fired.append("cancelled"))
    with pytest.raises(ValueError, match="broken timer"):
        clock.advance(1)
    assert fired == ["first"]
    clock.advance(0)
    assert fired == ["first", "second", "set by first"]
