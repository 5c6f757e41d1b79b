"""The SMS centre: every attempt at its moment of the scenario clock, then the discard.

SMS-PLUS, SMS-SENDER, SMS-RETRY-1 to -4, SMS-DISCARD, SMS-FAILED. The first attempt is made inside
:meth:`SmsCentre.submit`; each further one by a timer of its own, set when the one before it has
failed, so that a stepped clock makes each attempt with the device as it is at that moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from harness.backoff import attempts, discard_after
from harness.clock import ScenarioClock, Timer
from harness.clock.scenario import from_ns
from harness.errors import HilError, UsageError
from harness.evidence import Recorder
from harness.platform.downlink_model import Transition
from harness.platform.registry import Registration
from harness.platform.sms_model import (
    Attempt,
    AttemptOutcome,
    ShortMessage,
    Sms,
    SmsGateway,
    SmsRefused,
)
from harness.platform.sms_settings import SENDER, SmsSettings, StatusNames

__all__ = [
    "SENDER",
    "Attempt",
    "GatewayRouter",
    "ShortMessage",
    "Sms",
    "SmsCentre",
    "SmsGateway",
    "SmsRefused",
    "SmsSettings",
    "StatusNames",
]

_NS = 1_000_000_000
_SOURCE = "sms-centre"
_NO_GATEWAY: tuple[AttemptOutcome, str] = ("unreachable", "no gateway")
_NOT_RUNNING = "not made: the platform was not running"


class GatewayRouter:
    """A gateway per phone number; numbers without one cannot be reached."""

    def __init__(self) -> None:
        self._by_msisdn: dict[str, SmsGateway] = {}

    def connect(self, msisdn: str, gateway: SmsGateway) -> None:
        """From now on ``msisdn`` is reached through ``gateway``."""
        self._by_msisdn[msisdn] = gateway

    def disconnect(self, msisdn: str) -> None:
        self._by_msisdn.pop(msisdn, None)

    def deliver(self, message: ShortMessage) -> bool:
        gateway = self._by_msisdn.get(message.msisdn)
        return gateway is not None and gateway.deliver(message)


class SmsCentre:
    """Takes SMS downlinks and keeps trying until the device has them or they are discarded.

    Attempts run in the thread that submits or that moves the clock. A gateway that raises counts
    as an attempt with outcome ``error``. Without a gateway no device can be reached.

    :attr:`changed` is told of every SMS taken, attempted or ended. What it raises when an SMS is
    taken refuses that SMS.
    """

    def __init__(
        self,
        clock: ScenarioClock,
        recorder: Recorder | None = None,
        gateway: SmsGateway | None = None,
        settings: SmsSettings | None = None,
    ) -> None:
        self.gateway = gateway
        self.changed: Callable[[Sms], object] | None = None
        self.settings = settings or SmsSettings()
        self._clock = clock
        self._recorder = recorder
        self._lock = threading.Lock()
        self._all: list[Sms] = []
        self._timers: dict[int, Timer] = {}
        self._closed = False
        self._steps = (
            *((at_s * _NS, "sms attempt") for at_s in attempts(self.settings.backoff)),
            (discard_after(self.settings.backoff) * _NS, "sms discard"),
        )

    def submit(self, device: Registration, text: str, tag: str = "") -> Sms:
        """Take an SMS for ``device`` and make the first attempt.

        Raises :class:`SmsRefused` when the SIM gets no SMS or its ICCID or number is not known.
        """
        msisdn = self._admit(device)
        with self._lock:
            now_ns = self._clock.now_ns()
            sms = Sms(
                len(self._all) + 1, device.name, msisdn, text, now_ns, self.settings.status.pending
            )
            sms.next_ns = now_ns
            sms.tag = tag
            self._all.append(sms)
        self._tell_of_new(sms)
        self._record("sms.submit", sms, text=text, schedule=list(attempts(self.settings.backoff)))
        self._move(sms, None, sms.status, "submitted")
        self._attempt(sms)
        return sms

    def _tell_of_new(self, sms: Sms) -> None:
        try:
            self._tell(sms)
        except HilError:  # whoever is told could not keep it: it was never taken
            sms.status, sms.next_ns = self.settings.status.failed, None
            self._tell(sms)
            raise

    def _tell(self, sms: Sms) -> None:
        if self.changed is not None:
            self.changed(sms)

    def restore(self, kept: Sequence[Sms]) -> None:
        """Take up the SMS that an earlier centre left, oldest first; before the first new one.

        An attempt that was due meanwhile is on the record as not made (outcome ``error``), and the
        schedule goes on with the next one, at its own moment.
        """
        with self._lock:
            if [sms.id for sms in (*self._all, *kept)] != list(range(1, len(kept) + 1)):
                raise UsageError("kept SMS can only be taken up by a new SMS centre, all of them")
            self._all.extend(kept)
        now_ns = self._clock.now_ns()
        for sms in kept:
            if not sms.open:
                continue
            for after_ns, _ in self._steps[len(sms.log) : -1]:
                if (due_ns := sms.submitted_ns + after_ns) <= now_ns:
                    sms.log.append((due_ns, "error", _NOT_RUNNING))
                    self._record_attempt(sms, len(sms.log))
            self._plan(sms, len(sms.log))  # one whose discard is due goes at once
            self._tell(sms)

    def list(self) -> tuple[Sms, ...]:
        """Every SMS, oldest first."""
        with self._lock:
            return tuple(self._all)

    def get(self, sms_id: int) -> Sms | None:
        with self._lock:
            return self._all[sms_id - 1] if 1 <= sms_id <= len(self._all) else None

    def close(self) -> None:
        """Make no further attempts."""
        with self._lock:
            self._closed = True
            for timer in tuple(self._timers.values()):
                timer.cancel()
            self._timers.clear()

    def _admit(self, device: Registration) -> str:
        if device.sim not in self.settings.sims:
            raise SmsRefused(
                "sim",
                f"{device.name}: SMS downlinks are only for M2M+ SIMs (SMS-PLUS); this one is "
                f"registered as `sim: {device.sim}`, and {', '.join(sorted(self.settings.sims))} "
                "would do",
            )
        if not device.iccid:
            raise SmsRefused(
                "iccid",
                f"{device.name}: SMS needs a known ICCID (SMS-PLUS); add `iccid:` to the device",
            )
        if not device.msisdn:
            raise SmsRefused(
                "msisdn", f"{device.name}: no phone number is known; add `msisdn:` to the device"
            )
        return device.msisdn

    def _attempt(self, sms: Sms) -> None:
        if self._closed:
            return
        gateway = self.gateway
        outcome, detail = _NO_GATEWAY if gateway is None else self._deliver(sms, gateway)
        sms.log.append((self._clock.now_ns(), outcome, detail))
        made = len(sms.log)
        if self._recorder is not None:
            self._record_attempt(sms, made)
        if outcome == "delivered":
            self._finish(sms, self.settings.status.delivered, f"delivered at attempt {made}")
        else:
            self._plan(sms, made)
            self._tell(sms)

    def _deliver(self, sms: Sms, gateway: SmsGateway) -> tuple[AttemptOutcome, str]:
        message = ShortMessage(
            sms.msisdn, self.settings.sender, sms.text, from_ns(sms.submitted_ns)
        )
        try:
            reached = gateway.deliver(message)
        except Exception as error:  # recorded: one broken gateway must not stop everybody's clock
            return "error", f"{type(error).__name__}: {error}"
        return ("delivered", "") if reached else ("unreachable", "")

    def _plan(self, sms: Sms, made: int) -> None:
        """Set the timer of what follows ``made`` attempts: the next one, or the discard."""
        after_ns, label = self._steps[made]
        before = self._timers.get(sms.id)
        if made == len(self._steps) - 1:
            reason = f"discarded after {after_ns / _NS / 3600:g} h and {made} attempts"
            then: Callable[[], object] = partial(
                self._finish, sms, self.settings.status.failed, reason
            )
        else:
            then = partial(self._attempt, sms) if before is None else before.callback
        sms.next_ns = due_ns = sms.submitted_ns + after_ns
        self._timers[sms.id] = timer = self._clock.call_at(due_ns, then, label)
        if self._closed:  # meanwhile, and perhaps too early to find this timer
            timer.cancel()

    def _finish(self, sms: Sms, status: str, reason: str) -> None:
        with self._lock:
            if self._closed and status != self.settings.status.delivered:
                return
            self._timers.pop(sms.id, None)
            before, sms.status = sms.status, status
            sms.next_ns = None
        self._move(sms, before, status, reason)
        self._tell(sms)

    def _move(self, sms: Sms, before: str | None, after: str, reason: str) -> None:
        sms.history.append(Transition(self._clock.now_ns(), before, after, reason))
        self._record("sms.status", sms, status=after, **{"from": before}, reason=reason)

    def _record_attempt(self, sms: Sms, made: int) -> None:
        attempt = sms.attempts[made - 1]
        fields: dict[str, Any] = {"detail": attempt.detail} if attempt.detail else {}
        self._record(
            "sms.attempt",
            sms,
            number=made,
            elapsed_s=attempt.elapsed_s,
            outcome=attempt.outcome,
            **fields,
        )

    def _record(self, kind: str, sms: Sms, **data: Any) -> None:
        if self._recorder is not None:
            self._recorder.record(
                _SOURCE, kind, id=sms.id, device=sms.device, msisdn=sms.msisdn, **data
            )
