"""The ways to a device that the Actuator API knows: with its uplinks, and as SMS."""

from __future__ import annotations

from collections.abc import Iterator

from harness.platform.actuator.model import Entry, WrongRequest, device_id, network_id
from harness.platform.actuator.settings import ActuatorSettings
from harness.platform.downlinks import (
    Downlink,
    DownlinkQueue,
    DownlinkStatus,
    Record,
    Shape,
    Way,
)
from harness.platform.registry import Registration, Registry
from harness.platform.sms import Sms, SmsCentre, SmsRefused

SMS_LIMIT = 1530
"""Characters of a message in ten parts (3GPP TS 23.040 §9.2.3.24.1); assumed to be the limit."""


class Identities:
    """The identifiers of devices by name, also of those that were removed since."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._seen: dict[str, tuple[Registration, tuple[str, str]]] = {}

    def of(self, name: str) -> tuple[str, str]:
        """deviceId and networkId; empty for a device that was never known here."""
        device, known = self._registry.by_name(name), self._seen.get(name)
        if device is not None and (known is None or known[0] is not device):
            self._seen[name] = known = device, (device_id(device), network_id(device))
        return ("", "") if known is None else known[1]


class QueueCarrier:
    """Downlinks that go with uplinks: in their HTTP responses (DL-RESPONSE), or by MQTT."""

    def __init__(
        self,
        way: Way,
        queue: DownlinkQueue,
        identities: Identities,
        settings: ActuatorSettings,
        shape: Shape,
    ) -> None:
        self._way: Way = way
        self._queue = queue
        self._identities = identities
        self._settings = settings
        self._shape: Shape = shape

    def encoded(self, device: Registration, records: list[Record], tag: str) -> Entry:
        """Submit a command as the platform encodes it: a SenML pack (assumed)."""
        queued = self._queue.add(
            device.name, records, DownlinkStatus.QUEUED, self._shape,
            tag=tag, style="actuator", reason="submitted, actuator style",
        )  # fmt: skip
        return self._released(queued, "encoded as a SenML pack")

    def raw(self, device: Registration, message: bytes, tag: str) -> Entry:
        queued = self._queue.add_raw(
            device.name, message, DownlinkStatus.QUEUED,
            tag=tag, only_by=self._way, reason="submitted, raw",
        )  # fmt: skip
        return self._released(queued, "goes as it is")

    def _released(self, queued: Downlink, how: str) -> Entry:
        if self._settings.executes == "at-once":
            queued = self._queue.set_status(
                queued.id, DownlinkStatus.EXECUTING, f"{how}, with the next uplink"
            )
        return self._entry(queued)

    def entries(self) -> Iterator[Entry]:
        mine = (downlink for downlink in self._queue.all() if _way_of(downlink) == self._way)
        return map(self._entry, mine)

    def _entry(self, downlink: Downlink) -> Entry:
        ident, network = self._identities.of(downlink.device)
        return Entry(
            _way_of(downlink), int(downlink.id.removeprefix("dl-")), downlink.id, downlink.style,
            downlink.device, ident, network, downlink.tag,
            downlink.body(network).decode("utf-8", "replace"), downlink.status.value.upper(),
            downlink.created_ns, downlink.modified_ns, downlink.history,
        )  # fmt: skip


def _way_of(downlink: Downlink) -> Way:
    return downlink.went_by or downlink.only_by or "http"


class SmsCarrier:
    """SMS downlinks (SMS-PLUS … SMS-FAILED)."""

    def __init__(self, centre: SmsCentre, identities: Identities) -> None:
        self._centre = centre
        self._identities = identities

    def raw(self, device: Registration, message: bytes, tag: str) -> Entry:
        text = message.decode("utf-8")
        if len(text) > SMS_LIMIT:
            raise WrongRequest(f"an SMS has at most {SMS_LIMIT} characters; this has {len(text)}")
        try:
            return self._entry(self._centre.submit(device, text, tag))
        except SmsRefused as refused:
            raise WrongRequest(str(refused)) from refused

    def entries(self) -> Iterator[Entry]:
        return map(self._entry, self._centre.list())

    def _entry(self, sms: Sms) -> Entry:
        ident, network = self._identities.of(sms.device)
        history = tuple(sms.history)
        last_ns = history[-1].at_ns if history else sms.submitted_ns
        return Entry(
            "sms", sms.id, f"sms-{sms.id}", "raw", sms.device, ident, network, sms.tag, sms.text,
            sms.status, sms.submitted_ns, max(last_ns, sms.log[-1][0] if sms.log else 0), history,
        )  # fmt: skip
