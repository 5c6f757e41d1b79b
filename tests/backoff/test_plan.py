"""The power-cycle analysis, held against a brute-force count."""

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.backoff import WINDOWS_RUN_OUT, attempts, describe, plan
from harness.errors import UsageError
from tests.examples import about

S = timedelta(seconds=1)
M = timedelta(minutes=1)


def first_meeting(phase_s: int, on_s: int, every_s: int, attach_s: int) -> int | None:
    """The first attempt that finds the device reachable, found by trying each."""
    for at_s in attempts():
        if on_s == every_s or attach_s <= (phase_s + at_s) % every_s < on_s:
            return at_s
    return None


@settings(max_examples=about(60))
@given(st.integers(1, 900), st.integers(1, 900), st.integers(0, 60))
def test_the_analysis_agrees_with_trying_every_second(on: int, every: int, attach: int) -> None:
    """With whole seconds, every second is a phase: worst case, mean and misses must be theirs."""
    assume(on <= every)
    result = plan(on * S, every * S, attach * S)
    tried = [first_meeting(phase, on, every, attach) for phase in range(every)]
    met = [at for at in tried if at is not None]
    missed = {phase for phase, at in enumerate(tried) if at is None}
    assert missed == {
        second for span in result.missed for second in range(span.start // S, span.end // S)
    }
    assert result.worst_delay == (max(met) * S if met else None)
    assert result.missed_share == pytest.approx(len(missed) / every)
    if met and result.mean_delay is not None:
        assert result.mean_delay.total_seconds() == pytest.approx(sum(met) / len(met), abs=1e-5)
    assert result.always_met == (not missed)


@given(st.integers(30, 3000), st.integers(0, 25))
def test_the_advised_on_time_is_enough_and_no_less_is(every: int, attach: int) -> None:
    """`on_needed` misses nothing; a microsecond less misses something."""
    needed = plan(S, every * S, attach * S).on_needed
    assert plan(needed, every * S, attach * S).always_met
    assert not plan(needed - timedelta(microseconds=1), every * S, attach * S).always_met


def test_a_window_shorter_than_a_sample_is_not_overlooked() -> None:
    """Each of the five ten-minute gaps between attempts leaves a microsecond: none is lost."""
    short = plan(10 * M - timedelta(microseconds=1), 60 * M)
    assert not short.always_met
    assert sum((span.length for span in short.missed), timedelta()) == timedelta(microseconds=5)


def test_a_device_that_is_always_on_gets_everything_at_once() -> None:
    """On all the time: the attempt at submission delivers."""
    result = plan(60 * M, 60 * M, 1 * M)
    assert (result.always_met, result.worst_delay) == (True, timedelta(0))


def test_a_device_that_never_attaches_gets_nothing() -> None:
    """The attach time eats the whole on-time."""
    result = plan(30 * S, 60 * M, 30 * S)
    assert (result.missed_share, result.worst_delay, result.deliveries) == (1.0, None, ())


def test_the_other_reading_can_reach_a_phase_more() -> None:
    """The attempt at 49 h 05 is worth something to a slow cycle."""
    one, other = (plan(M, timedelta(days=3), settings=reading)
                  for reading in (dataclasses.replace(WINDOWS_RUN_OUT, reading="discard-wins"),
                                  WINDOWS_RUN_OUT))  # fmt: skip
    assert other.missed_share < one.missed_share


@pytest.mark.parametrize(("on", "every"), [(0, 60), (61, 60), (-1, 60)])
def test_an_impossible_cycle_is_refused(on: int, every: int) -> None:
    """On-time must lie within the cycle."""
    with pytest.raises(UsageError, match="0 < on <= every"):
        plan(on * S, every * S)


def test_the_description_names_misses_and_the_remedy() -> None:
    """A reader learns the share that is missed and how long to stay on."""
    text = "\n".join(describe(plan(2 * M, 60 * M)))
    assert "71.7% of the submission moments are missed" in text
    assert "at least 10m on" in text
