"""The mocked platform as scenarios and commands use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.clock import NO_WORK, Deadline, ScenarioClock, WorkCounter
from harness.errors import UsageError
from harness.evidence import Recorder, Timeline
from harness.network.certificates import Authority, CertificateKind
from harness.network.loop import LoopThread
from harness.network.sockets import SocketFactory
from harness.platform.actuator.service import Actuator
from harness.platform.chaos import Chaos
from harness.platform.destination.config import Destination
from harness.platform.destination.delivery import Delivery, Destinations
from harness.platform.downlinks import Downlink, DownlinkQueue, DownlinkStatus, Record, Shape
from harness.platform.evidence import Evidence
from harness.platform.faults import FaultPlan
from harness.platform.fota.offer import FirmwareOffer
from harness.platform.fota.server import FileServer
from harness.platform.fota.settings import StatusForm
from harness.platform.ingestion import Ingestion
from harness.platform.ports import Ports
from harness.platform.registration import refuse_wrong
from harness.platform.registry import Registration, Registry
from harness.platform.secured import Handshake
from harness.platform.settings import Assumption, PlatformSettings
from harness.platform.sms import Sms, SmsCentre, SmsGateway
from harness.platform.store import Aborted
from harness.platform.uplink import Uplink

if TYPE_CHECKING:
    from harness.platform.mqtt.settings import MqttSettings
    from harness.platform.persistence.attach import Keeping
    from harness.platform.persistence.file import StoreFile


class UnknownDevice(UsageError):
    """An order names a device that is not registered."""


class Platform:
    """Ingestion, downlinks, response faults and SMS of the mocked platform. Thread-safe.

    ``recorder`` takes the events (:data:`~harness.platform.evidence.NO_EVIDENCE` for none).
    ``work`` counts every request in from its first byte until its response was written, so that
    virtual time waits for it. With a ``store_file`` it goes on where that ends and keeps everything
    there; whoever opened the file closes it, after :meth:`stop`.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        clock: ScenarioClock,
        recorder: Recorder,
        loop: LoopThread,
        work: WorkCounter = NO_WORK,
        settings: PlatformSettings | None = None,
        sms_gateway: SmsGateway | None = None,
        store_file: StoreFile | None = None,
    ) -> None:
        self.registry = registry
        self.clock = clock
        self.settings = settings or PlatformSettings()
        self._evidence = Evidence(recorder)
        self._ingestion = Ingestion(registry, self.settings, clock, work, self._evidence)
        self._ports = Ports(self._ingestion, self._evidence, registry, loop)
        self._chaos = Chaos(clock, self._evidence, self._registered, self._ports.listen)
        self._ingestion.chaos = self._chaos
        self._ingestion.files = self.firmware = FileServer(
            self.settings.fota,
            self.settings.codes,
            clock,
            self._evidence.recorder,
            self._queue_firmware,
            self._ingestion.store.touched,
            recorder.redactor.add if isinstance(recorder, Timeline) else (lambda name, value: None),
        )
        """Firmware over the air: what was offered, and response faults of the file server."""
        self.firmware.chaos = self._chaos
        self._destinations = Destinations(
            clock, recorder, loop, work, self.settings.destinations, self._ingestion.store.touched
        )
        self._sms = SmsCentre(clock, recorder, sms_gateway, self.settings.sms_settings())
        self.actuator = Actuator(
            registry,
            self._ingestion.downlinks,
            self._sms,
            recorder,
            self.settings.actuator,
            self.settings.downlink_shape,
        )
        """Downlinks and SMS as applications submit and list them."""
        self._keeping: Keeping | None = None
        if store_file is not None:
            # SQLite, only where it is used
            from harness.platform.persistence.attach import take_up

            self._keeping = take_up(
                store_file, self._ingestion, self._sms, self._destinations, loop, recorder
            )

    def start(
        self, sockets: SocketFactory, host: str = "127.0.0.1", port: int = 0
    ) -> tuple[str, int]:
        """Listen for uplinks; returns the address bound.

        Raises :class:`~harness.network.sockets.AddressUnavailable` when it cannot be had.
        """
        bound = self._ports.open_http(sockets, host, port)
        self._chaos.attend()
        return bound

    def start_https(
        self,
        sockets: SocketFactory,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        authority: Authority | None = None,
    ) -> tuple[str, int]:
        """Listen for uplinks over TLS (NET-TLS); returns the address bound.

        ``authority`` signs the certificates; without one, a new one is made.
        Raises :class:`~harness.network.sockets.AddressUnavailable` when it cannot be had.
        """
        bound = self._ports.open_https(sockets, host, port, authority or Authority.make())
        self._chaos.attend()
        return bound

    def start_mqtt(
        self,
        sockets: SocketFactory,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        settings: MqttSettings,
    ) -> tuple[str, int]:
        """Take uplinks from an MQTT broker, one of our own unless ``settings`` say otherwise
        (MQTT-INGEST: not described); returns the broker's address.

        Raises :class:`~harness.platform.mqtt.errors.MqttMissing` and
        :class:`~harness.platform.mqtt.errors.BrokerUnavailable`.
        """
        bound = self._ports.open_mqtt(sockets, host, port, settings)
        if settings.downlink_topic is not None:
            self.actuator.offer_mqtt()
        return bound

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Where uplinks are taken: by ``http``, ``https`` and ``mqtt``, once it listens there."""
        return self._ports.addresses

    @property
    def authority(self) -> Authority | None:
        """Who signs the certificates of the HTTPS port; None without one."""
        return self._ports.front.authority if self._ports.front is not None else None

    @property
    def handshakes(self) -> list[Handshake]:
        """The TLS handshakes so far, oldest first."""
        return list(self._ports.front.handshakes) if self._ports.front is not None else []

    @property
    def presented_certificate(self) -> CertificateKind | None:
        """What new connections to the HTTPS port see; None without such a port."""
        return self._ports.front.presented if self._ports.front is not None else None

    def present_certificate(self, kind: CertificateKind) -> None:
        """From now on, new connections to the HTTPS port see a certificate of this kind.

        Raises :class:`~harness.errors.UsageError` without such a port.
        """
        if self._ports.front is None:
            raise UsageError("there is no HTTPS port; start the platform with one")
        self._ports.front.present(kind)

    def stop(self) -> None:
        """Stop listening and drop open connections. What was seen stays readable."""
        self._chaos.close()
        self._ports.close()
        self._destinations.close()
        self._sms.close()

    def add_destination(self, destination: Destination) -> Destination:
        """Forward accepted packs there from now on (DEST-REQUEST); returns it with its UUID.

        Raises :class:`~harness.errors.UsageError` with everything that is wrong with it.
        """
        added = self._destinations.add(destination)
        self._ingestion.forward = self._forward
        if self._keeping is not None:
            self._keeping.resume(added)
        return added

    def _forward(self, uplink: Uplink) -> None:
        if uplink.resolved is not None:
            self._destinations.forward(uplink, uplink.resolved)

    def remove_destination(self, name: str) -> None:
        """Raises :class:`~harness.errors.UsageError` for an unknown name."""
        self._destinations.remove(name)
        if self._keeping is not None:
            self._keeping.give_up(name)

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Where accepted packs go."""
        return self._destinations.list()

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The packs that were forwarded, with their attempts, oldest first."""
        return self._destinations.deliveries()

    @property
    def uplinks(self) -> list[Uplink]:
        """The uplinks so far, oldest first (the newest ``settings.keep_uplinks`` of them)."""
        return list(self._ingestion.store.uplinks)

    @property
    def aborted(self) -> list[Aborted]:
        """Connections that ended in the middle of a request or response."""
        return list(self._ingestion.store.aborted)

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return self._ports.connections

    @property
    def faults(self) -> FaultPlan:
        """Response faults: ``platform.faults.add(Late(5.0), device="tracker-1", count=2)``."""
        return self._ingestion.faults

    @property
    def chaos(self) -> Chaos:
        """Standing rules: ``platform.chaos.add(Latency(2.0), device="tracker-1")``."""
        return self._chaos

    def assumptions(self) -> list[Assumption]:
        """What this platform assumes because the documents do not say it."""
        mqtt = [] if self._ports.mqtt is None else self._ports.mqtt.settings.assumptions()
        kept = () if self._keeping is None else self._keeping.assumptions
        return [*self.settings.assumptions(), *mqtt, *kept]

    def wait(self, predicate: Callable[[], bool], deadline: Deadline) -> bool:
        """Wait until ``predicate`` holds; it is looked at after every request, answer and abort.

        False when the deadline (host clock) passed first.
        """
        return self._ingestion.store.wait(predicate, deadline)

    def wait_uplink(
        self, match: Callable[[Uplink], bool], deadline: Deadline, *, after: int = 0
    ) -> Uplink | None:
        """The first uplink with an exchange number above ``after`` that matches and whose answer
        has gone out; None when the deadline passed first."""
        found: list[Uplink] = []

        def seen() -> bool:
            found[:] = [
                uplink
                for uplink in self.uplinks
                if uplink.exchange > after and uplink.answered and match(uplink)
            ]
            return bool(found)

        self.wait(seen, deadline)
        return found[0] if found else None

    def queue_downlink(
        self,
        device: str,
        records: Sequence[Record],
        *,
        status: DownlinkStatus | str = DownlinkStatus.EXECUTING,
        shape: Shape | None = None,
    ) -> Downlink:
        """Queue a downlink for a registered device; Executing ones go with its next uplinks.

        Raises :class:`~harness.errors.UsageError` for unknown devices and wrong records.
        """
        self._registered(device)
        state = status if isinstance(status, DownlinkStatus) else DownlinkStatus.read(status)
        return self._ingestion.downlinks.add(
            device, records, state, shape or self.settings.downlink_shape
        )

    def offer_firmware(
        self,
        device: str,
        image: bytes,
        version: str,
        *,
        status_form: StatusForm | None = None,
        token_life_s: float | None = None,
    ) -> FirmwareOffer:
        """Offer an image to a registered M2M device: URL and token go with its next uplink.

        Raises :class:`~harness.errors.UsageError`.
        """
        if self._registered(device).imei is None:
            raise UsageError(f"{device} is an Internet device; firmware is for M2M devices")
        return self.firmware.offer(
            device, image, version, status_form=status_form, token_life_s=token_life_s
        )

    def _queue_firmware(self, device: str, records: Sequence[Record]) -> str:
        return self.queue_downlink(device, records).id

    def submit_sms(self, device: str, text: str, tag: str = "") -> Sms:
        """Submit an SMS to a registered device; the first attempt is made at once.

        Raises :class:`~harness.platform.sms.SmsRefused`, and
        :class:`~harness.errors.UsageError` for unknown devices.
        """
        return self._sms.submit(self._registered(device), text, tag)

    def sms(self) -> tuple[Sms, ...]:
        """Every SMS so far, oldest first."""
        return self._sms.list()

    def register(self, device: Registration) -> Registration:
        """Make a device known from now on (REG-M2M, REG-IP); its secret is never shown.

        Raises :class:`~harness.errors.UsageError` with everything that is wrong with it, and
        :class:`~harness.platform.registry.DeviceTaken` when it is not the first of its name.
        """
        refuse_wrong(device)
        self._hide(device.name, device.secret)
        self.registry.add(device)
        self._evidence.registration("device.registered", device)
        return device

    def change_secret(self, device: str, secret: str | None) -> Registration:
        """Give a device another secret, in force for the next request; None for none at all.

        Raises :class:`~harness.errors.UsageError` for a secret that is none (TOKEN-SECRET).
        """
        refuse_wrong(replace(self._registered(device), secret=secret))
        self._hide(device, secret)
        changed = self.registry.change_secret(device, secret)
        if changed is None:  # removed meanwhile
            return self._registered(device)
        self._evidence.registration("device.secret-changed", changed)
        return changed

    def remove(self, device: str) -> Registration:
        """Forget a device; its downlinks that have not ended are Failed.

        An SMS on its way stays on its way: it is for the SIM, which is still there.
        """
        registration = self._registered(device)
        self._ingestion.downlinks.fail_all(device, "the device was removed")
        self.registry.remove(device)
        self.firmware.withdraw(device)
        self._evidence.registration("device.removed", registration)
        return registration

    def _hide(self, device: str, secret: str | None) -> None:
        if secret and isinstance(self._evidence.recorder, Timeline):
            self._evidence.recorder.redactor.add(f"secret of {device}", secret)

    def _registered(self, device: str) -> Registration:
        registration = self.registry.by_name(device)
        if registration is None:
            known = ", ".join(registration.name for registration in self.registry)
            raise UnknownDevice(f"no device {device!r} is registered; known: {known or 'none'}")
        return registration

    def downlinks(self, device: str | None = None) -> list[Downlink]:
        """All downlinks, or those of one device, oldest first."""
        return self._ingestion.downlinks.all(device)

    def set_downlink_status(
        self, ident: str, status: DownlinkStatus | str, reason: str = "set by an order"
    ) -> Downlink:
        """Move a downlink on in its life.

        Raises :class:`~harness.errors.UsageError`, and
        :class:`~harness.platform.downlinks.TransitionRefused` for a step that its life has not.
        """
        state = status if isinstance(status, DownlinkStatus) else DownlinkStatus.read(status)
        return self._ingestion.downlinks.set_status(ident, state, reason)

    @property
    def downlink_queue(self) -> DownlinkQueue:
        """The queue itself, for what submits and shows downlinks in its own way."""
        return self._ingestion.downlinks
