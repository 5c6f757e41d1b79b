"""Uplinks and downlinks through sockets and through the built-in HTTP client."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import UsageError
from harness.line import EventTimeout
from harness.modem import FAMILIES, HttpOrder
from harness.modem.errors import CannotDo, SocketError
from harness.virtual_modem import ModemSettings
from tests.conformance.conftest import ALL, PLATFORM, WITH_SOCKETS, WITHOUT_SOCKETS, Make

PATH = "/ingestion/m2m/senml/v1"
TOKEN = ("Things-Message-Token", "0123456789abcdef" * 4)
JSON = b'[{"bn":"urn:dev:IMEI:356726104408422:"},{"n":"t","u":"Cel","v":21.5}]'
ORDER = HttpOrder(
    *PLATFORM, PATH, (("Host", "m.m"), ("Content-Type", "application/json"), TOKEN), JSON
)
TRICKY = b'OK\r\n\r\nERROR\r\n+CMTI: "ME",3\r\n> @>>>\x00\x1a\x1b"--EOF-\r\nNO CARRIER\r\n+++x'
WITH_CLIENT = [
    name for name in WITH_SOCKETS
    if (http := FAMILIES[name].abilities.http) is not None and http.custom_header
]  # fmt: skip
WITHOUT_CLIENT = [name for name in ALL if name not in WITH_CLIENT]


def answer(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


def request(body: bytes) -> bytes:
    return replace(ORDER, body=body).to_bytes()


def test_every_family_takes_part() -> None:
    """At least every family of the rig file format but the generic one has sockets."""
    assert set(WITH_SOCKETS) == set(ALL) - {"3gpp"}


@pytest.mark.parametrize("family", WITH_SOCKETS)
@pytest.mark.parametrize("body", [JSON, TRICKY, bytes(range(256)) * 16], ids=["json", "ok", "4k"])
def test_uplink_by_socket(bench: Make, family: str, body: bytes) -> None:
    """What is sent arrives byte for byte, in as many pieces as the family needs."""
    one = bench(family)
    one.attach()
    one.server.replies.append(answer(b"OK\r\n", "202 Accepted"))
    assert one.sockets.post_raw(*PLATFORM, request(body)) == answer(b"OK\r\n", "202 Accepted")
    assert one.server.requests == [request(body)]
    assert one.virtual.unknown_commands == ()


@pytest.mark.parametrize("family", WITH_SOCKETS)
def test_downlinks_of_all_sizes(bench: Make, family: str) -> None:
    """1 byte to 10 kB, on one connection that stays open, are read whole."""
    one = bench(family)
    one.attach()
    connection = one.sockets.open_socket(*PLATFORM)
    for size in (1, 2, 511, 1024, 1500, 2048, 10_000):
        body = (TRICKY * (size // len(TRICKY) + 1))[:size]
        one.server.replies.append(answer(body))
        assert one.sockets.exchange(connection, request(b"[]")) == answer(body)
    one.sockets.close_socket(connection)
    assert one.server.connections == 1


@pytest.mark.parametrize("family", WITH_SOCKETS)
@pytest.mark.parametrize("reply", [b"HTTP/1.1 200 OK\r\n\r\n" + TRICKY * 20, b"HTT"], ids=len)
def test_response_that_ends_with_the_connection(bench: Make, family: str, reply: bytes) -> None:
    """What came before the peer closed is read to its end; the next connection is a clean one."""
    one = bench(family)
    one.attach()
    one.server.replies.extend([reply, answer(b"x")])
    assert one.sockets.post_raw(*PLATFORM, request(b"[]")) == reply
    assert one.sockets.post_raw(*PLATFORM, request(b"[]")) == answer(b"x")


@pytest.mark.parametrize("family", WITH_SOCKETS)
def test_nobody_listens(bench: Make, family: str) -> None:
    """A refused connection is a socket error, and leaves nothing behind."""
    one = bench(family)
    one.attach()
    for _ in range(2):
        with pytest.raises(SocketError):
            one.sockets.open_socket("10.0.0.1", 81)
    one.server.replies.append(answer(b"x"))
    assert one.sockets.post_raw(*PLATFORM, request(b"[]")) == answer(b"x")


@pytest.mark.parametrize("family", WITH_SOCKETS)
def test_server_that_says_nothing(bench: Make, family: str) -> None:
    """No response is not blamed on the modem, and the next exchange works."""
    one = bench(family)
    one.attach()
    one.server.replies.extend([None, answer(b"x")])
    with pytest.raises(EventTimeout):
        one.sockets.post_raw(*PLATFORM, request(b"[]"), response_timeout_s=0.2)
    assert one.sockets.post_raw(*PLATFORM, request(b"[]")) == answer(b"x")


@pytest.mark.parametrize("family", WITH_CLIENT)
@pytest.mark.parametrize("size", [0, 1, 1500, 10_000])
def test_http_client(bench: Make, family: str, size: int) -> None:
    """Path, token and body arrive as ordered; status and body come back as sent."""
    one = bench(family)
    one.attach()
    body = (TRICKY * (size // len(TRICKY) + 1))[:size]
    one.server.replies.append(answer(body, "202 Accepted"))
    got = one.modem.http_post(ORDER, response_timeout_s=5)
    assert (got.status, got.body) == (202, body)
    assert one.virtual.unknown_commands == ()
    [sent] = one.server.requests
    head, _, sent_body = sent.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == f"POST {PATH} HTTP/1.1"
    assert ": ".join(TOKEN) in lines
    assert f"Content-Length: {len(JSON)}" in lines
    assert [line for line in lines if line.lower() == "content-type: application/json"]
    assert sent_body == JSON
    able = FAMILIES[family].abilities.http
    assert able is not None
    assert ("Host: m.m" in lines) is able.own_host


@pytest.mark.parametrize("family", WITH_CLIENT)
def test_http_client_again_and_again(bench: Make, family: str) -> None:
    """One order after another, each with its own answer; a refusal of the platform is none."""
    one = bench(family)
    one.attach()
    one.server.replies.extend([answer(b"a"), answer(b"bb", "401 Unauthorized"), answer(b"ccc")])
    got = [one.modem.http_post(ORDER, response_timeout_s=5) for _ in range(3)]
    assert [(one.status, one.body) for one in got] == [(200, b"a"), (401, b"bb"), (200, b"ccc")]


@pytest.mark.parametrize("family", WITH_CLIENT)
def test_http_client_without_a_server(bench: Make, family: str) -> None:
    """A server that is not there or silent is an error in time, and the next order works."""
    one = bench(family, settings=ModemSettings(http_s=1.0))
    one.attach()
    one.server.replies.extend([None, answer(b"x")])
    for order in (replace(ORDER, host="10.0.0.1"), ORDER):
        with pytest.raises((SocketError, EventTimeout)):
            one.modem.http_post(order, response_timeout_s=1)
    assert one.modem.http_post(ORDER, response_timeout_s=5).body == b"x"


@pytest.mark.parametrize("family", WITHOUT_CLIENT)
def test_an_honest_cannot(bench: Make, family: str) -> None:
    """A client that cannot carry the token says so, before anything is sent."""
    one = bench(family)
    with pytest.raises(CannotDo, match=family):
        one.modem.http_post(ORDER)
    assert not one.modem.channel.transcript


@pytest.mark.parametrize("family", WITH_SOCKETS)
def test_post_by_whatever_way_there_is(bench: Make, family: str) -> None:
    """The token reaches the server through the client where it can, else through a socket."""
    one = bench(family)
    one.attach()
    one.server.replies.append(answer(b"done"))
    assert one.sockets.post(ORDER, response_timeout_s=5).body == b"done"
    assert ": ".join(TOKEN).encode() in one.server.requests[0]


@pytest.mark.parametrize("family", WITHOUT_SOCKETS)
def test_no_sockets(bench: Make, family: str) -> None:
    """A modem without sockets says what it lacks instead of trying."""
    one = bench(family)
    with pytest.raises(UsageError, match="PPP"):
        one.modem.open_socket(*PLATFORM)
