"""Devices by way of the control API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.control.serving import IMEI, Answer, Controlled, controlled
from tests.platform.bench import SECRET

NEW = "Another0Secret1Of2Letters3And4Digits"
NEWCOMER = {"name": "probe-9", "dvnuuid": "0B0E1F6E-7C44-1D0C-9F0E-0A5F2F3D9F11", "secret": NEW}


@pytest.fixture
def own() -> Iterator[Controlled]:
    """A server of each test's own: they change what is registered."""
    with controlled() as running:
        yield running


def order(serving: Controlled, method: str, path: str, order: Any = None) -> Answer:
    body = None if order is None else json.dumps(order).encode()
    return serving.ask(path, method=method, body=body)


def test_the_devices_are_listed_without_their_secrets(own: Controlled) -> None:
    """Identifier, kind, SIM and advice of each; of the secret only that there is one."""
    answer = own.ask("/api/devices")
    (device,) = answer.json()
    assert SECRET.encode() not in answer.body
    assert device.pop("device_id").count("-") == 4
    assert device == {
        "name": "tracker-1", "identifier": IMEI, "connection": "m2m", "imei": IMEI,
        "dvnuuid": None, "iccid": None, "msisdn": None, "sim": "regular", "rate_plan": None,
        "has_secret": True, "advice": [],
    }  # fmt: skip


def test_a_device_is_registered_with_advice_and_removed(own: Controlled) -> None:
    """201 and what could be better; its secret shows up nowhere; removed it is gone."""
    made = order(own, "POST", "/api/devices", NEWCOMER)
    assert made.status == 201
    assert made.json()["identifier"] == "0b0e1f6e-7c44-1d0c-9f0e-0a5f2f3d9f11"
    assert "version 4" in made.json()["advice"][0]
    assert [one["name"] for one in own.ask("/api/devices").json()] == ["tracker-1", "probe-9"]
    own.platform.queue_downlink("probe-9", [{"n": "note", "vs": NEW}])
    seen = own.ask("/api/downlinks").body + own.ask("/api/devices").body + made.body
    assert NEW.encode() not in seen
    assert order(own, "DELETE", "/api/devices/probe-9").json() == {"removed": "probe-9"}
    assert [one["name"] for one in own.ask("/api/devices").json()] == ["tracker-1"]
    assert own.ask("/api/downlinks").json()[0]["status"] == "Failed"


def test_a_secret_is_changed_and_taken_away(own: Controlled) -> None:
    """The answer says only whether there is one."""
    for secret, there in ((NEW, True), (None, False)):
        answer = order(own, "PUT", "/api/devices/tracker-1/secret", {"secret": secret})
        assert (answer.status, answer.json()["has_secret"]) == (200, there)
        assert NEW.encode() not in answer.body
    device = own.platform.registry.by_name("tracker-1")
    assert device is not None
    assert device.secret is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "", {"name": "a", "imei": "1", "iccid": "2"}, 400, "starts with 89"),
        ("POST", "", {"name": "a", "imei": IMEI}, 409, "same IMEI"),
        ("POST", "", {"name": "tracker-1", "imei": "490154203237518"}, 409, "same name"),
        ("POST", "", {"name": "A B", "imei": IMEI}, 422, "name"),
        ("POST", "", {"name": "a", "imei": "490154203237518", "sim": "esim"}, 422, "regular"),
        ("POST", "", {"name": "a", "colour": "red"}, 422, "colour"),
        ("PUT", "/tracker-1/secret", {"secret": NEW + "#"}, 400, "never serves both"),
        ("PUT", "/tracker-1/secret", {}, 422, "secret"),
        ("PUT", "/nobody/secret", {"secret": NEW}, 404, "nobody"),
        ("DELETE", "/nobody", None, 404, "tracker-1"),
    ],
)
def test_a_refusal_says_why_and_shows_no_secret(
    serving: Controlled, method: str, path: str, body: Any, status: int, says: str
) -> None:
    """4xx with one reason; the secret that was refused is not repeated."""
    answer = order(serving, method, "/api/devices" + path, body)
    assert answer.status == status
    assert says in answer.error
    assert NEW not in answer.error
