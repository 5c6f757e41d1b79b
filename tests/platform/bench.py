"""A running platform and a raw client for the tests of this folder."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.clock import Deadline, VirtualClock
from harness.evidence import Timeline
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.facade import Platform
from harness.platform.registry import Registration, Registry
from harness.platform.settings import PlatformSettings
from harness.token import compute

SECRET = "0123456789ABCDEFGHIJabcdefghij"
UUID = "0b0e1f6e-7c44-4d0c-9f0e-0a5f2f3d9f11"
NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
BODY = (
    b'[{"bn":"urn:dev:IMEI:356726104408422:","bt":1700000000},'
    b'{"n":"temperature","u":"Cel","v":21.5}]'
)


def request(
    body: bytes = BODY,
    *,
    token: str | None = None,
    length: int | None = None,
    drop: str = "",
    extra: bytes = b"",
    eol: bytes = b"\r\n",
    line: bytes = b"POST /ingestion/m2m/senml/v1 HTTP/1.1",
    host: bytes = b"m.m",
) -> bytes:
    """The documented request for ``body``, with the deviations asked for."""
    headers = [
        (b"Host", host),
        (b"Things-Message-Token", (token or compute(body, SECRET)).encode()),
        (b"Content-Type", b"application/json"),
        (b"Content-Length", str(len(body) if length is None else length).encode()),
    ]
    kept = [name + b": " + value for name, value in headers if name.decode() != drop]
    return eol.join([line, *kept, *([extra] if extra else []), b"", body])


@dataclass
class Rig:
    platform: Platform
    clock: VirtualClock
    timeline: Timeline
    address: tuple[str, int]

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=60)

    def post(self, raw: bytes) -> bytes:
        """Send ``raw`` on a connection of its own and read until a whole answer or the end."""
        with self.connect() as sock:
            sock.sendall(raw)
            return read_answer(sock)

    def wait(self, count: int) -> None:
        """Wait until ``count`` uplinks are over."""
        done = self.platform.wait(
            lambda: sum(uplink.answered for uplink in self.platform.uplinks) >= count,
            Deadline.after(60),
        )
        assert done


def read_answer(sock: socket.socket) -> bytes:
    """One response by its Content-Length, or whatever came before the connection ended."""
    data = b""
    while True:
        head, blank, body = data.partition(b"\r\n\r\n")
        if blank:
            lengths = [
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            ]
            if len(body) >= lengths[0]:
                return data
        more = sock.recv(65536)
        if not more:
            return data
        data += more


@contextlib.contextmanager
def running(settings: PlatformSettings | None = None) -> Iterator[Rig]:
    """A platform with a tracker, a device without secret and an Internet device."""
    clock = VirtualClock(NOW)
    loop = LoopThread()
    timeline = Timeline(None, clock)
    registry = Registry(
        [
            Registration("tracker-1", imei="356726104408422", secret=SECRET),
            Registration("plain-1", imei="490154203237518"),
            Registration("probe-1", dvnuuid=UUID, secret=SECRET),
        ]
    )
    platform = Platform(
        registry, clock=clock, recorder=timeline, loop=loop, work=clock.work, settings=settings
    )
    try:
        yield Rig(platform, clock, timeline, platform.start(HostSockets()))
    finally:
        platform.stop()
        loop.close()
