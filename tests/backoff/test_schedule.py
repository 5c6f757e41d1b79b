"""The schedule of SMS attempts in both readings of contradiction 4."""

import pytest

from harness.backoff import (
    KPN,
    WINDOWS_RUN_OUT,
    BackoffSettings,
    Phase,
    attempts,
    discard_after,
    next_attempt,
    phase_of,
    with_reading,
)
from harness.errors import UsageError

H = 3600
EXPECTED = (
    *range(0, 301, 60),
    *range(900, 3901, 600),
    *range(2 * H + 300, 13 * H + 301, H),
    *range(17 * H + 300, 45 * H + 301, 4 * H),
)


def test_the_discard_wins_by_default() -> None:
    """32 attempts at exactly the moments of the requirements, the last at 45 h 05."""
    assert attempts() == EXPECTED
    assert len(EXPECTED) == 32
    assert attempts()[-1] == 45 * H + 300
    assert discard_after() == 48 * H


def test_the_windows_run_out_in_the_other_reading() -> None:
    """One attempt more, at 49 h 05, and no discard before it."""
    assert attempts(WINDOWS_RUN_OUT) == (*EXPECTED, 49 * H + 300)
    assert discard_after(WINDOWS_RUN_OUT) == 49 * H + 300
    assert with_reading("windows-run-out") == WINDOWS_RUN_OUT
    assert with_reading("discard-wins") == KPN


def test_the_next_attempt_lies_strictly_later() -> None:
    """An attempt is not its own successor, and after the last there is none."""
    assert [next_attempt(at) for at in (0, 59.9, 60, 3900, 45 * H + 300)] == [
        60,
        60,
        120,
        7500,
        None,
    ]


def test_each_attempt_belongs_to_the_requirement_of_its_window() -> None:
    """5, 6, 12 and 8 retries stand under SMS-RETRY-1 to -4, the first attempt under none."""
    found = [phase.requirement if (phase := phase_of(at)) else "" for at in attempts()]
    assert found == ["", *["SMS-RETRY-1"] * 5, *["SMS-RETRY-2"] * 6, *["SMS-RETRY-3"] * 12,
                     *["SMS-RETRY-4"] * 8]  # fmt: skip


def test_an_attempt_never_falls_on_the_discard() -> None:
    """At the very moment of the discard the SMS is gone, not tried."""
    assert attempts(BackoffSettings((Phase("X", 10, 5),), 30)) == (0, 10, 20)


def test_a_schedule_without_intervals_is_refused() -> None:
    """An interval of 0 would be an endless loop."""
    with pytest.raises(UsageError):
        BackoffSettings((Phase("X", 0, 5),), 30)
