"""Requests beyond every limit: refused in words, and memory stays where it was."""

from __future__ import annotations

import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from harness.clock import Deadline
from harness.platform.settings import PlatformSettings
from harness.platform.wire import Limits
from tests.platform.bench import read_answer, request
from tests.survival.bench import crowd, honest, no_complaints, program
from tests.tls.https import serving

BODY, HEAD = 10_000, 2_000
ONE_READ = 262_144  # what asyncio takes from a socket at a time, at most
SETTINGS = PlatformSettings(limits=Limits(head=HEAD, body=BODY))
CHUNKED = (
    b"POST /ingestion/m2m/senml/v1 HTTP/1.1\r\nHost: m.m\r\nThings-Message-Token: "
    + b"0" * 64
    + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
)


@pytest.mark.parametrize(
    "raw",
    [
        request(b"x" * (BODY + 1)),
        request(length=BODY + 1),
        request(length=10**30),
        request(b"x" * 5_000_000),
        request(extra=b"X-Padding: " + b"y" * HEAD),
        request(extra=b"X-Padding: " + b"y" * 5_000_000),
        b"POST " + b"/" * 5_000_000,
        CHUNKED + b"2710\r\n" + b"z" * 0x2710 + b"\r\n1\r\nz\r\n0\r\n\r\n",
        CHUNKED + b"ffffffff\r\n",
        CHUNKED + b"1;" + b"e" * 5_000 + b"\r\nz\r\n0\r\n\r\n",
        CHUNKED + b"1\r\nz\r\n0\r\n" + b"T: t\r\n" * 10_000 + b"\r\n",
    ],
)
def test_more_than_is_taken_is_refused(raw: bytes) -> None:
    """400 and the end of the connection, with the reason on the platform's side; on both ports;
    others are served."""
    with no_complaints(), serving(SETTINGS) as https:
        for send in (https.rig.post, https.post):
            # The server may close while we are still sending; it has said why at its side.
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                assert send(raw).startswith(b"HTTP/1.1 400 ")
        https.rig.wait(2)
        for uplink in https.rig.platform.uplinks:
            assert uplink.outcome.value == "malformed"
            assert uplink.findings
            assert len(uplink.head) + len(uplink.body) <= HEAD + BODY + ONE_READ
        honest(https)


def test_the_largest_that_is_taken_is_taken() -> None:
    """At the limit itself nothing is refused."""
    records = b'{"n":"temperature","u":"Cel","v":1}'
    body = b'[{"bn":"urn:dev:IMEI:356726104408422:"},' + records
    while len(body) + len(records) + 2 <= BODY:
        body += b"," + records
    body += b" " * (BODY - len(body) - 1) + b"]"
    assert len(body) == BODY
    with serving(SETTINGS) as https:
        assert https.rig.post(request(body)).startswith(b"HTTP/1.1 202 ")
        honest(https)


def test_large_bodies_do_not_add_up(tmp_path: Path) -> None:
    """250 bodies of a megabyte each, and a program that keeps them within bounds: its memory grows
    by less than it was sent."""
    with program(tmp_path) as bound:

        def post(raw: bytes) -> bytes:
            with socket.create_connection(bound.http, timeout=60) as sock:
                sock.sendall(raw)
                return read_answer(sock)

        assert post(request()).startswith(b"HTTP/1.1 202 ")
        before = resident_kb(bound.pid)
        for number in range(250):
            assert post(request(b"%d" % number + b"\xff" * 1_000_000)).startswith(b"HTTP/1.1 400 ")
        assert resident_kb(bound.pid) - before < 160_000
        assert post(request()).startswith(b"HTTP/1.1 202 ")


def test_large_requests_that_never_end_are_not_all_held() -> None:
    """Beyond the limit for all connections together, large ones are dropped and small ones served;
    when they are gone, a large one is read again."""
    limits = Limits(body=200_000)
    with (
        no_complaints(),
        serving(PlatformSettings(limits=limits, max_held_bytes=400_000)) as https,
    ):
        begun = request(b"[" + b" " * 100_000, length=150_000)
        with crowd(https.rig.address, 20) as large:
            for sock in large:
                sock.setblocking(True)
                with contextlib.suppress(ConnectionError):
                    sock.sendall(begun)
            platform = https.rig.platform
            assert platform.wait(lambda: len(platform.aborted) >= 16, Deadline.after(60))
            assert {one.why.partition(" after")[0] for one in platform.aborted} == {
                "too much is under way at once"
            }
            honest(https)
        deadline, answer = Deadline.after(60), b""
        while not answer.startswith(b"HTTP/1.1 400 "):
            assert not deadline.expired
            with contextlib.suppress(ConnectionError):
                answer = https.rig.post(begun + b" " * 150_000)


def resident_kb(pid: int) -> int:
    """How much memory a process has in use, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("the kernel tells no VmRSS")
