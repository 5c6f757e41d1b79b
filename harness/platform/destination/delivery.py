"""Accepted packs to their destinations, each with at most three attempts (DEST-RETRY).

An attempt has a time-out on the scenario clock, and the next one starts when that time-out has
passed, however early the attempt failed (assumed; documented are three attempts and a time-out
that rises). So a stepped clock makes each attempt at its own moment. Everything here runs on the
loop's thread, except where it is said.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from harness.clock import ScenarioClock, Timer, WorkCounter
from harness.clock.scenario import NS
from harness.errors import UsageError
from harness.evidence import Recorder
from harness.network.loop import LoopThread
from harness.platform.destination.config import Destination, check_config
from harness.platform.destination.request import body_of, request_of
from harness.platform.destination.sender import Sent, send
from harness.platform.destination.settings import DestinationSettings
from harness.platform.destination.suites import client_context
from harness.senml import ResolvedPack

if TYPE_CHECKING:
    from harness.platform.uplink import Uplink

DeliveryStatus = Literal["pending", "delivered", "discarded"]
_SOURCE = "platform"
_KEPT = 10_000
_AT_ONCE = 64
_TAKEN = "there is a destination of that name already"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, counted from 1; ``at_s`` is scenario seconds since the uplink was accepted."""

    number: int
    at_s: float
    sent: Sent

    def as_dict(self) -> dict[str, Any]:
        sent = self.sent
        return {
            "number": self.number,
            "at_s": self.at_s,
            "outcome": sent.outcome,
            "why": sent.why,
            "status": sent.status,
            "version": sent.session.version if sent.session else None,
            "cipher": sent.session.cipher if sent.session else None,
            "findings": [finding.as_dict() for finding in sent.findings],
        }


