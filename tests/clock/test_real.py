"""The clock that runs with the world, and can be stepped."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from harness.clock import ClockError, Deadline, RealClock, VirtualClock
from harness.clock.scenario import LAST

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_step_fires_each_timer_at_its_own_moment() -> None:
    """During a step of hours every timer sees its own moment."""
    clock = RealClock(START)
    seen: list[int] = []
    due = [clock.now_ns() + at * 1_000_000_000 for at in (3600, 60, 7200)]
    for moment in due:
        clock.call_at(moment, lambda: seen.append(clock.now_ns()))
    clock.advance(10_000)
    clock.close()
    assert seen == sorted(due)


def test_step_wakes_the_wait_for_a_later_timer() -> None:
    """A timer just after the end of a step fires soon, not after the wait it began with."""
    clock, fired = RealClock(START), threading.Event()
    clock.call_later(1000, fired.set)
    clock.advance(999.99)
    assert fired.wait(30)
    clock.close()


def test_close_releases_a_sleeper() -> None:
    """A sleeper does not outlive its clock."""
    clock, ended = RealClock(START), threading.Event()

    def sleeper() -> None:
        with pytest.raises(ClockError, match="closed"):
            clock.sleep(3000)
        ended.set()

    thread = threading.Thread(target=sleeper, daemon=True)
    thread.start()
    clock.close()
    assert ended.wait(30)
    thread.join(10)


def test_failed_step_keeps_time_and_later_timers() -> None:
    """A timer that fails in a step does not send time backwards."""
    clock = RealClock(START)

    def fail() -> None:
        raise ValueError("broken timer")

    clock.call_later(100, fail)
    with pytest.raises(ValueError, match="broken timer"):
        clock.advance(200)
    assert clock.monotonic() >= 100
    clock.close()


def test_failed_timer_does_not_end_the_clock() -> None:
    """What a timer raised in the clock's thread reaches the next step; other timers still fire."""
    clock, fired = RealClock(START), threading.Event()
    clock.call_later(0, lambda: 1 / 0)
    clock.call_later(0.01, fired.set)
    assert fired.wait(30)
    with pytest.raises(ClockError, match="ZeroDivisionError"):
        clock.advance(1)
    clock.close()


def test_never_backwards() -> None:
    """A step into the past is refused."""
    clock = RealClock(START)
    for step in (lambda: clock.advance(-1), lambda: clock.advance_to(START.replace(year=2025))):
        with pytest.raises(ClockError, match="does not go backwards"):
            step()
    clock.close()


def test_nested_deadline_never_exceeds_its_parent() -> None:
    """The earlier of two deadlines wins."""
    parent, child = Deadline.after(1), Deadline.after(100)
    assert child.no_later_than(parent) is parent
    assert Deadline.after(-1).expired
    assert Deadline.after(-1).left() == 0


@pytest.mark.parametrize("make", [RealClock, VirtualClock])
def test_no_clock_goes_where_time_cannot_be_told(
    make: type[RealClock] | type[VirtualClock],
) -> None:
    """A step past the last moment is refused, whatever asks for it, and the clock goes on."""
    clock = make(START)
    with pytest.raises(ClockError, match="no further than 2262"):
        clock.advance_to(datetime.max.replace(tzinfo=UTC))
    with pytest.raises(ClockError, match="no further than 2262"):
        clock.advance(1e11)
    assert clock.now().year == 2026
    clock.advance_to(LAST)
    assert clock.now() >= LAST
    clock.close()
    with pytest.raises(ClockError, match="no further than 2262"):
        make(datetime(2300, 1, 1, tzinfo=UTC))
