"""MQTT uplinks through real brokers: judged as requests are, and marked."""

from __future__ import annotations

import json

import pytest

from harness.clock import Deadline, pause
from harness.network.sockets import HostSockets
from harness.platform.message import Message
from harness.platform.mqtt.mosquitto import mosquitto
from harness.platform.mqtt.settings import BrokerKind, MqttSettings, TokenPlace
from harness.token import compute
from tests.mqtt.bench import DOWN, IMEI, PACK, TOPIC, mqtt, said, wrapped
from tests.mqtt.conftest import need
from tests.platform.bench import SECRET, UUID, request, running


def test_an_uplink_is_accepted_and_marked(broker: BrokerKind) -> None:
    """Pack, device and token are judged; the timeline has the message, and says not described."""
    with mqtt(MqttSettings(broker=broker)) as bench:
        uplink = bench.publish(wrapped())
        assert (uplink.outcome.value, uplink.device) == ("accepted", "tracker-1")
        assert (uplink.token.verdict, said(uplink)) == ("verified", set())
        assert uplink.body == PACK.encode()
        assert (uplink.pack or [])[0] == {"bn": f"urn:dev:IMEI:{IMEI}:", "bt": 1_700_000_000}
        events = [event for event in bench.rig.timeline.events() if event.source == "platform"]
        assert [event.kind for event in events] == ["note", "mqtt.uplink", "uplink"]
        assert events[1].data["topic"] == TOPIC
        assert events[1].data["described"] is False
        assumed = [item for item in bench.rig.platform.assumptions() if item.name[:4] == "MQTT"]
        assert len(assumed) == 6


@pytest.mark.parametrize(
    ("payload", "outcome", "findings"),
    [
        (wrapped(PACK.replace(",", ", ")), "accepted", {("TOKEN-SPACE", "warning")}),
        (wrapped(token="0" * 64), "unverified", {("TOKEN-FORMULA", "error")}),
        (wrapped(token=compute(PACK.encode() + b"\n", SECRET)), "unverified",
         {("TOKEN-EXACT", "error")}),
        (f'{{"pack":{PACK}}}'.encode(), "malformed", {("TOKEN-HEADER", "error")}),
        (f'{{"token":7,"pack":{PACK}}}'.encode(), "malformed", {("TOKEN-HEADER", "error")}),
        (PACK.encode(), "malformed",
         {("SENML-PACK", "error"), ("TOKEN-HEADER", "error")}),
        (wrapped("{}"), "malformed", {("SENML-PACK", "error")}),
        (wrapped(PACK.replace(IMEI, "356938035643809")), "unknown-device",
         {("SENML-BN-M2M", "error"), ("MQTT-INGEST", "warning")}),
        (b"\xff\x00", "malformed", {("SENML-PACK", "error")}),
        (b"", "malformed", {("SENML-PACK", "error")}),
    ],
)  # fmt: skip
def test_each_deviation_is_named(
    payload: bytes, outcome: str, findings: set[tuple[str, str]]
) -> None:
    """The outcome and the findings that the same body would get over HTTP."""
    need("mosquitto" if mosquitto() else "embedded")
    with mqtt(MqttSettings()) as bench:
        uplink = bench.publish(payload)
        assert uplink.outcome.value == outcome
        assert findings <= said(uplink)


def test_a_pack_in_a_string(broker: BrokerKind) -> None:
    """Written as a string, the pack is what the string says; the token is over that."""
    with mqtt(MqttSettings(broker=broker)) as bench:
        token = compute(PACK.encode(), SECRET)
        uplink = bench.publish(json.dumps({"pack": PACK, "token": token}).encode())
        assert (uplink.outcome.value, said(uplink)) == ("accepted", set())


@pytest.mark.parametrize("place", ["topic", "user-property", "none"])
def test_other_places_of_the_token(place: TokenPlace, needs_mosquitto: None) -> None:
    """In the topic, in a user property of MQTT 5, or nowhere: configuration, each of them."""
    topic = "t/{identifier}/{token}/up" if place == "topic" else "t/{identifier}/up"
    settings = MqttSettings(broker="mosquitto", uplink_topic=topic, token=place)
    token = compute(PACK.encode(), SECRET)
    properties = (("Things-Message-Token", token),) if place == "user-property" else ()
    where = settings.uplinks.of(IMEI, token)
    with mqtt(settings) as bench, bench.device(version_5=place == "user-property") as device:
        message = Message(where, PACK.encode(), properties=properties)
        assert device.send(message, Deadline.after(60))
        bench.rig.wait(1)
        uplink = bench.rig.platform.uplinks[0]
        assert (uplink.outcome.value, said(uplink)) == ("accepted", set())
        assert uplink.token.verdict == ("unchecked" if place == "none" else "verified")


