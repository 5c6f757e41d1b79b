"""Slow and many clients at the control address do not keep it from others."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from harness.clock import Deadline
from harness.platform.control.patience import Patience
from tests.control.serving import Controlled, controlled, read_all

MOST = 6


@pytest.fixture(scope="module")
def hasty() -> Iterator[Controlled]:
    """Waits a fifth of a second."""
    with controlled(patience=Patience(head_s=0.2, body_s=0.2)) as running:
        yield running


@pytest.mark.parametrize("begun", [b"", b"GET", b"GET /docs HTTP/1.1\r\nHost: localhost\r\nX-"])
def test_a_head_that_does_not_come_is_given_up(hasty: Controlled, begun: bytes) -> None:
    """408, and the connection is closed."""
    with hasty.connect() as sock:
        sock.sendall(begun)
        assert read_all(sock).status == 408
    deadline = Deadline.after(60)
    while (status := hasty.ask("/docs").status) != 200:
        assert (status, deadline.expired) == (408, False)  # we were too slow ourselves


def test_a_second_head_that_trickles_is_given_up_too(hasty: Controlled) -> None:
    """A good request first does not buy more patience."""
    with hasty.connect() as sock:
        sock.sendall(b"GET /docs.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first = b""
        while b"auto" not in first:
            first += sock.recv(65_536)
        sock.sendall(b"G")
        assert b"HTTP/1.1 408 " in first + _rest(sock)


def test_a_body_that_does_not_come_is_given_up(hasty: Controlled) -> None:
    """408 with the reason."""
    with hasty.connect() as sock:
        sock.sendall(b"POST /api/sms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{")
        answer = read_all(sock)
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert "0.2 seconds" in answer.error


def test_an_event_stream_may_last(hasty: Controlled) -> None:
    """Longer than the patience with requests."""
    with hasty.connect() as stream, stream.makefile("rb") as lines:
        stream.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in lines.readline()
        with hasty.connect() as silent:
            assert read_all(silent).status == 408
        hasty.timeline.record("platform", "note", text="still there")
        assert any(b"still there" in line for line in lines)


def test_one_client_too_many_is_turned_away() -> None:
    """At once; the others go on, and whoever leaves makes room."""
    with contextlib.ExitStack() as opened:
        busy = opened.enter_context(controlled(patience=Patience(connections=MOST)))
        streams = [opened.enter_context(busy.connect()) for _ in range(MOST)]
        for stream in streams:
            stream.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200" in stream.recv(15)
        with busy.connect() as late:
            assert _rest(late) == b""
        streams[0].close()
        deadline, answer = Deadline.after(60), b""
        while b" 200 " not in answer:  # until the server has seen it
            assert not deadline.expired
            with busy.connect() as sock, contextlib.suppress(ConnectionError):
                sock.sendall(b"GET /docs.css HTTP/1.0\r\nHost: localhost\r\n\r\n")
                answer = _rest(sock)


def _rest(sock: socket.socket) -> bytes:
    """What comes until the end, be it a reset."""
    got = b""
    with contextlib.suppress(ConnectionError):
        while more := sock.recv(65_536):
            got += more
    return got
