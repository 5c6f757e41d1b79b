"""A bench: one device, its modem, the platform, their network and clock, for one item."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from harness.clock import NO_WORK, RealClock, VirtualClock, WorkCounter
from harness.clock.freeze import FrozenWall, freeze_wall
from harness.clock.scenario import from_ns
from harness.errors import HilError, RigError, UsageError
from harness.evidence import Timeline
from harness.network.capture import Capture
from harness.network.certificates import Authority
from harness.network.evidence import record_packets
from harness.network.kinds import Address, Network
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.network.traffic import TrafficSummary
from harness.platform.destination.endpoint import Endpoint
from harness.platform.facade import Platform
from harness.platform.registry import Registration, Registry
from harness.platform.sms import ShortMessage
from harness.platform.uplink import Uplink
from harness.rig.dut import Dut, UplinkOrder
from harness.rig.endpoints import INTERNET_PORT
from harness.rig.forwarding import EndpointOrder, make_endpoint
from harness.rig.locks import device_lock
from harness.rig.mqtt import MqttPlan
from harness.rig.request import DECOY
from harness.rig.rig import Device, Rig
from harness.rig.settings import platform_settings
from harness.rig.wiring import make_dut, make_modem
from harness.virtual_modem import VirtualModem

if TYPE_CHECKING:
    from harness.rig.publisher import Publisher

DEFAULT_START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What an item wants of its bench.

    ``real_time``: the scenario clock runs with the world instead of standing still. ``secret`` and
    ``apn`` reshape a virtual device; ``no_secret`` registers it without one. ``endpoints``: HTTPS
    endpoints will be asked for, so their authority is made before wall time is frozen, which the
    certificate library does not bear when it is first used.
    """

    start: datetime | None = None
    real_time: bool = False
    secret: str | None = None
    no_secret: bool = False
    apn: str | None = None
    sms_reading: Literal["discard-wins", "windows-run-out"] | None = None
    endpoints: bool = False


