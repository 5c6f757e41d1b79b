"""What a rule does to responses, without any network: bounds, shares, turns, repeatability."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.platform.chaos import (
    Disturbance,
    Latency,
    LogNormalLatency,
    LoseResponse,
    Maintenance,
    RefuseInSequence,
    ResetConnection,
)
from harness.platform.chaos.disturbances import MAX_DELAY_S, MAX_SIGMA, Refusal, maintenance
from harness.platform.chaos.rule import faults_of
from harness.platform.faults import Empty, Fault, Late, Refuse, Reset, Status
from harness.platform.findings import Outcome
from tests.examples import about

SEEDS = st.integers(0, 2**32 - 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def first(disturbance: Disturbance, count: int, seed: int = 7) -> list[tuple[Fault, ...]]:
    """What happens to a device's first responses."""
    return [faults_of(disturbance, seed, "tracker-1", turn) for turn in range(count)]


@given(
    st.floats(1e-3, MAX_DELAY_S),
    st.floats(0, MAX_SIGMA),
    st.floats(1, 1000),
    SEEDS,
    st.integers(0, 10**9),
    st.text(max_size=20),
)
def test_log_normal_latency_stays_in_its_bounds(
    median_s: float, sigma: float, stretch: float, seed: int, turn: int, who: str
) -> None:
    """Whatever is drawn, an answer is late by more than 0 and at most ``max_s`` seconds."""
    max_s = min(MAX_DELAY_S, median_s * stretch)
    (fault,) = faults_of(LogNormalLatency(median_s, sigma, max_s), seed, who, turn)
    assert isinstance(fault, Late)
    assert 0 < fault.seconds <= max_s


@settings(max_examples=about(50))
@given(SEEDS)
def test_half_of_the_latencies_are_below_the_median(seed: int) -> None:
    """The sample's median and spread are those asked for, within seven standard errors."""
    drawn = [fault.seconds for (fault,) in first(LogNormalLatency(2.0, 0.5, 3600), 1000, seed)
             if isinstance(fault, Late)]  # fmt: skip
    logs = [math.log(seconds) for seconds in drawn]
    mean = sum(logs) / len(logs)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in logs) / len(logs))
    assert abs(math.log(median(drawn)) - math.log(2.0)) < 0.14
    assert abs(deviation - 0.5) < 0.09


@given(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), SEEDS)
def test_a_share_of_the_responses_is_lost(probability: float, seed: int) -> None:
    """Never at 0, always at 1, and about the share asked for in between."""
    lost = sum(bool(faults) for faults in first(LoseResponse(probability), 1000, seed))
    if probability in (0.0, 1.0):
        assert lost == 1000 * probability
    assert abs(lost / 1000 - probability) < 0.09


def test_chance_is_the_same_for_ever() -> None:
    """A seed means the same responses on every machine and Python: these were drawn once."""
    lost = [bool(faults) for faults in first(LoseResponse(0.5), 12, seed=3)]
    assert lost == [
        True, True, False, True, True, False, True, False, False, False, False, False,
    ]  # fmt: skip


def test_devices_have_chances_of_their_own() -> None:
    """What one device draws does not depend on how many others come in between."""
    rule = ResetConnection(0.5)
    one = [faults_of(rule, 1, "a", turn) for turn in range(64)]
    other = [faults_of(rule, 1, "b", turn) for turn in range(64)]
    assert one != other
    assert one == [faults_of(rule, 1, "a", turn) for turn in range(64)]


def test_what_each_does_to_a_response() -> None:
    """Each disturbance is nothing but response faults."""
    assert first(Latency(1.5), 1) == [(Late(1.5),)]
    assert first(LoseResponse(), 1) == [(Empty(),)]
    assert first(LoseResponse(after_s=2), 1) == [(Late(2), Empty())]
    assert first(ResetConnection(), 1) == [(Reset(),)]
    assert first(Maintenance(NOW, NOW + timedelta(hours=1), 503), 1) == [(Status(503),)]


@given(
    st.lists(
        st.sampled_from([*Outcome, "normal", 300, 429, 503, 599]).filter(
            lambda answer: answer is not Outcome.ACCEPTED
        ),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
    st.integers(0, 40),
)
def test_answers_come_in_turn(answers: list[Refusal], repeat: bool, turn: int) -> None:
    """In the order given; then from the start again, or nothing more."""
    faults = faults_of(RefuseInSequence(tuple(answers), repeat), 0, "tracker-1", turn)
    if turn >= len(answers) and not repeat:
        assert faults == ()
        return
    answer = answers[turn % len(answers)]
    expected: tuple[Fault, ...] = (
        ()
        if answer == "normal"
        else (Status(answer),)
        if isinstance(answer, int)
        else (Refuse(Outcome(answer)),)
    )
    assert faults == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda: Latency(0),
        lambda: Latency(float("nan")),
        lambda: Latency(MAX_DELAY_S + 1),
        lambda: LogNormalLatency(0, 1),
        lambda: LogNormalLatency(1, -0.1),
        lambda: LogNormalLatency(1, MAX_SIGMA + 1),
        lambda: LogNormalLatency(2, 1, max_s=1),
        lambda: LoseResponse(1.1),
        lambda: LoseResponse(0.5, after_s=-1),
        lambda: ResetConnection(-0.1),
        lambda: RefuseInSequence(()),
        lambda: RefuseInSequence((200,)),
        lambda: RefuseInSequence((Outcome.ACCEPTED,)),
        lambda: Maintenance(NOW, NOW, 503),
        lambda: Maintenance(NOW, NOW.replace(tzinfo=None) + timedelta(hours=1), 503),
        lambda: Maintenance(NOW, NOW + timedelta(hours=1), 202),
        lambda: maintenance(NOW, 503),
        lambda: maintenance(NOW, 503, start=datetime.max.replace(tzinfo=UTC), lasts_s=5),
        lambda: maintenance(NOW, 503, end=NOW + timedelta(1), lasts_s=5),
        lambda: maintenance(NOW, 503, lasts_s=0),
        lambda: maintenance(NOW, 503, start=NOW - timedelta(1), end=NOW),
    ],
)
def test_values_that_make_no_sense_are_refused(make: object) -> None:
    """Each is one UsageError that names what is wrong."""
    assert callable(make)
    with pytest.raises(UsageError, match=r"latency|lose|reset|refuse|maintenance"):
        make()


@given(st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=30))), st.floats(1, 1e6))
def test_a_window_begins_now_or_later(start: timedelta | None, lasts_s: float) -> None:
    """It lasts as long as asked for, from its start or from now."""
    begins = None if start is None else NOW + start
    window = maintenance(NOW, 503, start=begins, lasts_s=lasts_s)
    assert window.start == (begins or NOW)
    assert abs((window.end - window.start).total_seconds() - lasts_s) < 1e-5
