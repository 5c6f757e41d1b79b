"""The step ``chaos``: standing rules about how the platform misbehaves, told apart by ``kind``.

They last until they are cleared or the scenario ends. Latency is real time, as everywhere with
answers; windows of maintenance are scenario time.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from harness.errors import UsageError
from harness.files import Flag, Model, Moment, Span
from harness.platform.chaos import (
    Disturbance,
    Latency,
    LogNormalLatency,
    LoseResponse,
    RefuseInSequence,
    ResetConnection,
)
from harness.platform.chaos.disturbances import maintenance
from harness.platform.chaos.standing import MAX_SEED
from harness.platform.findings import Outcome

Probability = Annotated[float, Field(ge=0, le=1)]
_NOON = datetime.fromisoformat("2026-03-01T12:00:00Z")


class ChaosRuleModel(Model):
    """``device``: whom it hits (``${name}`` is this one), all of them unless told otherwise.

    Chance comes from ``seed``, the same in every run; with a rule of its own, for every device.
    """

    device: str | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0

    @abstractmethod
    def disturbance(self, now: datetime, code: int) -> Disturbance:
        """What the rule does. ``now`` is the scenario's; ``code`` answers during maintenance."""

    @model_validator(mode="after")
    def _makes_sense(self) -> ChaosRuleModel:
        try:
            self.disturbance(_NOON, 503)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return self


class LatencyModel(ChaosRuleModel):
    """Every answer comes late ``by`` so much real time."""

    kind: Literal["latency"]
    by: Span

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        return Latency(self.by.total_seconds())


class LogNormalLatencyModel(ChaosRuleModel):
    """Answers come late by a log-normally distributed real time: half of them within ``median``."""

    kind: Literal["log-normal-latency"]
    median: Span
    sigma: float
    at_most: Span = timedelta(seconds=60)

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        median_s, max_s = self.median.total_seconds(), self.at_most.total_seconds()
        return LogNormalLatency(median_s, self.sigma, max_s)


class LoseResponseModel(ChaosRuleModel):
    """The request is taken, its answer never comes: the connection is closed, ``after`` a while."""

    kind: Literal["lose-response"]
    probability: Probability = 1.0
    after: Span = timedelta(0)

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        return LoseResponse(self.probability, self.after.total_seconds())


class ResetModel(ChaosRuleModel):
    """The request is taken, and the connection reset instead of an answer."""

    kind: Literal["reset"]
    probability: Probability = 1.0

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        return ResetConnection(self.probability)


class RefuseModel(ChaosRuleModel):
    """Each device gets these answers in turn: a refusal by outcome, a status code, ``normal``."""

    kind: Literal["refuse"]
    answers: Annotated[
        list[
            Annotated[int, Field(ge=300, le=599)]
            | Literal["malformed", "unverified", "unknown-device", "normal"]
        ],
        Field(min_length=1),
    ]
    repeat: Flag = False

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        answers = [
            answer if isinstance(answer, int) or answer == "normal" else Outcome(answer)
            for answer in self.answers
        ]
        return RefuseInSequence(tuple(answers), self.repeat)


class MaintenanceModel(ChaosRuleModel):
    """The platform takes no uplink from ``start``, or ``starts-in`` a while, or now; until ``end``,
    or for as long as it ``lasts``.

    ``answer``: a status code, or ``refuse-connections``: nobody listens.
    """

    kind: Literal["maintenance"]
    start: Moment | None = None
    starts_in: Span | None = None
    end: Moment | None = None
    lasts: Span | None = None
    answer: Annotated[int, Field(ge=400, le=599)] | Literal["refuse-connections"] | None = None

    def disturbance(self, now: datetime, code: int) -> Disturbance:
        answer = code if self.answer is None else self.answer
        start = self.start if self.starts_in is None else now + self.starts_in
        lasts_s = None if self.lasts is None else self.lasts.total_seconds()
        return maintenance(now, answer, start=start, end=self.end, lasts_s=lasts_s)

    @model_validator(mode="after")
    def _makes_sense(self) -> MaintenanceModel:
        """What can be said before the scenario's own now is known."""
        if self.start is not None and self.starts_in is not None:
            raise ValueError("give at most one of start: MOMENT and starts-in: DURATION")
        if (self.end is None) == (self.lasts is None):
            raise ValueError("give exactly one of end: MOMENT and lasts: DURATION")
        if self.answer == "refuse-connections" and self.device is not None:
            raise ValueError("connections are refused to all devices; leave device out")
        return self


class ClockJumpModel(Model):
    """The scenario clock jumps, forward and at once."""

    kind: Literal["clock-jump"]
    by: Span | None = None
    to: Moment | None = None

    @model_validator(mode="after")
    def _one(self) -> ClockJumpModel:
        if (self.by is None) == (self.to is None):
            raise ValueError("give exactly one of by: DURATION and to: MOMENT")
        return self


class ClearChaosModel(Model):
    """Remove all rules: everything is as ever."""

    kind: Literal["clear"]


ChaosModel = Annotated[
    LatencyModel
    | LogNormalLatencyModel
    | LoseResponseModel
    | ResetModel
    | RefuseModel
    | MaintenanceModel
    | ClockJumpModel
    | ClearChaosModel,
    Field(discriminator="kind"),
]


class ChaosExpectation(Model):
    """One of the rules there are (counted from 1): how many answers it spoilt, and its state."""

    number: Annotated[int, Field(ge=1)] = 1
    struck: Annotated[int, Field(ge=0)] | None = None
    struck_at_least: Annotated[int, Field(ge=1)] | None = None
    state: Literal["on", "off", "waiting", "over"] | None = None
