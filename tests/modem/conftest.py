"""A driver on a virtual modem, with a real HTTP server behind its antenna."""

from __future__ import annotations

import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from harness.clock import RealClock
from harness.evidence import Timeline
from harness.modem import open_modem
from harness.modem.quectel_bg import QuectelBg
from harness.network.loop import LoopThread
from harness.virtual_modem import ModemNetwork, ModemSettings, Subscription, VirtualModem

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLATFORM = ("10.151.236.157", 80)
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nOK\r\n"


@dataclass
class Server:
    """Answers each request with the next of ``replies``; one without a length ends by closing.

    None is a silence, as when there is none left: said in advance, it cannot come to the answer of
    the next request when this one was slow to arrive.
    """

    replies: deque[bytes | None] = field(default_factory=deque)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.listener.getsockname()
        self.threads = [threading.Thread(target=self._serve, daemon=True)]
        self.threads[0].start()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.threads.append(threading.Thread(target=self._talk, args=(peer,), daemon=True))
            self.threads[-1].start()

    def _talk(self, peer: socket.socket) -> None:
        with peer:
            peer.settimeout(10)
            while request := self._request(peer):
                self.requests.append(request)
                reply = self.replies.popleft() if self.replies else None
                if reply is None:
                    continue
                peer.sendall(reply)
                if b"Content-Length:" not in reply:
                    return

    def _request(self, peer: socket.socket) -> bytes:
        got = b""
        while True:
            head, blank, body = got.partition(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            if blank and len(body) >= (int(length[1]) if length else 0):
                return got
            try:
                data = peer.recv(65536)
            except OSError:
                return b""
            if not data:
                return b""
            got += data


@dataclass
class Bench:
    """A driver, the virtual modem under it, and what is behind that."""

    modem: QuectelBg
    virtual: VirtualModem
    server: Server
    timeline: Timeline

    def attach(self, apn: str = "kpnthings2.m2m") -> str:
        self.modem.wait_ready(timeout_s=10)
        self.modem.wait_registered(timeout_s=10, poll_s=0.05)
        return self.modem.activate(apn)


Make = Callable[..., Bench]


@pytest.fixture(scope="session")
def loop() -> Iterator[LoopThread]:
    loop = LoopThread("test-io")
    yield loop
    loop.close()


@pytest.fixture
def bench(loop: LoopThread) -> Iterator[Make]:
    """Makes benches: ``bench(settings=…, subscription=…)``."""
    made: list[Bench] = []

    def make(
        *, settings: ModemSettings | None = None, subscription: Subscription | None = None
    ) -> Bench:
        clock = RealClock(NOON)
        timeline = Timeline(None, clock)
        server = Server()
        virtual = VirtualModem(
            "m", clock=clock, recorder=timeline, loop=loop,
            subscription=subscription or Subscription.of("plus"),
            network=ModemNetwork(routes={PLATFORM: server.address}),
            settings=settings or ModemSettings(),
        )  # fmt: skip
        modem = open_modem("quectel-bg", virtual.start(), name="m", recorder=timeline)
        assert isinstance(modem, QuectelBg)
        made.append(Bench(modem, virtual, server, timeline))
        return made[-1]

    yield make
    for one in made:
        one.modem.close()
        one.virtual.close()
        one.server.close()
