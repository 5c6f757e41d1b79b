"""All rules of chaos in force: ``platform.chaos``. Thread-safe."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness.clock import ClockError, ScenarioClock, Timer
from harness.clock.scenario import to_ns
from harness.errors import UsageError
from harness.evidence import isoformat
from harness.platform.chaos.disturbances import Disturbance, Maintenance
from harness.platform.chaos.rule import Rule, Standing, Strike
from harness.platform.evidence import Evidence

MAX_RULES = 100
MAX_SEED = 2**32 - 1


class UnknownRule(UsageError):
    """There is no rule of that id."""


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The scenario clock went from one moment to a later one."""

    before: datetime
    after: datetime

    @property
    def says(self) -> str:
        return f"the scenario clock jumped from {isoformat(self.before)} to {isoformat(self.after)}"

    def as_dict(self) -> dict[str, Any]:
        return {"kind": "clock-jump", "from": isoformat(self.before), "to": isoformat(self.after),
                "says": self.says}  # fmt: skip


class Chaos:
    """Standing rules about how the platform misbehaves.

    ``check_device`` raises for a device that is not registered. ``listen`` is told whether anybody
    is to listen for connections, when that changes. Rules apply in the order they were added,
    each to every response of its device; what two rules do to one response adds up.
    """

    def __init__(
        self,
        clock: ScenarioClock,
        evidence: Evidence,
        check_device: Callable[[str], object],
        listen: Callable[[bool], None],
    ) -> None:
        self.on = False
        """Whether any rule can strike: looked at for every response."""
        self._clock = clock
        self._evidence = evidence
        self._check_device = check_device
        self._listen = listen
        self._listening = True
        self._lock = threading.Lock()
        self._gate = threading.Lock()  # never taken on the loop's thread, which _listen waits for
        self._rules: dict[str, Standing] = {}
        self._timers: dict[str, tuple[Timer, ...]] = {}
        self._made = 0

    def add(
        self,
        disturbance: Disturbance,
        *,
        device: str | None = None,
        seed: int | None = None,
        on: bool = True,
    ) -> Rule:
        """From now on, for ``device`` or for all. Without ``seed`` one is drawn and told.

        Raises :class:`~harness.errors.UsageError` for an unknown device, a seed out of range, too
        many rules, or connections that are to be refused to one device alone.
        """
        if device is not None:
            self._check_device(device)
            if isinstance(disturbance, Maintenance) and disturbance.refuses_connections:
                raise UsageError(
                    "maintenance: connections are refused to all devices or to none, since a "
                    "device is known only by its request; leave `device` out or answer with a code"
                )
        if seed is None:
            seed = secrets.randbelow(MAX_SEED + 1)
        if not 0 <= seed <= MAX_SEED:
            raise UsageError(f"a seed is a whole number from 0 to {MAX_SEED}, not {seed}")
        with self._lock:
            if len(self._rules) >= MAX_RULES:
                raise UsageError(f"there are {MAX_RULES} rules of chaos already; remove some first")
            self._made += 1
            standing = Standing(f"chaos-{self._made}", disturbance, device, seed, on)
            self._rules[standing.id] = standing
            if isinstance(disturbance, Maintenance):
                self._timers[standing.id] = self._window(standing.id, disturbance)
        return self._changed("added", standing)

    def list(self) -> tuple[Rule, ...]:
        """The rules, oldest first; those that are over stay until they are removed."""
        now_ns = self._clock.now_ns()
        with self._lock:
            return tuple(standing.rule(now_ns) for standing in self._rules.values())

    def get(self, ident: str) -> Rule:
        """Raises :class:`UnknownRule`."""
        now_ns = self._clock.now_ns()
        with self._lock:
            return self._standing(ident).rule(now_ns)

    def switch(self, ident: str, *, on: bool) -> Rule:
        """Switch a rule on or off; it keeps its place, count and turns. Raises UnknownRule."""
        with self._lock:
            standing = self._standing(ident)
            if standing.on == on:
                return standing.rule(self._clock.now_ns())
            standing.on = on
        return self._changed("changed", standing)

    def remove(self, ident: str) -> Rule:
        """Raises :class:`UnknownRule`."""
        with self._lock:
            standing = self._standing(ident)
            self._drop(standing)
        return self._changed("removed", standing)

    def clear(self) -> tuple[Rule, ...]:
        """Remove all rules; returns them as they were."""
        with self._lock:
            dropped = tuple(self._rules.values())
            for standing in dropped:
                self._drop(standing)
        return tuple(self._changed("removed", standing) for standing in dropped)

    def jump(
        self,
        *,
        by_s: float | None = None,
        to: datetime | None = None,
        drain: Callable[[], object] | None = None,
    ) -> ClockJump:
        """Let the scenario clock jump forward; what falls due on the way happens at its own moment.

        Raises :class:`~harness.clock.ClockError` for a jump backwards, and
        :class:`~harness.errors.UsageError` unless exactly one of the two is given.
        """
        if (by_s is None) == (to is None):
            raise UsageError("clock-jump: give exactly one of `by` and `to`")
        before = self._clock.now()
        if by_s is not None:
            if by_s < 0:
                raise ClockError(
                    f"the scenario clock does not go backwards: a jump by {by_s:g} s is refused"
                )
            self._clock.advance(by_s, drain)
        elif to is not None:
            self._clock.advance_to(to, drain)
        jump = ClockJump(before, self._clock.now())
        self._evidence.chaos("jumped", rule_kind="clock-jump", says=jump.says)
        return jump

    def strike(self, device: str | None, now_ns: int) -> tuple[Strike, ...]:
        """What the rules do to the response that is being made now; on the loop's thread."""
        with self._lock:
            struck = tuple(
                Strike(standing.id, faults)
                for standing in self._rules.values()
                if (faults := standing.strike(device, now_ns))
            )
            self._look(now_ns)
        return struck

    def attend(self) -> None:
        """A port was opened: it may have to be closed at once."""
        with self._gate:
            if not self._listening:
                self._listen(False)

    def close(self) -> None:
        """The platform stops: no rule acts any more."""
        with self._lock:
            for standing in tuple(self._rules.values()):
                self._drop(standing)
            self.on = False

    def _standing(self, ident: str) -> Standing:
        standing = self._rules.get(ident)
        if standing is None:
            known = ", ".join(self._rules) or "none"
            raise UnknownRule(f"there is no rule of chaos {ident!r}; there are: {known}")
        return standing

    def _drop(self, standing: Standing) -> None:
        del self._rules[standing.id]
        for timer in self._timers.pop(standing.id, ()):
            timer.cancel()

    def _window(self, ident: str, window: Maintenance) -> tuple[Timer, ...]:
        timers = [
            self._clock.call_at(to_ns(window.end), lambda: self._tick("ended", ident), "chaos")
        ]
        if window.start > self._clock.now():
            start_ns = to_ns(window.start)
            begin = self._clock.call_at(start_ns, lambda: self._tick("began", ident), "chaos")
            timers.append(begin)
        return tuple(timers)

    def _tick(self, action: str, ident: str) -> None:
        with self._lock:
            standing = self._rules.get(ident)
        if standing is not None:
            self._changed(action, standing)

    def _changed(self, action: str, standing: Standing) -> Rule:
        now_ns = self._clock.now_ns()
        with self._lock:
            self._look(now_ns)
            rule = standing.rule(now_ns)
        with self._gate:
            with self._lock:
                now_ns = self._clock.now_ns()  # others may have had the gate, and time goes on
                listening = not any(
                    other.refuses_connections(now_ns) for other in self._rules.values()
                )
            if listening != self._listening:
                self._listening = listening
                self._listen(listening)
        self._evidence.chaos(
            action,
            rule=rule.id,
            rule_kind=rule.kind,
            device=rule.device,
            on=rule.on,
            state=rule.state,
            struck=rule.struck,
            seed=rule.seed,
            says=rule.says,
        )
        return rule

    def _look(self, now_ns: int) -> None:
        self.on = any(
            standing.state(now_ns) in ("on", "waiting") for standing in self._rules.values()
        )
