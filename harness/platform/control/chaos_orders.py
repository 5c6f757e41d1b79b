"""The orders of chaos that the control API takes, as closed models told apart by ``kind``.

Seconds and moments as in all of the control API; what the values must be, the disturbances say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from harness.platform.chaos import (
    Disturbance,
    Latency,
    LogNormalLatency,
    LoseResponse,
    RefuseInSequence,
    ResetConnection,
)
from harness.platform.chaos.disturbances import maintenance
from harness.platform.control.orders import Order
from harness.platform.findings import Outcome

Seconds = Annotated[float, Field(allow_inf_nan=False)]
Seed = Annotated[int, Field(description="repeats a run; drawn and told when left out")]


class _RuleOrder(Order):
    """``device``: the registered name, or null for all devices."""

    device: str | None = None
    seed: Seed | None = None
    on: bool = True


class LatencyOrder(_RuleOrder):
    """Every answer comes so many seconds (host time) late."""

    kind: Literal["latency"]
    seconds: Seconds

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        return Latency(self.seconds)


class LogNormalLatencyOrder(_RuleOrder):
    """Answers come late by a log-normally distributed time (host seconds)."""

    kind: Literal["log-normal-latency"]
    median: Seconds
    sigma: Seconds
    max: Seconds = 60.0

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        return LogNormalLatency(self.median, self.sigma, self.max)


class LoseResponseOrder(_RuleOrder):
    """The request is taken, its answer never comes; ``after`` seconds later the connection is
    closed."""

    kind: Literal["lose-response"]
    probability: Seconds = 1.0
    after: Seconds = 0.0

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        return LoseResponse(self.probability, self.after)


class ResetOrder(_RuleOrder):
    """The request is taken, and the connection reset instead of an answer."""

    kind: Literal["reset"]
    probability: Seconds = 1.0

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        return ResetConnection(self.probability)


class RefuseOrder(_RuleOrder):
    """Each device gets these answers in turn: a refusal by outcome, a status code, ``normal``."""

    kind: Literal["refuse"]
    answers: list[int | Literal["malformed", "unverified", "unknown-device", "normal"]]
    repeat: bool = False

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        answers = [
            answer if isinstance(answer, int) or answer == "normal" else Outcome(answer)
            for answer in self.answers
        ]
        return RefuseInSequence(tuple(answers), self.repeat)


class MaintenanceOrder(_RuleOrder):
    """No uplink is taken from ``start`` (else now) until ``end``, or for ``lasts`` seconds, both in
    scenario time.

    ``answer``: a status code, or ``refuse-connections``: nobody listens.
    """

    kind: Literal["maintenance"]
    start: datetime | None = None
    end: datetime | None = None
    lasts: Seconds | None = None
    answer: int | Literal["refuse-connections"] | None = None

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        answer = code if self.answer is None else self.answer
        return maintenance(now, answer, start=self.start, end=self.end, lasts_s=self.lasts)


class ClockJumpOrder(Order):
    """The scenario clock jumps, at once: by so many seconds, or to a moment with a time zone."""

    kind: Literal["clock-jump"]
    by: Annotated[Seconds, Field(le=10 * 366 * 86_400)] | None = None
    to: datetime | None = None


RuleOrder = (
    LatencyOrder
    | LogNormalLatencyOrder
    | LoseResponseOrder
    | ResetOrder
    | RefuseOrder
    | MaintenanceOrder
)
ChaosOrder = Annotated[RuleOrder | ClockJumpOrder, Field(discriminator="kind")]


class SwitchOrder(Order):
    """Switch a rule on or off."""

    on: bool