def test_an_internet_device(broker: BrokerKind) -> None:
    """Its topic has the DvnUUID; nothing is said about HTTPS, since this is none."""
    pack = f'[{{"bn":"urn:dev:DVNUUID:{UUID}:","n":"x","v":1}}]'
    with mqtt(MqttSettings(broker=broker)) as bench:
        uplink = bench.publish(wrapped(pack), f"things/{UUID}/uplink")
        assert (uplink.device, uplink.outcome.value, said(uplink)) == ("probe-1", "accepted", set())


def test_a_topic_of_somebody_else_is_flagged(broker: BrokerKind) -> None:
    """The pack decides whose uplink it is, the token proves it; the topic is remarked on."""
    with mqtt(MqttSettings(broker=broker)) as bench:
        uplink = bench.publish(wrapped(), "things/490154203237518/uplink")
        assert (uplink.device, uplink.outcome.value) == ("tracker-1", "accepted")
        assert said(uplink) == {("MQTT-INGEST", "warning")}


def test_other_topics_are_left_alone(broker: BrokerKind) -> None:
    """What is not of the template is nobody's uplink, even below it."""
    with mqtt(MqttSettings(broker=broker)) as bench, bench.device() as device:
        for topic in ("things/uplink", f"{TOPIC}/more", "other/x/uplink", DOWN):
            assert device.send(Message(topic, wrapped()), Deadline.after(60))
        bench.publish(wrapped())
        assert len(bench.rig.platform.uplinks) == 1


def test_a_downlink_follows_an_accepted_uplink(broker: BrokerKind) -> None:
    """One after each, oldest first; a refused uplink gets none; done when the broker has it."""
    with mqtt(MqttSettings(broker=broker)) as bench, bench.device() as device:
        device.subscribe(DOWN, 1)
        for name in ("a", "b"):
            bench.rig.platform.queue_downlink("tracker-1", [{"n": name, "v": 1}])
        bench.publish(wrapped(token="0" * 64))
        assert {d.status.value for d in bench.rig.platform.downlinks()} == {"Executing"}
        assert bench.publish(wrapped()).downlink is not None
        bench.publish(wrapped(PACK.replace("21.5", "22")))
        deadline = Deadline.after(60)
        while len(bench.heard) < 2:
            assert not deadline.expired
            pause(0.01)
        names = [json.loads(message.payload)[1]["n"] for message in bench.heard]
        assert names == ["a", "b"]
        assert [d.status.value for d in bench.rig.platform.downlinks()] == ["Succeeded"] * 2
        kinds = [event.kind for event in bench.rig.timeline.events()]
        assert kinds.count("mqtt.downlink") == 2


def test_without_a_downlink_topic_they_wait_for_http(broker: BrokerKind) -> None:
    """An MQTT uplink leaves the downlink Executing; the next request takes it."""
    with mqtt(MqttSettings(broker=broker, downlink_topic=None)) as bench:
        bench.rig.platform.queue_downlink("tracker-1", [{"n": "a", "v": 1}])
        bench.publish(wrapped())
        assert bench.rig.platform.downlinks()[0].status.value == "Executing"
        assert b'"n":"a"' in bench.rig.post(request())


def test_a_retained_copy_is_no_uplink(broker: BrokerKind) -> None:
    """What a device retained is an uplink once, not again for each platform that comes."""
    with mqtt(MqttSettings(broker=broker)) as bench:
        with bench.device() as device:
            assert device.send(Message(TOPIC, wrapped(), retain=True), Deadline.after(60))
        bench.rig.wait(1)
        later = MqttSettings(broker="external", username=None)
        with running() as second:
            second.platform.start_mqtt(HostSockets(), *bench.address, settings=later)
            with bench.device() as device:
                assert device.send(
                    Message(TOPIC, wrapped(PACK.replace("21.5", "3"))), Deadline.after(60)
                )
            second.wait(1)
            (uplink,) = second.platform.uplinks
            assert b'"v":3' in uplink.body
