"""A platform with MQTT ingestion, and devices that are plain paho clients."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.clock import Deadline
from harness.network.sockets import HostSockets
from harness.platform.message import Message
from harness.platform.mqtt.link import MqttLink
from harness.platform.mqtt.settings import MqttSettings
from harness.platform.uplink import Uplink
from harness.token import compute
from tests.platform.bench import SECRET, Rig, running

IMEI = "356726104408422"
TOPIC = f"things/{IMEI}/uplink"
DOWN = f"things/{IMEI}/downlink"
PACK = f'[{{"bn":"urn:dev:IMEI:{IMEI}:","n":"temperature","u":"Cel","v":21.5}}]'
MARK = ("MQTT-INGEST", "info")


def wrapped(pack: str = PACK, token: str | None = None) -> bytes:
    """The payload of the default settings; the pack stands in it as it is."""
    token = compute(pack.encode(), SECRET) if token is None else token
    return f'{{"token": {json.dumps(token)}, "pack": {pack}}}'.encode()


@dataclass
class Mqtt:
    rig: Rig
    address: tuple[str, int]
    heard: list[Message] = field(default_factory=list)

    @contextlib.contextmanager
    def device(
        self, username: str | None = None, password: str | None = None, *, version_5: bool = False
    ) -> Iterator[MqttLink]:
        link = MqttLink(
            "", username=username, password=password, version_5=version_5,
            on_message=self.heard.append,
        )  # fmt: skip
        link.open(*self.address)
        try:
            yield link
        finally:
            link.close()

    def publish(self, payload: bytes, topic: str = TOPIC) -> Uplink:
        """Publish from a device of its own; what the platform made of it."""
        before = len(self.rig.platform.uplinks)
        with self.device() as device:
            assert device.send(Message(topic, payload), Deadline.after(60))
            self.rig.wait(before + 1)
        return self.rig.platform.uplinks[before]


def said(uplink: Uplink) -> set[tuple[str, str]]:
    """Requirement and severity of each finding, but for the mark that all have."""
    found = {(finding.requirement, finding.severity) for finding in uplink.findings}
    assert MARK in found
    return found - {MARK}


@contextlib.contextmanager
def mqtt(settings: MqttSettings) -> Iterator[Mqtt]:
    with running() as rig:
        yield Mqtt(rig, rig.platform.start_mqtt(HostSockets(), settings=settings))
