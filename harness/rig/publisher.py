"""The device's MQTT side, played by the bench beside the broker.

No modem family's own MQTT commands are modelled, so nothing of this passes the modem: it shows what
the platform makes of a message, not that a modem can send it.
"""

from __future__ import annotations

import json
import threading

from harness.clock import Deadline
from harness.errors import RigError, UsageError
from harness.evidence import Recorder
from harness.platform.facade import Platform
from harness.platform.message import Message
from harness.platform.mqtt.link import MqttLink
from harness.platform.mqtt.settings import MqttSettings
from harness.platform.registry import Registration
from harness.platform.settings import TOKEN_HEADER
from harness.rig.answer import downlink_records
from harness.rig.dut import ReceivedDownlink, Seen, UplinkOrder
from harness.rig.request import build_uplink

_PATIENCE_S = 10.0


class Publisher:
    """Connects when it first publishes; call :meth:`close`. Downlinks go to ``seen``."""

    def __init__(
        self,
        registration: Registration,
        settings: MqttSettings,
        address: tuple[str, int],
        platform: Platform,
        recorder: Recorder,
        seen: Seen,
    ) -> None:
        self._registration = registration
        self._settings = settings
        self._address = address
        self._platform = platform
        self._recorder = recorder
        self._seen = seen
        self._heard = threading.Condition()
        self._link: MqttLink | None = None
        self._previous = b""

    def publish(self, order: UplinkOrder, identifier: str | None = None) -> None:
        """Publish an uplink and wait until the platform has judged it.

        ``identifier`` stands in the topic, the device's own unless given. Raises
        :class:`~harness.errors.RigError` when the broker or the platform do not take it, and
        :class:`ValueError` for an order that contradicts itself.
        """
        message = self._message(order, identifier or self._registration.identifier)
        link = self._connected()
        before, heard = len(self._platform.uplinks), len(self._seen.downlinks)
        if not link.send(message, Deadline.after(_PATIENCE_S)):
            raise RigError("the MQTT broker did not take the uplink")
        deadline = Deadline.after(_PATIENCE_S)
        if not self._platform.wait(lambda: self._judged(before), deadline):
            raise RigError("the broker has the uplink, but the platform did not get it")
        if self._platform.uplinks[before].downlink is not None:
            with self._heard:
                self._heard.wait_for(lambda: len(self._seen.downlinks) > heard, deadline.left())

    def _judged(self, before: int) -> bool:
        uplinks = self._platform.uplinks
        return len(uplinks) > before and uplinks[before].answered

    def _message(self, order: UplinkOrder, identifier: str) -> Message:
        settings = self._settings
        signed = build_uplink(order, self._registration, self._previous)
        self._previous = signed.body
        token = dict(signed.headers).get(TOKEN_HEADER)
        topic = settings.uplinks.of(identifier, token or "-")
        match settings.token:
            case "payload":
                named = {} if token is None else {settings.token_key: token}
                fields = [
                    f"{json.dumps(key)}:{json.dumps(value)}".encode()
                    for key, value in named.items()
                ]
                fields.append(json.dumps(settings.pack_key).encode() + b":" + signed.body)
                return Message(topic, b"{" + b",".join(fields) + b"}", settings.qos)
            case "user-property" if token is not None:
                properties = ((settings.property_name, token),)
                return Message(topic, signed.body, settings.qos, properties=properties)
            case _:
                return Message(topic, signed.body, settings.qos)

    def _connected(self) -> MqttLink:
        if self._link is not None:
            return self._link
        username, password = self._account()
        link = MqttLink(
            "",
            username=username,
            password=password,
            version_5=self._settings.token == "user-property",
            on_message=self._received,
        )
        link.open(*self._address)
        self._link = link
        topic = self._settings.downlinks
        if topic is not None:
            link.subscribe(topic.of(self._registration.identifier), self._settings.qos)
        return link

    def _account(self) -> tuple[str | None, str | None]:
        if self._settings.credentials != "device":
            return self._settings.username, self._settings.password
        if self._registration.secret is None:
            raise UsageError(f"{self._registration.name} has no secret to connect with")
        return self._registration.identifier, self._registration.secret

    def _received(self, message: Message) -> None:
        records = downlink_records(message.payload)
        self._recorder.record(
            f"device:{self._registration.name}",
            "device.downlink",
            records=[dict(record) for record in records],
        )
        with self._heard:
            self._seen.downlinks.append(ReceivedDownlink(records, len(message.payload)))
            self._heard.notify_all()

    def close(self) -> None:
        """Leave the broker. Safe to call twice."""
        link, self._link = self._link, None
        if link is not None:
            link.close()
