"""Uplinks by the control API: the list, one in detail, what was measured."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from harness.network.sockets import HostSockets
from harness.token import compute
from tests.control.serving import Controlled, controlled
from tests.platform.bench import BODY, SECRET, read_answer, request


class Taking:
    """A control server whose platform takes uplinks."""

    def __init__(self, serving: Controlled) -> None:
        self._serving = serving
        self._address = serving.platform.start(HostSockets())

    def post(self, raw: bytes) -> None:
        with socket.create_connection(self._address, timeout=60) as sock:
            sock.sendall(raw)
            read_answer(sock)

    def get(self, path: str, status: int = 200) -> Any:
        answer = self._serving.ask(path)
        assert answer.status == status
        return answer.json()


@pytest.fixture
def taking() -> Iterator[Taking]:
    with controlled() as serving:
        yield Taking(serving)


def test_the_list_is_narrowed_down(taking: Taking) -> None:
    """By device, outcome, exchange number and length; newest last."""
    for raw in (request(), request(token="0" * 64), request(), request(b"{}")):
        taking.post(raw)

    def numbers(query: str) -> list[int]:
        return [uplink["exchange"] for uplink in taking.get(f"/api/uplinks{query}")]

    assert numbers("") == [1, 2, 3, 4]
    assert numbers("?device=tracker-1") == [1, 2, 3]
    assert numbers("?outcome=accepted") == [1, 3]
    assert numbers("?after=2") == [3, 4]
    assert numbers("?limit=1") == [4]
    assert numbers("?device=nobody") == []
    (brief,) = taking.get("/api/uplinks?brief=true&limit=1")
    assert set(brief) == {"exchange", "received", "device", "outcome", "findings", "pack"}
    assert "limit" in taking.get("/api/uplinks?limit=0", 422)["error"]


def test_one_uplink_in_every_detail(taking: Taking) -> None:
    """Units in words, moments, the answer, and both hashed strings with their marks."""
    taking.post(request(token=compute(BODY + b"\n", SECRET)))
    found = taking.get("/api/uplinks/1")
    assert found["body"] == BODY.decode()
    moment = "2023-11-14T22:13:20.000Z"
    assert found["bt"] == {"given": True, "moment": moment, "seconds": 1_700_000_000}
    assert found["records"] == [
        {
            "name": "temperature",
            "unit": "Cel",
            "unit_means": "degrees Celsius",
            "value": 21.5,
            "kind": "v",
            "time": "2023-11-14T22:13:20.000Z",
            "offset_s": 0.0,
        }
    ]
    assert found["answer"]["text"].startswith("HTTP/1.1 401 ")
    token = found["token"]
    assert token["sent"] == compute(BODY + b"\n", SECRET)
    expected, hashed = token["expected"], token["hashed"]
    assert expected["text"][slice(*expected["mark"])] == "‹secret, 30 bytes›"
    assert hashed["text"][slice(*hashed["mark"])] == r"\n"
    assert token["first_difference"] == len(BODY)


def test_what_is_no_uplink_has_details_too(taking: Taking) -> None:
    """Bytes that are no request: no records, no base time, no steps."""
    taking.post(b"\x00\xff garbage\r\n\r\n")
    found = taking.get("/api/uplinks/1")
    assert (found["records"], found["bt"], found["steps"]) == ([], None, None)
    assert found["token"]["verdict"] == "unchecked"
    assert found["head"].startswith("\x00\xff garbage")


def test_an_uplink_that_is_not_there(taking: Taking) -> None:
    """404 with a sentence, 422 for what is no number."""
    assert "no uplink 7" in taking.get("/api/uplinks/7", 404)["error"]
    taking.get("/api/uplinks/seven", 422)


def test_measurements_of_a_device(taking: Taking) -> None:
    """Numbers and booleans of accepted uplinks, per name and unit, in the order of their time."""
    for bt, value in ((30, 3), (10, 1), (20, 2)):
        body = (
            f'[{{"bn":"urn:dev:IMEI:356726104408422:","bt":{1700000000 + bt}}},'
            f'{{"n":"level","u":"m","v":{value}}},{{"n":"on","vb":true}},{{"n":"x","vs":"y"}}]'
        ).encode()
        taking.post(request(body))
        taking.post(request(body, token="0" * 64))
    level, on = taking.get("/api/measurements?device=tracker-1")
    assert (level["name"], level["unit"], level["unit_means"]) == ("level", "m", "metres")
    assert level["points"] == [[1700000000e3 + n * 10e3, n] for n in (1, 2, 3)]
    assert [value for _, value in on["points"]] == [1, 1, 1]
    (newest, _) = taking.get("/api/measurements?device=tracker-1&limit=1")
    assert [value for _, value in newest["points"]] == [2]
    assert taking.get("/api/measurements?device=nobody") == []
