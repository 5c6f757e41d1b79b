"""The Actuator API as a service: submissions, the listing, and who may use it."""

from __future__ import annotations

import heapq
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.evidence import Recorder
from harness.platform.actuator.carriers import Identities, QueueCarrier, SmsCarrier
from harness.platform.actuator.model import (
    Carrier,
    Connection,
    Entry,
    NoSuchConnection,
    device_id,
    network_id,
)
from harness.platform.actuator.query import read_query
from harness.platform.actuator.settings import ActuatorSettings
from harness.platform.actuator.submission import read_submission
from harness.platform.downlinks import DownlinkQueue, Shape
from harness.platform.registry import Registration, Registry
from harness.platform.sms import SmsCentre
from harness.senml import SenmlError, parse

_SOURCE = "actuator"
_SHOWN = {"http": "HTTP", "sms": "SMS", "mqtt": "MQTT", "lora": "LoRa",
          "digitalmatter": "Digital Matter"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """One page, and the cursor of the next one, if there is any."""

    entries: list[Entry]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A downlink that was taken, and what its sender should know about it."""

    entry: Entry
    advice: tuple[str, ...] = ()


class Actuator:
    """Takes downlinks from applications and shows what became of them. Thread-safe.

    ``carriers`` has what this platform can do by connection type.
    """

    def __init__(
        self,
        registry: Registry,
        queue: DownlinkQueue,
        centre: SmsCentre,
        recorder: Recorder,
        settings: ActuatorSettings,
        shape: Shape,
    ) -> None:
        identities = Identities(registry)
        self.settings = settings
        self._http = QueueCarrier("http", queue, identities, settings, shape)
        self._mqtt = QueueCarrier("mqtt", queue, identities, settings, shape)
        self.carriers: dict[Connection, Carrier] = {
            "http": self._http,
            "sms": SmsCarrier(centre, identities),
        }
        self._registry = registry
        self._recorder = recorder
        self._by_id: dict[str, Registration] = {}
        self._by_id_of = -1

    def admits(self, authorization: str | None) -> bool:
        """Whether an ``Authorization`` header opens the API."""
        token = self.settings.token
        if token is None:
            return True
        kind, _, borne = (authorization or "").partition(" ")
        return kind.lower() == "bearer" and hmac.compare_digest(
            borne.strip().encode("utf-8", "surrogatepass"), token.encode()
        )

    def offer_mqtt(self) -> None:
        """There is a broker, and downlinks go through it."""
        self.carriers["mqtt"] = self._mqtt

    @property
    def own_door(self) -> str | None:
        """The path below which the API asks for a token of its own; None when it asks for none."""
        return None if self.settings.token is None else self.settings.prefix.rstrip("/") + "/"

    def submit(self, body: object) -> Receipt:
        """An actuator-style downlink; the platform encodes it for the device.

        Raises :class:`~harness.platform.actuator.model.WrongRequest`, and
        :class:`~harness.errors.UsageError` for records that are no SenML.
        """
        order = read_submission(body, self._registry, self._by_device_id)
        return Receipt(self._http.encoded(order.device, list(order.records()), order.tag))

    def submit_raw(self, connection: Connection, body: object) -> Receipt:
        """A native payload for one type of connection. Raises as :meth:`submit`."""
        carrier = self._carrier(connection)
        order = read_submission(body, self._registry, self._by_device_id)
        native = order.native()
        advice = _advice(native, network_id(order.device)) if connection == "http" else ()
        return Receipt(carrier.raw(order.device, native, order.tag), advice)

    def list(
        self, pairs: Iterable[tuple[str, str]] = (), connection: Connection | None = None
    ) -> Listing:
        """The page that the query parameters ask for, of all connection types or of one."""
        settings = self.settings
        by_device = connection is not None
        query = read_query(pairs, settings.limit, settings.limit_maximum, by_device)
        return Listing(*query.page(self.entries(connection)))

    def entries(self, connection: Connection | None = None) -> Iterator[Entry]:
        """Everything, oldest first."""
        if connection is not None:
            yield from self._carrier(connection).entries()
        else:
            ways = [carrier.entries() for carrier in self.carriers.values()]
            yield from heapq.merge(*ways, key=lambda entry: entry.created_ns)

    def note(self, method: str, path: str, status: int, reason: str | None) -> None:
        """Put a request on the timeline: one that submitted something, or was refused."""
        self._recorder.record(
            _SOURCE, "actuator.request", method=method, path=path, status=status, reason=reason
        )

    def _carrier(self, connection: Connection) -> Carrier:
        if connection not in self.carriers:
            have = ", ".join(sorted(_SHOWN[name] for name in self.carriers))
            raise NoSuchConnection(
                f"this platform has no {_SHOWN[connection]} devices; it has {have}"
            )
        return self.carriers[connection]

    def _by_device_id(self, ident: str) -> Registration | None:
        generation = self._registry.generation
        if self._by_id_of != generation:
            self._by_id = {device_id(device): device for device in self._registry}
            self._by_id_of = generation
        return self._by_id.get(ident)


def _advice(native: bytes, base_name: str) -> tuple[str, ...]:
    """Why a device may break on a raw message, which is taken nevertheless: that is raw."""
    try:
        pack = parse(native)
    except SenmlError as problem:
        return (f"the message is no SenML pack, a device may break on it (DL-SENML): {problem}",)
    wrong = [issue.message for issue in pack.issues if issue.severity == "error"]
    if base_name not in pack.base_names:
        wrong.append(f"it does not begin with the device's base name {base_name}")
    if not wrong:
        return ()
    return (f"a device may break on this message (DL-SENML): {'; '.join(wrong)}",)
