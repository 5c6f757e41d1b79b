"""Submitting downlinks: actuator style, raw, SMS, and the deprecated way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.platform.actuator.settings import ActuatorSettings
from tests.actuator.serving import COMMAND, DEVICE, NETWORK, Acting, acting
from tests.examples import about

OLD = "/api/actuator/downlinks"
OLD_TYPE = "application/vnd.kpnthings.actuator.v1.response+json"


@pytest.mark.parametrize(
    "order",
    [
        COMMAND,
        [{"bn": NETWORK}, {"n": "interval", "v": 600}],
        {"networkId": NETWORK, "message": [{"n": "interval", "v": 600}]},
        {"deviceId": DEVICE, "message": [{"n": "interval", "v": 600}], "tagValue": "fleet"},
    ],
    ids=["merged", "separate", "by networkId", "by deviceId"],
)
def test_an_actuator_style_downlink_travels_as_a_senml_pack(api: Acting, order: Any) -> None:
    """Whatever form it was submitted in: encoded, sent with the next uplink, Succeeded; each of its
    transitions can be seen."""
    answer = api.post("/downlinks", order)
    assert (answer.status, answer.json()["status"]) == (201, "EXECUTING")
    pack = [{"bn": NETWORK}, {"n": "interval", "v": 600}]
    assert json.loads(api.uplink()) == pack
    assert api.uplink() == b""
    (entry,) = api.listed()
    assert json.loads(entry.pop("message")) == pack
    steps = [(step["from"], step["to"]) for step in entry.pop("transitions")]
    assert steps == [
        (None, "QUEUED"),
        ("QUEUED", "EXECUTING"),
        ("EXECUTING", "EXECUTING"),
        ("EXECUTING", "SUCCEEDED"),
    ]
    tag = order.get("tagValue") if isinstance(order, dict) else None
    moment = "2023-11-14T22:13:20.000Z"
    assert entry == {
        "id": "dl-1", "connectionType": "HTTP", "style": "actuator", "name": "tracker-1",
        "deviceId": DEVICE, "networkId": NETWORK, "tagValue": tag, "status": "SUCCEEDED",
        "createdAt": moment, "modifiedAt": moment,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("message", "sent", "advised"),
    [
        ("switch=on;now", b"switch=on;now", True),
        ({"b": 1, "a": [2]}, b'{"b":1,"a":[2]}', True),
        ([{"n": "led", "vb": True}], b'[{"n":"led","vb":true}]', True),
        ([{"bn": NETWORK, "n": "led", "vb": True}],
         b'[{"bn":"urn:dev:IMEI:356726104408422:","n":"led","vb":true}]', False),
        ("\u00fc\n", "\u00fc\n".encode(), True),
    ],
)  # fmt: skip
def test_a_raw_downlink_goes_as_it_is(
    api: Acting, message: Any, sent: bytes, advised: bool
) -> None:
    """Byte for byte; what a device may break on is taken all the same, with advice."""
    answer = api.post("/http/downlinks", {"networkId": NETWORK, "message": message})
    assert answer.status == 201
    assert ("advice" in answer.json()) is advised
    assert api.uplink() == sent
    assert api.listed("/http/downlinks")[0]["style"] == "raw"


def test_a_message_may_be_nested(api: Acting) -> None:
    """As deep as JSON is read here, it is written too, or it is refused."""
    for depth in (10, 400, 900, 985, 990, 995):
        body = b'{"networkId":"%s","message":%s1%s}'
        answer = api.post("/http/downlinks", body % (NETWORK.encode(), b"[" * depth, b"]" * depth))
        assert answer.status == 201 or "too deeply" in answer.error


def test_a_raw_pack_that_names_its_device_needs_nothing_else(api: Acting) -> None:
    """The SenML array itself, compact, in its own shape."""
    assert api.post("/http/downlinks", COMMAND).status == 201
    assert json.loads(api.uplink()) == COMMAND


def test_a_downlink_may_wait_for_somebody_to_say_so() -> None:
    """`executes: manual`: Queued, not sent, until an order makes it Executing (DL-EXECUTING)."""
    with acting(ActuatorSettings(executes="manual")) as api:
        made = api.post("/downlinks", COMMAND).json()
        assert made["status"] == "QUEUED"
        assert api.uplink() == b""
        api.platform.set_downlink_status(made["id"], "Executing")
        assert b"interval" in api.uplink()


def test_an_sms_is_failed_after_48_hours(api: Acting) -> None:
    """SMS-FAILED, SMS-DISCARD: through the same listing, with its transitions and moments."""
    answer = api.post("/sms/downlinks", {"deviceId": DEVICE, "message": "wake up"})
    assert (answer.status, answer.json()["status"]) == (201, "PENDING")
    api.clock.advance(48 * 3600 - 1)
    assert api.listed("/sms/downlinks")[0]["status"] == "PENDING"
    api.clock.advance(1)
    (entry,) = api.listed()
    assert entry["status"] == "FAILED"
    assert (entry["connectionType"], entry["message"]) == ("SMS", "wake up")
    assert entry["modifiedAt"] == "2023-11-16T22:13:20.000Z"
    assert [(step["from"], step["to"], step["reason"]) for step in entry["transitions"]] == [
        (None, "PENDING", "submitted"),
        ("PENDING", "FAILED", "discarded after 48 h and 32 attempts"),
    ]


def test_the_deprecated_way_still_works(api: Acting) -> None:
    """A SenML array, the media type that was asked for, and port left out with a word about it."""
    answer = api.post(OLD + "?port=3", COMMAND, Accept=OLD_TYPE)
    assert answer.status == 201
    assert answer.headers["content-type"] == OLD_TYPE
    assert "LoRa" in answer.json()["advice"][0]
    assert api.post(OLD, COMMAND).headers["content-type"] == "application/json"
    assert json.loads(api.uplink())[1] == {"n": "interval", "v": 600}


@pytest.mark.parametrize(
    ("path", "order", "status", "says"),
    [
        ("/downlinks", b"", 400, "no JSON"),
        ("/downlinks", b"[1e999999", 400, "no JSON"),
        ("/downlinks", b"[" * 100_000, 400, "too deeply"),
        ("/downlinks", b'[{"n":"a","v":NaN}]', 400, "NaN"),
        ("/downlinks", "text", 400, "SenML array, or an object"),
        ("/downlinks", [], 400, "needs a base name"),
        ("/downlinks", [{"n": "a", "v": 1}, {"bn": NETWORK}], 400, "needs a base name"),
        ("/downlinks", [{"bn": NETWORK}], 400, "at least one record"),
        ("/downlinks", [{"bn": NETWORK, "n": "a"}], 400, "exactly one of v, vb, vs, vd"),
        ("/downlinks", [{"bn": 3, "n": "a", "v": 1}], 400, "base name is text"),
        ("/downlinks", [*COMMAND, {"bn": "urn:dev:IMEI:1:"}], 400, "one device; this pack names 2"),
        ("/downlinks", [{"bn": "tracker-1", "n": "a", "v": 1}], 400, "not a base name"),
        ("/downlinks", [{"bn": NETWORK[:-1], "n": "a", "v": 1}], 400, "colon"),
        ("/downlinks", [{"bn": "urn:dev:IMEI:356726104408430:"}], 404, "no device is registered"),
        ("/downlinks", [{"bn": "urn:dev:DEVEUI:1234567890abcdef:"}], 404, "no LoRa"),
        ("/downlinks", {"networkId": NETWORK, "message": "on"}, 400, "/http/downlinks"),
        ("/downlinks", {"message": [{"n": "a", "v": 1}]}, 400, "exactly one of networkId"),
        ("/downlinks", {"networkId": NETWORK, "deviceId": DEVICE}, 400, "exactly one of networkId"),
        ("/downlinks", {"networkId": NETWORK}, 400, "message is missing"),
        ("/downlinks", {"networkId": NETWORK, "message": "a", "port": 1}, 400, "no 'port'"),
        ("/downlinks", {"networkId": NETWORK, "message": "a", "tagValue": ""}, 400, "tagValue"),
        ("/downlinks", {"networkId": 7, "message": "a"}, 400, "networkId is text"),
        ("/downlinks", {"deviceId": "f24108fa-d102-40ff-8263-f8d46908a386", "message": "a"}, 404,
         "no device has the deviceId"),
        ("/http/downlinks", {"networkId": NETWORK, "message": "\ud800"}, 400, "half a character"),
        ("/downlinks", {"networkId": NETWORK, "tagValue": "\ud800", "message": "a"}, 400, "tagV"),
        ("/downlinks", [{"bn": NETWORK, "n": "a", "vs": "\ud800"}], 400, "written as JSON"),
        ("/downlinks", [{"bn": NETWORK, "n": "a", "v": 1, "x": [1]}], 400, "'x' is no text"),
        ("/http/downlinks", b'{"networkId":"a","message":"\xff"}', 400, "no JSON"),
        ("/sms/downlinks", {"networkId": NETWORK, "message": "x" * 1531}, 400, "1530"),
        ("/sms/downlinks", {"networkId": "urn:dev:IMEI:490154203237518:", "message": "a"}, 400,
         "M2M+"),
        ("/mqtt/downlinks", COMMAND, 404, "no MQTT devices"),
        ("/lora/downlinks", COMMAND, 404, "no LoRa devices; it has HTTP, SMS"),
        ("/digitalmatter/downlinks", COMMAND, 404, "no Digital Matter devices"),
        (OLD, {"networkId": NETWORK, "message": "a"}, 400, "SenML array"),
        (OLD + "?FPort=1", COMMAND, 400, "port"),
    ],
)  # fmt: skip
def test_a_wrong_submission_says_why(
    refusing: Acting, path: str, order: Any, status: int, says: str
) -> None:
    """One reason, nothing submitted, and the refusal on the timeline."""
    answer = refusing.post(path, order)
    assert answer.status == status
    assert says in answer.error
    assert list(refusing.platform.actuator.entries()) == []
    event = refusing.timeline.events("actuator.request")[-1]
    assert (event.data["status"], event.data["reason"]) == (status, answer.error)


ANY = st.characters(exclude_categories=())  # halves of characters too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(ANY, max_size=8)
    | st.sampled_from([NETWORK, DEVICE]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["bn", "n", "v", "vs", "message", "networkId", "deviceId", "tagValue"]),
        inner,
    ),
    max_leaves=12,
)  # fmt: skip


@given(order=JSON, path=st.sampled_from(["/downlinks", "/http/downlinks", "/sms/downlinks", OLD]))
@settings(max_examples=about(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_submitted_is_taken_or_refused(api: Acting, order: Any, path: str) -> None:
    """Never anything but 201 or 4xx with a reason, and the listing stays readable."""
    answer = api.post(path, order)
    assert answer.status in (201, 400, 404)
    if answer.status != 201:
        assert answer.error
    assert api.get("/downlinks?limit=1").status == 200
