"""What a rule of chaos does, as values. Pure; each is checked when it is made.

All of them raise :class:`~harness.errors.UsageError` for values that make no sense.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from harness.errors import UsageError
from harness.platform.findings import Outcome

MAX_DELAY_S = 3600.0
MAX_SIGMA = 4.0
MAX_ANSWERS = 1000

Refusal = Outcome | int | Literal["normal"]
"""One answer of a sequence: the refusal of an outcome, a status code, or what is due anyway."""


def _number(what: str, value: float, low: float, high: float, *, above: bool = False) -> None:
    """``above``: ``low`` itself is out of range."""
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits or not low <= value <= high or (above and value == low):
        least = f"more than {low:g}" if above else f"at least {low:g}"
        raise UsageError(f"{what} is {least} and at most {high:g}, not {value!r}")


@dataclass(frozen=True, slots=True)
class Latency:
    """Every response comes ``seconds`` (host time) late."""

    seconds: float

    def __post_init__(self) -> None:
        _number("latency: seconds", self.seconds, 0, MAX_DELAY_S, above=True)


@dataclass(frozen=True, slots=True)
class LogNormalLatency:
    """Responses come late (host time) by a log-normally distributed time, as on a real network.

    Half of them come within ``median_s``; ``sigma`` is the standard deviation of the logarithm;
    ``max_s`` cuts off the long tail.
    """

    median_s: float
    sigma: float
    max_s: float = 60.0

    def __post_init__(self) -> None:
        name = "log-normal-latency"
        _number(f"{name}: the median", self.median_s, 0, MAX_DELAY_S, above=True)
        _number(f"{name}: sigma", self.sigma, 0, MAX_SIGMA)
        _number(f"{name}: the maximum", self.max_s, self.median_s, MAX_DELAY_S)


@dataclass(frozen=True, slots=True)
class LoseResponse:
    """The request is taken as ever, but its response never comes: ``after_s`` (host time) later,
    the connection is closed."""

    probability: float = 1.0
    after_s: float = 0.0

    def __post_init__(self) -> None:
        _number("lose-response: probability", self.probability, 0, 1)
        _number("lose-response: after", self.after_s, 0, MAX_DELAY_S)


@dataclass(frozen=True, slots=True)
class ResetConnection:
    """The request is taken as ever, and the connection reset (RST) instead of a response."""

    probability: float = 1.0

    def __post_init__(self) -> None:
        _number("reset: probability", self.probability, 0, 1)


@dataclass(frozen=True, slots=True)
class RefuseInSequence:
    """Each device gets these ``answers`` in turn; then they start again, or all is as ever."""

    answers: tuple[Refusal, ...]
    repeat: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.answers) <= MAX_ANSWERS:
            raise UsageError(
                f"refuse: answers takes 1 to {MAX_ANSWERS} answers, not {len(self.answers)}"
            )
        for answer in self.answers:
            code = isinstance(answer, int) and not isinstance(answer, bool)
            fits = 300 <= int(answer) <= 599 if code else answer in (*_REFUSED, "normal")
            if not fits:
                raise UsageError(
                    f"refuse: an answer is one of {', '.join(_REFUSED)}, a status code from 300 "
                    f"to 599, or normal; not {answer!r}"
                )


@dataclass(frozen=True, slots=True)
class Maintenance:
    """From ``start`` until just before ``end`` (scenario time) the platform takes no uplink.

    ``answer`` is the status code of every response then, or ``refuse-connections``: nobody listens.
    """

    start: datetime
    end: datetime
    answer: int | Literal["refuse-connections"]

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise UsageError("maintenance: start and end need a time zone")
        if self.end <= self.start:
            raise UsageError(
                f"maintenance: it ends ({self.end.isoformat()}) before it starts "
                f"({self.start.isoformat()})"
            )
        if self.answer != "refuse-connections":
            _number("maintenance: answer", self.answer, 400, 599)

    @property
    def refuses_connections(self) -> bool:
        return self.answer == "refuse-connections"


def maintenance(
    now: datetime,
    answer: int | Literal["refuse-connections"],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    lasts_s: float | None = None,
) -> Maintenance:
    """A window from ``start`` (else ``now``) to ``end``, or for so many scenario seconds.

    Raises :class:`~harness.errors.UsageError` also for a window that lies in the past.
    """
    if (end is None) == (lasts_s is None):
        raise UsageError("maintenance: give exactly one of its end and how long it lasts")
    begins = start or now
    if lasts_s is not None:
        _number("maintenance: how long it lasts", lasts_s, 0, 10 * 366 * 86_400, above=True)
        try:
            end = begins + timedelta(seconds=lasts_s)
        except OverflowError:
            raise UsageError(f"maintenance: {begins.isoformat()} is too late to begin") from None
    assert end is not None
    window = Maintenance(begins, end, answer)
    if end <= now:
        raise UsageError(
            f"maintenance: it would be over ({end.isoformat()}) before now ({now.isoformat()})"
        )
    return window


Disturbance = (
    Latency | LogNormalLatency | LoseResponse | ResetConnection | RefuseInSequence | Maintenance
)

KINDS: Mapping[str, type[Disturbance]] = {
    "latency": Latency,
    "log-normal-latency": LogNormalLatency,
    "lose-response": LoseResponse,
    "reset": ResetConnection,
    "refuse": RefuseInSequence,
    "maintenance": Maintenance,
}
_NAMES = {kind: name for name, kind in KINDS.items()}
_REFUSED = tuple(str(outcome) for outcome in Outcome if outcome is not Outcome.ACCEPTED)


def kind_of(disturbance: Disturbance) -> str:
    """Its name in orders and events."""
    return _NAMES[type(disturbance)]
