"""Downlinks of the Actuator API by MQTT."""

from __future__ import annotations

import pytest

from harness.clock import Deadline, pause
from harness.platform.actuator.model import NoSuchConnection
from harness.platform.mqtt.settings import BrokerKind, MqttSettings
from tests.mqtt.bench import DOWN, IMEI, PACK, mqtt, wrapped
from tests.platform.bench import request

NETWORK = f"urn:dev:IMEI:{IMEI}:"


def test_a_raw_downlink_goes_by_the_way_it_was_submitted_for(broker: BrokerKind) -> None:
    """One for HTTP and one for MQTT wait for an uplink of their own kind; an actuator-style one
    goes with whichever comes first. The listing shows each under the way it went."""
    with mqtt(MqttSettings(broker=broker)) as bench, bench.device() as device:
        actuator = bench.rig.platform.actuator
        device.subscribe(DOWN, 1)
        actuator.submit_raw("http", {"networkId": NETWORK, "message": "by http"})
        actuator.submit_raw("mqtt", {"networkId": NETWORK, "message": "by mqtt"})
        actuator.submit({"networkId": NETWORK, "message": [{"n": "any", "v": 1}]})
        bench.publish(wrapped())
        bench.publish(wrapped(PACK.replace("21.5", "22")))
        assert bench.rig.post(request()).endswith(b"\r\n\r\nby http")
        deadline = Deadline.after(60)
        while len(bench.heard) < 2:
            assert not deadline.expired
            pause(0.01)
        bench.rig.wait(3)
        assert bench.heard[0].payload == b"by mqtt"
        assert b'"any"' in bench.heard[1].payload
        assert [entry.id for entry in actuator.list([], "http").entries] == ["dl-1"]
        by_mqtt = actuator.list([], "mqtt").entries
        assert [(entry.id, entry.status) for entry in by_mqtt] == [
            ("dl-2", "SUCCEEDED"),
            ("dl-3", "SUCCEEDED"),
        ]
        assert by_mqtt[0].transitions[-2].reason == "published after exchange 1"


def test_without_a_downlink_topic_there_are_no_mqtt_downlinks(broker: BrokerKind) -> None:
    """What could never be sent is not taken."""
    with mqtt(MqttSettings(broker=broker, downlink_topic=None)) as bench:
        order = {"networkId": NETWORK, "message": "on"}
        with pytest.raises(NoSuchConnection, match="no MQTT devices"):
            bench.rig.platform.actuator.submit_raw("mqtt", order)
