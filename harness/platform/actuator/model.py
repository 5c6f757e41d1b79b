"""What the Actuator API shows of a downlink, whichever way it goes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from harness.errors import HilError
from harness.platform.downlink_model import Transition, shown_moment
from harness.platform.registry import Registration
from harness.urn import dvnuuid_base_name, imei_base_name

Connection = Literal["http", "sms", "mqtt", "lora", "digitalmatter"]
CONNECTIONS: tuple[Connection, ...] = ("http", "sms", "mqtt", "lora", "digitalmatter")


class WrongRequest(HilError):
    """A request to the Actuator API that is not taken; says what is wrong with it."""


class NoSuchDevice(WrongRequest):
    """It names a device that this platform does not know."""


class NoSuchConnection(WrongRequest):
    """It asks for a type of connection that this platform does not have."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One downlink in the listing.

    ``number`` counts within its connection type. ``message`` is the payload as text.
    ``created_ns`` and ``modified_ns`` are scenario time since 1970.
    """

    connection: Connection
    number: int
    id: str
    style: str
    device: str
    device_id: str
    network_id: str
    tag: str
    message: str
    status: str
    created_ns: int
    modified_ns: int
    transitions: tuple[Transition, ...] = field(default=(), repr=False)

    @property
    def steps(self) -> list[str]:
        """The statuses it went through, as the API names them."""
        return [step.after.upper() for step in self.transitions]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready. The names of tagValue, networkId and message are documented."""
        return {
            "id": self.id,
            "connectionType": self.connection.upper(),
            "style": self.style,
            "name": self.device,
            "deviceId": self.device_id,
            "networkId": self.network_id,
            "tagValue": self.tag or None,
            "message": self.message,
            "status": self.status,
            "createdAt": shown_moment(self.created_ns),
            "modifiedAt": shown_moment(self.modified_ns),
            "transitions": [
                {**step.as_dict(), "from": step.before and step.before.upper(), "to": name}
                for step, name in zip(self.transitions, self.steps, strict=True)
            ],
        }


class Carrier(Protocol):
    """A way to devices, as the Actuator API uses it. Its parts may raise :class:`WrongRequest`."""

    def raw(self, device: Registration, message: bytes, tag: str) -> Entry:
        """Submit a native payload."""

    def entries(self) -> Iterable[Entry]:
        """What was submitted this way, oldest first."""


def network_id(device: Registration) -> str:
    """The base name of a device: how the network's side names it (assumed)."""
    if device.imei:
        return imei_base_name(device.imei)
    return dvnuuid_base_name(device.dvnuuid or "")


def device_id(device: Registration) -> str:
    """The UUID of a device: its DvnUUID, or one made of its base name, the same every time."""
    return device.dvnuuid or str(uuid.uuid5(uuid.NAMESPACE_URL, network_id(device)))
