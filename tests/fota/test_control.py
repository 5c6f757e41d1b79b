"""Firmware over the air by order of the control API."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.control.serving import Answer, Controlled, controlled
from tests.fota.bench import IMAGE


@pytest.fixture
def server() -> Iterator[Controlled]:
    with controlled() as made:
        yield made


def post(server: Controlled, path: str, **order: Any) -> Answer:
    return server.ask(path, method="POST", body=json.dumps(order).encode())


def test_an_image_is_offered_and_listed(server: Controlled) -> None:
    """The image itself and its token are shown nowhere; the downlink with both is queued."""
    image = base64.b64encode(IMAGE).decode()
    made = post(server, "/api/firmware", device="tracker-1", version="1.1.0", image=image)
    assert made.status == 201
    shown = made.json()
    assert (shown["id"], shown["version"], shown["size"]) == ("fw-1", "1.1.0", 1024)
    assert (shown["missing"], shown["reported"]) == (["0-1023"], None)
    assert server.ask("/api/firmware").json() == [shown]
    assert server.ask("/api/firmware/fw-1").json() == shown | {"requested": []}
    (downlink,) = server.platform.downlinks("tracker-1")
    token = downlink.records[1]["vs"]
    listed = server.ask("/api/downlinks").json()
    assert listed[0]["records"][0] == {"n": "url", "vs": shown["url"]}
    assert token not in json.dumps(listed)


def test_a_made_up_image_and_a_renewal(server: Controlled) -> None:
    """With a size instead of an image; a renewal queues another downlink for the same URL."""
    made = post(server, "/api/firmware", device="tracker-1", version="1.1.0", size=4096).json()
    renewed = post(server, "/api/firmware/fw-1/renew", token_life=60).json()
    assert renewed["url"] == made["url"]
    assert renewed["downlink"] != made["downlink"]
    tokens = {d.records[1]["vs"] for d in server.platform.downlinks("tracker-1")}
    assert len(tokens) == 2


def test_faults_by_order(server: Controlled) -> None:
    """They are put on the file server's answers, and taken off."""
    order = {"kind": "short-part", "device": "tracker-1", "times": 3, "parameters": {"missing": 4}}
    assert post(server, "/api/firmware/faults", **order).status == 201
    assert server.platform.firmware.faults.pending == 3
    assert server.ask("/api/firmware/faults", method="DELETE").status == 200
    assert server.platform.firmware.faults.pending == 0


@pytest.mark.parametrize(
    ("path", "order", "status", "says"),
    [
        ("", {"device": "nobody", "version": "1", "size": 4096}, 404, "nobody"),
        ("", {"device": "tracker-1", "version": "1"}, 422, "exactly one"),
        ("", {"device": "tracker-1", "version": "1", "size": 9}, 400, "more than"),
        ("", {"device": "tracker-1", "version": "1", "image": "?"}, 400, "base64"),
        ("", {"device": "tracker-1", "version": "1", "size": 400, "x": 1}, 422, "x"),
        ("/fw-9/renew", {}, 404, "fw-9"),
        ("/faults", {"kind": "nonsense"}, 400, "nonsense"),
        ("/faults", {"kind": "reset", "device": "nobody"}, 404, "nobody"),
    ],
)
def test_wrong_orders(
    server: Controlled, path: str, order: dict[str, Any], status: int, says: str
) -> None:
    """One clear error, and nothing is done."""
    answer = post(server, f"/api/firmware{path}", **order)
    assert (answer.status, says in answer.error) == (status, True)
    assert server.ask("/api/firmware").json() == []


def test_an_image_may_be_larger_than_other_orders(server: Controlled) -> None:
    """Two megabytes of image are taken here."""
    image = base64.b64encode(bytes(2_000_000)).decode()
    order = {"device": "tracker-1", "version": "2.0", "image": image}
    assert post(server, "/api/firmware", **order).status == 201
