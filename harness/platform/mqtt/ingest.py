"""MQTT ingestion: the platform's client of the broker, and what it makes of each message.

A message is judged as a request's body is: pack, device, token. Where a downlink goes with the
response over HTTP, here it is published after an accepted uplink. Every uplink is marked as not
described (MQTT-INGEST).
"""

from __future__ import annotations

from harness.network.loop import LoopThread
from harness.network.sockets import SocketFactory
from harness.platform.check_token import Carried
from harness.platform.evidence import Evidence
from harness.platform.findings import Finding, info, warning
from harness.platform.ingestion import Ingestion
from harness.platform.message import Message
from harness.platform.mqtt.broker import Accounts, Broker, open_broker
from harness.platform.mqtt.link import MqttLink
from harness.platform.mqtt.payload import Unwrapped, unwrap
from harness.platform.mqtt.settings import MqttSettings
from harness.platform.mqtt.topics import Place
from harness.platform.registry import Registry
from harness.platform.uplink import Uplink
from harness.senml import SenmlError, parse
from harness.urn import UrnError, parse_base_name

MARK = info("MQTT-INGEST", "MQTT ingestion is not described: judged as this bench is configured")
_WORK = "mqtt"


class MqttIngestion:
    """Hands what devices publish to the ingestion, until :meth:`close`."""

    def __init__(
        self,
        ingestion: Ingestion,
        registry: Registry,
        settings: MqttSettings,
        evidence: Evidence,
        loop: LoopThread,
    ) -> None:
        self.settings = settings
        self._ingestion = ingestion
        self._registry = registry
        self._evidence = evidence
        self._loop = loop
        self._work = ingestion.work
        self._broker: Broker | None = None
        self._link: MqttLink | None = None

    def start(self, sockets: SocketFactory, host: str, port: int) -> tuple[str, int]:
        """Start the broker, or reach the external one, and listen; returns its address.

        Raises :class:`~harness.platform.mqtt.errors.MqttMissing` and
        :class:`~harness.platform.mqtt.errors.BrokerUnavailable`.
        """
        settings = self.settings
        accounts = Accounts.of(self._registry, settings)
        broker = open_broker(accounts, sockets, self._loop, host, port)
        username, password = accounts.own
        if settings.broker == "external":
            username, password = settings.username or "", settings.password or ""
        try:
            self._link = MqttLink(
                "",
                username=username or None,
                password=password or None,
                version_5=settings.token == "user-property",
                on_message=self._arrived,
                on_lost=self._lost,
            )
            self._link.open(*broker.address)
            self._link.subscribe(settings.uplinks.filter, settings.qos)
        except BaseException:
            self.close()
            broker.close()
            raise
        self._broker = broker
        self._evidence.note(f"MQTT ingestion, not described: {broker.words}")
        return broker.address

    def close(self) -> None:
        """Leave the broker and end it if it is ours. Safe to call twice."""
        link, self._link = self._link, None
        if link is not None:
            link.close()
        broker, self._broker = self._broker, None
        if broker is not None:
            broker.close()

    def _lost(self, why: str) -> None:
        self._evidence.note(f"the connection to the MQTT broker is lost: {why}")

    def _arrived(self, message: Message) -> None:
        if message.retain:
            # A copy that the broker kept of an uplink which was there before we listened.
            self._evidence.note(f"a retained copy of an uplink is left alone: {message.topic}")
            return
        self._work.begin(_WORK)
        self._loop.loop.call_soon_threadsafe(self._take, message)

    def _take(self, message: Message) -> None:
        try:
            place = self.settings.uplinks.read(message.topic)
            if place is not None:
                pack, carried, findings = self._read(message, place)
                findings += self._compare(place, pack)
                self._ingestion.message(message, pack, carried, [MARK, *findings], self._answer)
        finally:
            self._work.done(_WORK)

    def _read(self, message: Message, place: Place) -> tuple[bytes, Carried, list[Finding]]:
        """The pack, the token that came along, and what is wrong with what they came in."""
        settings = self.settings
        match settings.token:
            case "payload":
                found: Unwrapped = unwrap(message.payload, settings.token_key, settings.pack_key)
                where = f"the field {settings.token_key!r} of the payload"
                return found.pack, Carried(found.token, where), list(found.findings)
            case "topic":
                carried = Carried(place.token or None, "the token in the topic")
            case "user-property":
                named = dict(message.properties)
                name = settings.property_name
                carried = Carried(named.get(name), f"the user property {name}")
            case "none":
                carried = Carried(None, expected=False)
        return message.payload, carried, []

    def _compare(self, place: Place, pack: bytes) -> list[Finding]:
        """A topic of one device with a pack of another."""
        try:
            names = [parse_base_name(name) for name in parse(pack.rstrip(b"\0\r\n")).base_names]
        except (SenmlError, UrnError):
            return []
        named = [name.identifier for name in names]
        if not named or place.identifier.lower() in (name.lower() for name in named):
            return []
        text = f"the topic names {place.identifier[:60]!r}, the pack {', '.join(named)[:120]}"
        return [warning("MQTT-INGEST", text)]

    def _answer(self, uplink: Uplink) -> None:
        """The uplink is judged and kept: publish the downlink that goes after it, if any."""
        topic, device = self.settings.downlinks, self._registry.by_name(uplink.device or "")
        link = self._link
        body = None
        if topic is not None and device is not None and link is not None:
            body = self._ingestion.downlink_after(uplink)
        if body is None or topic is None or device is None or link is None:
            self._ingestion.finished(uplink, whole=True)
            return
        message = Message(
            topic.of(device.identifier), body, self.settings.qos, self.settings.retain
        )
        self._work.begin(_WORK)

        def settle(well: bool) -> None:
            self._evidence.published(uplink, message, well)
            self._ingestion.finished(uplink, whole=well)
            self._work.done(_WORK)

        link.publish(message, lambda well: self._loop.loop.call_soon_threadsafe(settle, well))
