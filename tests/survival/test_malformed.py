"""Whatever bytes come, on either port and in whatever pieces: nothing breaks, others are served."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.platform.settings import PlatformSettings, TimeLimits
from harness.platform.wire import Limits
from tests.examples import about
from tests.platform.bench import request
from tests.survival.bench import honest, no_complaints
from tests.tls.https import NAME, Https, careless, ip_request, serving

PATIENT = settings(max_examples=about(60), suppress_health_check=[HealthCheck.too_slow])
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03"
VALID = (request(), ip_request(host=NAME), request() * 3, HELLO)
PUT_IN = [
    b"\r\n", b"\n\n", b"\r\n\r\n", b"\x00", b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"9999999999999999999", b"[" * 9,
]  # fmt: skip


@pytest.fixture(scope="module")
def https() -> Iterator[Https]:
    """One server for all that is done to it."""
    patience = TimeLimits(stall_s=5.0, request_s=10.0, handshake_s=10.0)
    limits = Limits(head=4_096, body=65_536)
    with no_complaints(), serving(PlatformSettings(times=patience, limits=limits)) as made:
        yield made
        honest(made)


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A good beginning with a few bytes cut out, put in or turned around."""
    raw = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        until = min(len(raw), at + draw(st.integers(0, 40)))
        raw[at:until] = draw(st.one_of(st.binary(max_size=30), st.sampled_from(PUT_IN)))
    return bytes(raw)


RAW = st.one_of(st.binary(max_size=400), spoiled())


def throw(sock: socket.socket, raw: bytes, cut: int, answer_is_read: bool) -> None:
    """In two pieces; then leave, with or without having read what came back."""
    try:
        sock.sendall(raw[:cut])
        sock.sendall(raw[cut:])
        if answer_is_read:
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
    except TimeoutError:
        raise  # the server neither answered nor ended it
    except OSError:
        pass  # it was reset, or is not connected any more


@PATIENT
@given(raw=RAW, cut=st.integers(0, 400), read=st.booleans())
def test_anything_at_the_plain_port(https: Https, raw: bytes, cut: int, read: bool) -> None:
    """Answered, refused or dropped; and a device beside it is served."""
    with socket.create_connection(https.rig.address, timeout=60) as sock:
        throw(sock, raw, cut, read)
    assert https.rig.post(request()).startswith(b"HTTP/1.1 202 ")


@PATIENT
@given(raw=RAW, cut=st.integers(0, 400), read=st.booleans())
def test_anything_at_the_tls_port(https: Https, raw: bytes, cut: int, read: bool) -> None:
    """The same instead of a handshake."""
    with socket.create_connection(https.address, timeout=60) as sock:
        throw(sock, raw, cut, read)
    assert https.rig.post(request()).startswith(b"HTTP/1.1 202 ")


@settings(PATIENT, max_examples=about(25))
@given(raw=RAW, cut=st.integers(0, 400))
def test_anything_inside_tls(https: Https, raw: bytes, cut: int) -> None:
    """The same once the handshake is done, and a wire that then breaks off."""
    with (
        socket.create_connection(https.address, timeout=60) as plain,
        careless().wrap_socket(plain, server_hostname=NAME) as secured,
    ):
        throw(secured, raw, cut, False)
    assert https.rig.post(request()).startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"n":' * 10_000,
        b'[{"n":"' + b"\\u0000" * 10_000 + b'"}]',
        b'[{"n":"a","v":1e999999999}]',
        b'[{"n":"a","v":' + b"9" * 60_000 + b"}]",
        b'[{"bn":"urn:dev:IMEI:356726104408422:","bt":1e308,"n":"a","v":1}]',
        b'[{"bn":"urn:dev:IMEI:356726104408422:","bt":-1e308,"n":"a","t":-1e308,"v":1}]',
        b'[{"n":"a","vs":"\xff\xfe\xed\xa0\x80"}]',
        b"\x00" * 60_000,
        b'[' + b'{"n":"a","v":1},' * 4_000 + b'{"n":"a","v":NaN}]',
        "﻿[]".encode(),
        "[]".encode("utf-16"),
    ],
    ids=lambda body: repr(body[:14]),
)  # fmt: skip
def test_packs_made_to_break_parsers(https: Https, body: bytes) -> None:
    """With the right token: a verdict, a page that can be shown, and the next device is served."""
    assert https.rig.post(request(body)).split()[1] in (b"202", b"400", b"404")
    mine = [uplink for uplink in https.rig.platform.uplinks if uplink.body == body]
    assert mine[-1].as_dict()["outcome"] == mine[-1].outcome.value
    honest(https)