class Bench:
    """A context manager: entering opens everything, leaving closes everything, whatever happened.

    Raises :class:`~harness.errors.RigError` on entering when the bench cannot be had.
    """

    timeline: Timeline
    platform: Platform
    dut: Dut

    def __init__(
        self,
        *,
        rig: Rig,
        device: Device,
        options: BenchOptions,
        network: Network,
        loop: LoopThread,
        folder: Path,
        stem: str,
        authority: Callable[[], Authority] = Authority.make,
    ) -> None:
        self.rig = rig
        self.device = device
        self.options = options
        self.network = network
        self.registration = reshaped(device.registration, options)
        self.apn = options.apn or device.apn
        self.timeline_file = folder / "timelines" / f"{stem}.jsonl"
        self.capture_file = folder / "captures" / f"{stem}.pcap"
        self.modem: VirtualModem | None = None
        self.capture: Capture | None = None
        self.endpoints: dict[str, Endpoint] = {}
        self._publisher: Publisher | None = None
        self._folder = folder
        self._authority = authority
        self._loop = loop
        self._frozen: FrozenWall | None = None
        self._timeline_kept = False
        self._flash: tempfile.TemporaryDirectory[str] | None = None
        self._closing = contextlib.ExitStack()
        start = options.start or DEFAULT_START
        self.clock: VirtualClock | RealClock = (
            RealClock(options.start, on_jump=self._jumped)
            if options.real_time
            else VirtualClock(start, on_jump=self._jumped)
        )

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening:
            opening.callback(self.clock.close)
            opening.callback(self._drop_flash)
            opening.enter_context(self.keep_timeline())
            self._open(opening)
            self._closing = opening.pop_all()
        return self

    @contextlib.contextmanager
    def keep_timeline(self) -> Iterator[Timeline]:
        """The timeline, open until the outermost of its users leaves.

        So that a verdict about opening or closing the bench is evidence too.
        Raises :class:`~harness.evidence.EvidenceLost` when it cannot be written.
        """
        if self._timeline_kept:
            yield self.timeline
            return
        redactor = self.rig.redactor()
        redactor.add(f"secret of {self.registration.name}", self.registration.secret or "")
        self.timeline = Timeline(self.timeline_file, self.clock, redactor)
        self._timeline_kept = True
        try:
            yield self.timeline
        finally:
            self._timeline_kept = False
            self.timeline.close()

    def _open(self, opening: contextlib.ExitStack) -> None:
        device = self.device
        if not device.modem.virtual:
            opening.enter_context(device_lock(str(device.modem.port)))
        others = [r for r in self.rig.registrations if r.name != device.name]
        settings = platform_settings(self.rig.platform, self.options.sms_reading)
        self.platform = Platform(
            Registry([self.registration, *others, DECOY]),
            clock=self.clock,
            recorder=self.timeline,
            loop=self._loop,
            work=self._work,
            settings=settings,
            sms_gateway=_Gateway(self),
        )
        if self.options.endpoints:
            self._authority()
        for destination in self.rig.destinations:
            self.platform.add_destination(destination)
        self.network.add_modem(device.name)
        bound = self.platform.start(self.network.platform_sockets, *self.network.bind)
        opening.callback(self.platform.stop)
        secured = self._open_https() if device.registration.dvnuuid else None
        if self.network.capture_unavailable is None:
            self.capture = self.network.capture(self.capture_file)
            self.capture.start()
            opening.callback(self._stop_capture)
        if device.modem.virtual:
            self.modem = make_modem(self, bound, secured, self._loop, self._work)
            opening.callback(self.modem.close)
        self.dut = make_dut(self, self._work)
        opening.callback(self.dut.close)
        if self.rig.mqtt is not None:
            self._open_mqtt(self.rig.mqtt, opening)

    def _open_mqtt(self, plan: MqttPlan, opening: contextlib.ExitStack) -> None:
        """The broker is reached from this machine, whatever network the modem is in."""
        from harness.rig.publisher import Publisher

        settings = plan.settings
        address = self.platform.start_mqtt(HostSockets(), *plan.address, settings=settings)
        self._publisher = Publisher(
            self.registration, settings, address, self.platform, self.timeline, self.dut.seen
        )
        opening.callback(self._publisher.close)

    def publish(self, order: UplinkOrder, identifier: str | None = None) -> None:
        """Publish an uplink by MQTT, as the device would.

        Raises :class:`UsageError` on a rig without MQTT, else as
        :meth:`harness.rig.publisher.Publisher.publish`.
        """
        if self._publisher is None:
            raise UsageError("this rig has no MQTT ingestion; add `mqtt: {}` to it")
        self._publisher.publish(order, identifier)

    def _open_https(self) -> Address:
        """The Internet endpoint, beside the other one: on 443, or any port where that is any."""
        host, port = self.network.bind
        sockets = self.network.platform_sockets
        return self.platform.start_https(
            sockets, host, INTERNET_PORT if port else 0, authority=self._authority()
        )

    @property
    def _work(self) -> WorkCounter:
        return self.clock.work if isinstance(self.clock, VirtualClock) else NO_WORK

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.close()

    def _drop_flash(self) -> None:
        if self._flash is not None:
            self._flash.cleanup()

    def _stop_capture(self) -> None:
        if self.capture is None:
            return
        try:
            summary = self.capture.stop()
            packets = self.capture.packets()
        except HilError as error:
            self.timeline.record("capture", "note", text=f"the capture is not complete: {error}")
            return
        file = str(self.capture_file.relative_to(self._folder))
        record_packets(self.timeline, packets, summary, file=file)

    def _jumped(self, before_ns: int, after_ns: int) -> None:
        if self._frozen is not None:
            self._frozen.move_to(from_ns(after_ns))
        self.timeline.record(
            "clock", "clock.jump", **{"from": from_ns(before_ns), "to": from_ns(after_ns)}
        )

    @contextlib.contextmanager
    def frozen_wall(self) -> Iterator[FrozenWall]:
        """Freeze wall time for third-party code at the scenario's now; it moves along with it."""
        with freeze_wall(self.clock.now()) as frozen:
            self._frozen = frozen
            try:
                yield frozen
            finally:
                self._frozen = None

    @property
    def anchor(self) -> bytes | None:
        """The certificate (PEM) that an Internet device has to trust; None on the M2M path."""
        authority = self.platform.authority
        return None if authority is None else authority.pem

    def authority_file(self) -> str:
        """The same as a file for a firmware program; "" on the M2M path."""
        if self.anchor is None:
            return ""
        path = self._folder / "test-ca.pem"
        path.write_bytes(self.anchor)
        return str(path)

    def flash_folder(self) -> str:
        """A folder for what a firmware program keeps over a power cycle, gone with the bench.

        Not among the reports: what it keeps may hold tokens.
        """
        if self._flash is None:
            self._flash = tempfile.TemporaryDirectory(prefix="things-hil-flash-")
        return self._flash.name

    def trouble(self) -> HilError | None:
        """What broke on the bench's own side so far: lost evidence, a network that is gone."""
        if self.timeline.lost is not None:
            return self.timeline.lost
        return next(iter(self.modem.troubles), None) if self.modem is not None else None

    def uplinks(self) -> list[Uplink]:
        """The uplinks whose answer is over. The bench has one device: they are all its own."""
        return [uplink for uplink in self.platform.uplinks if uplink.answered]

    def quiet(self) -> bool:
        """True when nothing is in flight and nothing can come unless somebody acts.

        Only a counted bench knows that: virtual time, and a device that the harness plays.
        """
        from harness.rig.scripted import ScriptedDut

        counted = isinstance(self.clock, VirtualClock) and isinstance(self.dut, ScriptedDut)
        if not counted or self.modem is None:
            return False
        self.dut.drain()
        assert isinstance(self.clock, VirtualClock)
        return self.clock.work.idle

    def traffic(self) -> TrafficSummary:
        """The traffic of this device so far. Raises :class:`RigError` without a capture."""
        if self.capture is None:
            raise RigError(self.network.capture_unavailable or "nothing is captured")
        address = self.network.address_of(self.device.name)
        return TrafficSummary.of(self.capture.packets(), address)

    def add_endpoint(self, order: EndpointOrder) -> None:
        """Make an HTTPS endpoint and forward accepted packs there (DEST-REQUEST).

        Raises :class:`UsageError` where the documents object to its configuration.
        """
        name = f"endpoint-{len(self.endpoints) + 1}"
        endpoint, destination = make_endpoint(order, name, self._authority(), self._loop)
        self._closing.callback(endpoint.close)
        self.platform.add_destination(destination)
        self.endpoints[name] = endpoint

    def deliver_foreign_sms(self, sender: str, text: str) -> None:
        """An SMS that does not come from the platform reaches the modem."""
        modem = self._virtual("an SMS from somebody else")
        if not modem.deliver_sms(sender, text, self.clock.now()):
            raise UsageError("the modem is not reachable; switch it on before the foreign SMS")

    def inject_line_fault(self, kind: str, **parameters: Any) -> None:
        """Disturb the line between device and modem."""
        from harness.rig.line_faults import inject

        inject(self._virtual(f"the line fault {kind}"), kind, **parameters)

    def _virtual(self, what: str) -> VirtualModem:
        if self.modem is None:
            raise UsageError(f"{what} needs a virtual modem")
        return self.modem


@dataclass(frozen=True, slots=True)
class _Gateway:
    """Delivers the platform's SMS to the bench's virtual modem."""

    bench: Bench

    def deliver(self, message: ShortMessage) -> bool:
        modem = self.bench.modem
        if modem is None or message.msisdn != self.bench.registration.msisdn:
            return False
        before = len(self.bench.dut.seen.sms)  # the device may have this one before we go on
        delivered = modem.deliver_sms(message.sender, message.text, self.bench.clock.now())
        if delivered:
            self.bench.dut.sms_reached_modem(before)
        return delivered


def reshaped(registration: Registration, options: BenchOptions) -> Registration:
    """The registration as an item wants it."""
    if options.no_secret:
        return replace(registration, secret=None)
    if options.secret is not None:
        return replace(registration, secret=options.secret)
    return registration
