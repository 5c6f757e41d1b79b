"""A control server in this process, and raw HTTP to it: every header is the test's own."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from harness.clock import NO_WORK, RealClock
from harness.evidence import Timeline
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.control.access import OWN_MACHINE, Access
from harness.platform.control.feed import Feed
from harness.platform.control.patience import USUAL, Patience
from harness.platform.control.server import ControlServer
from harness.platform.facade import Platform
from harness.platform.registry import Registration, Registry
from harness.platform.settings import PlatformSettings
from tests.platform.bench import SECRET

TOKEN = "Bench-Control_Token.0123~"
IMEI = "356726104408422"


@dataclass(frozen=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        return str(json.loads(self.body)["error"])

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Controlled:
    """A running control server."""

    address: tuple[str, int]
    timeline: Timeline
    platform: Platform

    @property
    def host(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.address[1]), timeout=60)

    def ask(
        self, path: str, headers: dict[str, str] | None = None, *,
        method: str = "GET", body: bytes | None = None,
    ) -> Answer:  # fmt: skip
        """One request; ``Host`` is right unless ``headers`` has another, or "" for none."""
        fields = {"Host": self.host, "Connection": "close", **(headers or {})}
        if body is not None:
            fields |= {"Content-Length": str(len(body)), "Content-Type": "application/json"}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in fields.items() if value
        )
        with self.connect() as sock:
            sock.sendall(head.encode("latin-1") + b"\r\n" + (body or b""))
            return read_all(sock)

    def order(self, headers: dict[str, str] | None = None) -> Answer:
        """An order that is good in itself."""
        body = b'{"device": "tracker-1", "records": [{"n": "led", "vb": true}]}'
        return self.ask("/api/downlinks", headers, method="POST", body=body)


def read_all(sock: socket.socket) -> Answer:
    """An answer up to the end of the connection."""
    raw = b""
    while more := sock.recv(65_536):
        raw += more
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    return Answer(int(first.split(" ")[1]), headers, body)


@contextmanager
def controlled(
    access: Access = OWN_MACHINE,
    host: str = "127.0.0.1",
    keep: int = 10_000,
    settings: PlatformSettings | None = None,
    patience: Patience = USUAL,
) -> Iterator[Controlled]:
    """A platform with the device tracker-1 and its control server, until the end of the block."""
    clock, loop = RealClock(), LoopThread()
    timeline = Timeline(None, clock, keep=keep)
    timeline.redactor.add("secret of tracker-1", SECRET)
    registry = Registry([Registration("tracker-1", imei=IMEI, secret=SECRET)])
    platform = Platform(
        registry, clock=clock, recorder=timeline, loop=loop, work=NO_WORK, settings=settings
    )
    feed = Feed(timeline)
    server = ControlServer(platform, feed, timeline.redactor, access, patience)
    try:
        bound = server.start(HostSockets(), host, 0)
        yield Controlled(bound, timeline, platform)
    finally:
        server.stop()
        platform.stop()
        loop.close()
        clock.close()
