"""Who is refused at the control address when no token is set."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.platform.control.guard import BODY_LIMIT, POLICY
from tests.control.serving import Controlled, read_all
from tests.examples import about
from tests.platform.bench import SECRET


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "[::1]"])
@pytest.mark.parametrize("port", ["", ":9999"])
def test_every_name_of_loopback_is_answered(serving: Controlled, name: str, port: str) -> None:
    """Also with the port of a tunnel, which is not the server's own."""
    assert serving.ask("/api/uplinks", {"Host": name + port}).status == 200


@pytest.mark.parametrize(
    "name",
    [
        "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example",
        "10.0.0.1", "0.0.0.0", "[::2]", "localhost:x", "localhost:80:80", "[localhost", "a b",
        "localhost/", "evil.example#localhost", "localhos\xe9",
    ],
)  # fmt: skip
def test_another_name_is_refused(serving: Controlled, name: str) -> None:
    """A name that leads here by somebody else's DNS gets 421 (or 400 where it is no host)."""
    answer = serving.ask("/api/uplinks", {"Host": name})
    assert answer.status in (400, 421)
    if answer.status == 421:
        assert "--control-name" in answer.error


def test_no_host_and_two_hosts_are_refused(serving: Controlled) -> None:
    """Neither says which server is meant."""
    assert serving.ask("/api/uplinks", {"Host": ""}).status in (400, 421)
    with serving.connect() as sock:
        sock.sendall(
            b"GET /docs HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\nConnection: close\r\n\r\n"
        )
        assert read_all(sock).status == 400


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:3000", "http://[", "file://", "localhost"],
)
def test_a_foreign_origin_is_refused(serving: Controlled, origin: str) -> None:
    """Orders and questions alike, also from another port of this machine; nothing is done."""
    before = len(serving.platform.downlinks())
    answer = serving.order({"Origin": origin})
    assert answer.status == 403
    assert "foreign origin" in answer.error
    assert serving.ask("/api/events", {"Origin": origin}).status == 403
    assert len(serving.platform.downlinks()) == before


def test_the_own_page_may_order(serving: Controlled) -> None:
    """Its Origin is the address it was opened by."""
    headers = {"Origin": f"http://{serving.host}", "Sec-Fetch-Site": "same-origin"}
    assert serving.order(headers).status == 201
    tunnel = {"Host": "localhost:9999", "Origin": "http://localhost:9999"}
    assert serving.order(tunnel).status == 201


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_requests_of_other_sites_pages_are_refused(serving: Controlled, site: str) -> None:
    """Orders in any case; reads unless somebody followed a link."""
    assert serving.order({"Sec-Fetch-Site": site}).status == 403
    assert serving.order({"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status == 403
    assert serving.ask("/docs", {"Sec-Fetch-Site": site}).status == 403
    followed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert serving.ask("/docs", followed).status == 200
    assert serving.ask("/docs", followed | {"Sec-Fetch-Dest": "document"}).status == 200
    assert serving.ask("/docs", followed | {"Sec-Fetch-Dest": "iframe"}).status == 403
    assert serving.ask("/docs", {"Sec-Fetch-Site": "none"}).status == 200


def test_a_preflight_is_refused(serving: Controlled) -> None:
    """No other origin is ever allowed anything."""
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answer = serving.ask("/api/downlinks", asked, method="OPTIONS")
    assert answer.status == 403
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("path", ["/docs", "/api/uplinks", "/api/nothing", "/openapi.json"])
def test_every_answer_has_the_security_headers(serving: Controlled, path: str) -> None:
    """Also refusals; what /api says is kept nowhere."""
    for headers in ({}, {"Host": "evil.example"}):
        answer = serving.ask(path, headers)
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in answer.headers
        if path.startswith("/api/"):
            assert answer.headers["cache-control"] == "no-store"


def test_the_docs_page_has_nothing_inline(serving: Controlled) -> None:
    """Its style comes from this server, as the policy asks for."""
    page = serving.ask("/docs").body.decode()
    assert "<style" not in page
    assert "style=" not in page
    assert "/docs.css" in page
    style = serving.ask("/docs.css")
    assert style.headers["content-type"].startswith("text/css")
    assert b"font" in style.body


def test_a_body_over_the_limit_is_refused(serving: Controlled) -> None:
    """413 from the stated length alone, and from what comes in parts; the next order is taken."""
    with serving.connect() as sock:
        head = f"POST /api/sms HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY_LIMIT + 1}"
        sock.sendall(head.encode() + b"\r\n\r\n")
        stated = read_all(sock)
    assert stated.status == 413
    assert "1,048,576" in stated.error
    with serving.connect() as sock:
        head = "POST /api/sms HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        part = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        sock.sendall(head.encode() + part * 16 + b"1\r\n \r\n")
        assert read_all(sock).status == 413
    assert serving.order().status == 201


def test_a_body_at_the_limit_is_read(serving: Controlled) -> None:
    """1 MiB of JSON reaches the order, which then says what it lacks."""
    body = json.dumps({"device": "x", "padding": ""}).encode()
    body = body.replace(b'""', b'"' + b"x" * (BODY_LIMIT - len(body)) + b'"')
    assert len(body) == BODY_LIMIT
    assert serving.ask("/api/sms", method="POST", body=body).status == 422


def test_a_body_in_parts_is_one_order(serving: Controlled) -> None:
    """Chunks are put together."""
    body = b'{"device": "tracker-1", "records": [{"n": "led", "vb": true}]}'
    parts = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = (
        "POST /api/downlinks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with serving.connect() as sock:
        sock.sendall(head.encode() + parts)
        assert read_all(sock).status == 201


def test_a_client_that_goes_away_in_its_body_leaves_the_server_up(serving: Controlled) -> None:
    """Half an order is none."""
    with serving.connect() as sock:
        sock.sendall(b"POST /api/sms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{")
    assert serving.ask("/api/uplinks").status == 200


def test_events_stream_through_the_guard(serving: Controlled) -> None:
    """Each event arrives while the answer is still open, with secrets left out."""
    with serving.connect() as sock, sock.makefile("rb") as lines:
        sock.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for line in lines:
            if b": connected" in line:
                break
        for number in range(3):
            serving.timeline.record("platform", "note", text=f"{number} {SECRET}")
            for line in lines:
                if line.startswith(b"data: "):
                    break
            assert f"{number} ‹secret of tracker-1›".encode() in line
    assert serving.ask("/api/uplinks").status == 200


def test_web_sockets_are_not_spoken(serving: Controlled) -> None:
    """An upgrade is answered as the plain request it also is."""
    asked = {"Connection": "Upgrade, close", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    assert serving.ask("/api/uplinks", asked).status != 101


_WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=30)


@settings(max_examples=about(60))
@given(host=_WORDS, origin=_WORDS, site=_WORDS)
def test_whatever_the_headers_no_foreign_order_is_taken(
    serving: Controlled, host: str, origin: str, site: str
) -> None:
    """Any text there is refused with 4xx; the server goes on."""
    before = len(serving.platform.downlinks())
    headers = {"Host": host or "x", "Origin": origin or "x", "Sec-Fetch-Site": site}
    assert 400 <= serving.order(headers).status < 500
    assert len(serving.platform.downlinks()) == before
