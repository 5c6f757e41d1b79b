"""One rule of chaos, and what it does to one response. Pure but for the turns it counts.

Chance is drawn from the rule's seed, the number of the device's response under the rule and, where
the rule is for all, the device's name. So a run can be repeated exactly, in whatever order devices
come; and with a rule of its own, by another device.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from harness.clock.scenario import to_ns
from harness.platform.chaos.disturbances import (
    Disturbance,
    Latency,
    LogNormalLatency,
    LoseResponse,
    Maintenance,
    RefuseInSequence,
    ResetConnection,
    kind_of,
)
from harness.platform.chaos.words import effect, parameters, sentence
from harness.platform.faults import Empty, Fault, Late, Refuse, Reset, Status
from harness.platform.findings import Outcome

State = Literal["on", "off", "waiting", "over"]


class Strike(NamedTuple):
    """What the rule ``rule`` did to one response."""

    rule: str
    faults: tuple[Fault, ...]

    @property
    def says(self) -> str:
        """Which rule, and what it did: ``chaos-1: 0.8 s late, lost``."""
        return f"{self.rule}: {', '.join(map(effect, self.faults))}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it stands: ``device`` None is all of them, ``struck`` counts spoilt responses.

    ``waiting``: its time has not come; ``over``: it will not strike again.
    """

    id: str
    disturbance: Disturbance
    device: str | None
    seed: int
    on: bool
    struck: int
    state: State

    @property
    def kind(self) -> str:
        return kind_of(self.disturbance)

    @property
    def says(self) -> str:
        """What it does, in one sentence."""
        return sentence(self.disturbance, self.device)

    def order(self) -> dict[str, Any]:
        """What the control API takes to make the same rule again."""
        order = {"kind": self.kind, **parameters(self.disturbance), "device": self.device}
        if isinstance(self.disturbance, LogNormalLatency | LoseResponse | ResetConnection):
            order["seed"] = self.seed
        return order

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as the control API shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "device": self.device,
            "on": self.on,
            "state": self.state,
            "struck": self.struck,
            "seed": self.seed,
            "says": self.says,
            "order": self.order(),
        }


class Standing:
    """A rule at work. Not thread-safe: :class:`~harness.platform.chaos.standing.Chaos` is."""

    __slots__ = ("_turns", "_window", "device", "disturbance", "id", "on", "seed", "struck")

    def __init__(
        self, ident: str, disturbance: Disturbance, device: str | None, seed: int, on: bool
    ) -> None:
        self.id = ident
        self.disturbance = disturbance
        self.device = device
        self.seed = seed
        self.on = on
        self.struck = 0
        self._turns: dict[str, int] = {}  # of each device; "" is whoever is not registered
        self._window = (
            (to_ns(disturbance.start), to_ns(disturbance.end))
            if isinstance(disturbance, Maintenance)
            else None
        )

    def rule(self, now_ns: int) -> Rule:
        """What it is now."""
        return Rule(
            self.id, self.disturbance, self.device, self.seed, self.on, self.struck,
            self.state(now_ns),
        )  # fmt: skip

    def state(self, now_ns: int) -> State:
        if self._window is not None and now_ns >= self._window[1]:
            return "over"
        if self._spent:
            return "over"
        if not self.on:
            return "off"
        return "waiting" if self._window is not None and now_ns < self._window[0] else "on"

    @property
    def _spent(self) -> bool:
        """A sequence for one device ends with that device's last turn."""
        what = self.disturbance
        return (
            isinstance(what, RefuseInSequence)
            and not what.repeat
            and self.device is not None
            and self._turns.get(self.device, 0) >= len(what.answers)
        )

    def refuses_connections(self, now_ns: int) -> bool:
        what = self.disturbance
        return (
            isinstance(what, Maintenance)
            and what.refuses_connections
            and self.state(now_ns) == "on"
        )

    def strike(self, device: str | None, now_ns: int) -> tuple[Fault, ...]:
        """What happens to this device's response; empty when it is spared."""
        if not self.on or (self.device is not None and self.device != device):
            return ()
        if self._window is not None and not self._window[0] <= now_ns < self._window[1]:
            return ()
        who = device or ""
        turn = self._turns.get(who, 0)
        whose = who if self.device is None else ""
        faults = faults_of(self.disturbance, self.seed, whose, turn)
        if not isinstance(self.disturbance, Latency | Maintenance):
            self._turns[who] = turn + 1
        if faults:
            self.struck += 1
        return faults


def faults_of(disturbance: Disturbance, seed: int, who: str, turn: int) -> tuple[Fault, ...]:
    """What ``disturbance`` does to response number ``turn`` (from 0) to ``who``.

    A window of maintenance is taken to be in force.
    """
    match disturbance:
        case Latency(seconds):
            return (Late(seconds),)
        case LogNormalLatency(median_s, sigma, max_s):
            return (Late(min(max_s, median_s * math.exp(sigma * _normal(seed, who, turn)))),)
        case LoseResponse(probability, after_s):
            lost = (Late(after_s), Empty()) if after_s else (Empty(),)
            return lost if _chance(seed, who, turn)[0] <= probability else ()
        case ResetConnection(probability):
            return (Reset(),) if _chance(seed, who, turn)[0] <= probability else ()
        case RefuseInSequence(answers, repeat):
            if turn >= len(answers) and not repeat:
                return ()
            answer = answers[turn % len(answers)]
            if answer == "normal":
                return ()
            return (Status(answer),) if isinstance(answer, int) else (Refuse(Outcome(answer)),)
        case Maintenance(_, _, answer):
            return (Status(answer),) if isinstance(answer, int) else (Reset(),)


def _chance(seed: int, who: str, turn: int) -> tuple[float, float]:
    """Two independent numbers, each above 0 and at most 1, the same for ever."""
    digest = hashlib.blake2b(f"{seed}/{turn}/{who}".encode(), digest_size=16).digest()
    first, second = (int.from_bytes(part) >> 11 for part in (digest[:8], digest[8:]))
    return (first + 1) / 2**53, (second + 1) / 2**53


def _normal(seed: int, who: str, turn: int) -> float:
    """A standard normal number (Box and Muller 1958); never beyond 8.6."""
    first, second = _chance(seed, who, turn)
    return math.sqrt(-2.0 * math.log(first)) * math.cos(2.0 * math.pi * second)