@dataclass(slots=True)
class Delivery:
    """One pack on its way to one destination."""

    number: int
    destination: str
    device: str
    exchange: int
    body: bytes
    request: bytes
    accepted_ns: int
    status: DeliveryStatus = "pending"
    attempts: list[Attempt] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as the control API shows it."""
        return {
            "number": self.number,
            "destination": self.destination,
            "device": self.device,
            "exchange": self.exchange,
            "status": self.status,
            "body": self.body.decode("utf-8", "replace"),
            "attempts": [attempt.as_dict() for attempt in self.attempts],
        }


@dataclass(slots=True)
class _Running:
    """The attempt that is under way."""

    delivery: Delivery
    destination: Destination
    started_ns: int
    task: asyncio.Task[Sent] | None = None
    timer: Timer | None = None
    holding: asyncio.TimerHandle | None = None


class Destinations:
    """The destinations of a platform and what went to them. Thread-safe."""

    def __init__(
        self,
        clock: ScenarioClock,
        recorder: Recorder,
        loop: LoopThread,
        work: WorkCounter,
        settings: DestinationSettings,
        touched: Callable[[], object],
    ) -> None:
        self.settings = settings
        self._clock, self._recorder, self._loop, self._work = clock, recorder, loop, work
        self._touched = touched
        self.done: Callable[[int, str], object] | None = None
        """Told of the exchange and the destination of every pack that is through."""
        self._lock = threading.Lock()
        self._all: dict[str, Destination] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._deliveries: deque[Delivery] = deque(maxlen=_KEPT)
        self._numbers = itertools.count(1)
        self._by_number: dict[int, _Running] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._closed = False

    def add(self, destination: Destination) -> Destination:
        """From now on, accepted packs go there too; returns it with its plug's UUID.

        Raises :class:`~harness.errors.UsageError` with everything that is wrong with it.
        """
        found = check_config(destination, self.settings.secret_minimum)
        wrong = [finding.message for finding in found if finding.severity == "error"]
        if destination.name in self._all:
            wrong.append(_TAKEN)
        if wrong:
            raise UsageError(f"destination {destination.name!r}: " + "; ".join(wrong))
        try:
            context = client_context(destination.anchors)
        except (ssl.SSLError, ValueError) as problem:
            raise UsageError(
                f"destination {destination.name!r}: the extra authorities are no PEM certificates"
            ) from problem
        if not destination.plug_uuid:
            destination = replace(destination, plug_uuid=str(uuid4()))
        with self._lock:
            if destination.name in self._all:  # since we looked
                raise UsageError(f"destination {destination.name!r}: {_TAKEN}")
            self._contexts[destination.name] = context
            self._all = {**self._all, destination.name: destination}
        return destination

    def remove(self, name: str) -> None:
        """Nothing more goes there; attempts under way end as they may.

        Raises :class:`~harness.errors.UsageError` for an unknown name.
        """
        with self._lock:
            if name not in self._all:
                known = ", ".join(self._all) or "none"
                raise UsageError(f"no destination {name!r}; known: {known}")
            self._all = {key: value for key, value in self._all.items() if key != name}

    def list(self) -> tuple[Destination, ...]:
        return tuple(self._all.values())

    def deliveries(self) -> tuple[Delivery, ...]:
        """Everything that was forwarded, oldest first (the newest 10,000)."""
        return tuple(self._deliveries)

    def takers(self, device: str) -> tuple[Destination, ...]:
        """The destinations that take the packs of ``device``."""
        return tuple(
            destination
            for destination in self._all.values()
            if destination.devices is None or device in destination.devices
        )

    def forward(self, uplink: Uplink, pack: ResolvedPack) -> None:
        """Send an accepted pack to every destination that takes it. On the loop's thread."""
        for destination in self.takers(uplink.device or ""):
            self.send_to(destination, uplink, pack)

    def send_to(self, destination: Destination, uplink: Uplink, pack: ResolvedPack) -> None:
        """Send a pack to this destination, with all attempts. On the loop's thread."""
        body = body_of(pack, destination)
        delivery = Delivery(
            next(self._numbers), destination.name, uplink.device or "", uplink.exchange, body,
            request_of(destination, body), uplink.received_ns,
        )  # fmt: skip
        self._deliveries.append(delivery)
        self._start(delivery, destination)

    def close(self) -> None:
        """End attempts under way. Any thread may call it, also twice."""
        self._closed = True
        if self._by_number:
            self._loop.call(self._close)

    def _close(self) -> None:
        for running in tuple(self._by_number.values()):
            if running.timer is not None:
                running.timer.cancel()
            if running.task is not None:
                running.task.cancel()
            self._let_go(running)
        self._by_number.clear()

    def _start(self, delivery: Delivery, destination: Destination) -> None:
        running = _Running(delivery, destination, self._clock.now_ns())
        self._by_number[delivery.number] = running
        self._work.begin(_label(delivery))
        loop = asyncio.get_running_loop()
        running.holding = loop.call_later(self.settings.hold_s, self._let_go, running)
        timeout_s = self.settings.timeouts_s[len(delivery.attempts)]
        running.timer = self._clock.call_later(
            timeout_s, lambda: self._due(running), f"destination {destination.name}"
        )
        context = self._contexts[destination.name]
        running.task = loop.create_task(self._send(destination, delivery.request, context))
        running.task.add_done_callback(lambda task: self._ended(running, task))

    async def _send(
        self, destination: Destination, request: bytes, context: ssl.SSLContext
    ) -> Sent:
        """When there are too many at once, the wait for a place counts into the time-out."""
        async with self._slots:
            return await send(destination, request, context)

    def _let_go(self, running: _Running) -> None:
        """Virtual time need not wait for this attempt any more."""
        if running.holding is not None:
            running.holding.cancel()
            running.holding = None
            self._work.done(_label(running.delivery))

    def _ended(self, running: _Running, task: asyncio.Task[Sent]) -> None:
        if task.cancelled() or running.task is not task:
            return  # by its time-out, or by closing; or it ended in the moment of its time-out
        running.task = None
        defect = task.exception()  # ours: it must not leave the delivery hanging
        sent = task.result() if defect is None else Sent("unreachable", f"defect: {defect!r}")
        self._noted(running, sent)
        delivery = running.delivery
        if delivery.status != "pending" and running.timer is not None:
            running.timer.cancel()
        self._let_go(running)
        self._touched()

    def _noted(self, running: _Running, sent: Sent) -> None:
        delivery = running.delivery
        at_s = (running.started_ns - delivery.accepted_ns) / NS
        attempt = Attempt(len(delivery.attempts) + 1, at_s, sent)
        self._recorder.record(
            _SOURCE, "destination.attempt", delivery=delivery.number,
            destination=delivery.destination, exchange=delivery.exchange, device=delivery.device,
            url=running.destination.url, request=delivery.request,
            timeout_s=self.settings.timeouts_s[attempt.number - 1], **attempt.as_dict(),
        )  # fmt: skip
        status: DeliveryStatus = "pending"
        if sent.outcome == "delivered":
            status = "delivered"
        elif attempt.number == len(self.settings.timeouts_s):
            status = "discarded"
        if status != "pending":
            self._settle(delivery, status)
        # Last, and in this order: who sees the attempt sees what it led to, and finds it recorded.
        delivery.status = status
        delivery.attempts.append(attempt)

    def _settle(self, delivery: Delivery, status: DeliveryStatus) -> None:
        self._by_number.pop(delivery.number, None)
        if self.done is not None:
            self.done(delivery.exchange, delivery.destination)
        self._recorder.record(
            _SOURCE, "destination.status", delivery=delivery.number,
            destination=delivery.destination, exchange=delivery.exchange, status=status,
        )  # fmt: skip

    def _due(self, running: _Running) -> None:
        """A time-out has passed; in the thread that moves the clock."""
        if self._closed:
            return
        label = _label(running.delivery) + ":due"
        self._work.begin(label)

        def act() -> None:
            try:
                self._timed_out(running)
            finally:
                self._work.done(label)

        self._loop.loop.call_soon_threadsafe(act)

    def _timed_out(self, running: _Running) -> None:
        delivery = running.delivery
        if self._closed or delivery.status != "pending":
            return
        if running.task is not None:
            running.task.cancel()
            running.task = None
            limit_s = self.settings.timeouts_s[len(delivery.attempts)]
            self._noted(running, Sent("timed-out", f"no answer within {limit_s:g} s"))
        self._let_go(running)
        if delivery.status == "pending":
            self._start(delivery, running.destination)
        self._touched()


def _label(delivery: Delivery) -> str:
    return f"destination:{delivery.destination}:{delivery.number}"
