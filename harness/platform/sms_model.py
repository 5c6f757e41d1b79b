"""An SMS downlink and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from harness.clock.scenario import from_ns
from harness.errors import HilError
from harness.evidence import isoformat
from harness.platform.downlink_model import Transition

AttemptOutcome = Literal["delivered", "unreachable", "error"]
_NS = 1_000_000_000


class SmsRefused(HilError):
    """The platform does not take the SMS: ``reason`` is ``sim``, ``iccid`` or ``msisdn``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.requirement = "SMS-PLUS"


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """What reaches the network: ``submitted`` is scenario time, aware UTC."""

    msisdn: str
    sender: str
    text: str
    submitted: datetime


class SmsGateway(Protocol):
    """The way to a device: a virtual modem, or a real network."""

    def deliver(self, message: ShortMessage) -> bool:
        """Try once. True: the device has it. False: it cannot be reached now."""


class Attempt(NamedTuple):
    """One try: ``number`` from 1, ``at_ns`` in scenario time since 1970."""

    number: int
    at_ns: int
    elapsed_ns: int
    outcome: AttemptOutcome
    detail: str = ""

    @property
    def elapsed_s(self) -> float:
        """Seconds since submission; a whole number stays one."""
        whole, rest = divmod(self.elapsed_ns, _NS)
        return whole if rest == 0 else self.elapsed_ns / _NS

    @property
    def at(self) -> datetime:
        return from_ns(self.at_ns)

    def as_dict(self) -> dict[str, Any]:
        shown = {
            "number": self.number,
            "at": isoformat(self.at),
            "elapsed_s": self.elapsed_s,
            "outcome": self.outcome,
        }
        return shown | {"detail": self.detail} if self.detail else shown


@dataclass(slots=True, eq=False)
class Sms:
    """One SMS downlink. The centre alone changes it; others read.

    ``log`` holds what happened at each attempt: moment in ns since 1970, outcome, detail.
    :attr:`attempts` is made of it when somebody looks, which for most SMS of a fleet nobody does.
    ``history`` has its changes of status. ``tag`` is a label that its sender gave it.
    ``next_ns`` is when the next attempt (or, after the last, the discard) is due; None once the
    SMS is delivered or discarded.
    """

    id: int
    device: str
    msisdn: str
    text: str
    submitted_ns: int
    status: str
    next_ns: int | None = None
    log: list[tuple[int, AttemptOutcome, str]] = field(default_factory=list, repr=False)
    history: list[Transition] = field(default_factory=list, repr=False)
    tag: str = ""

    @property
    def attempts(self) -> list[Attempt]:
        """Every attempt so far, oldest first."""
        return [
            Attempt(number, at_ns, at_ns - self.submitted_ns, outcome, detail)
            for number, (at_ns, outcome, detail) in enumerate(tuple(self.log), 1)
        ]

    @property
    def submitted(self) -> datetime:
        return from_ns(self.submitted_ns)

    @property
    def open(self) -> bool:
        """Whether the centre still tries."""
        return self.next_ns is not None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, as the control API shows it."""
        return {
            "id": self.id,
            "device": self.device,
            "msisdn": self.msisdn,
            "text": self.text,
            "submitted": isoformat(self.submitted),
            "status": self.status,
            "attempts": [attempt.as_dict() for attempt in self.attempts],
            "transitions": [transition.as_dict() for transition in tuple(self.history)],
            "next": None if self.next_ns is None else isoformat(from_ns(self.next_ns)),
        }
