"""A virtual modem with a host at its port."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.clock import Deadline, RealClock, VirtualClock
from harness.evidence.timeline import Timeline
from harness.network.loop import LoopThread
from harness.virtual_modem import (
    ModemIdentity,
    ModemNetwork,
    ModemSettings,
    ModemState,
    Subscription,
    VirtualModem,
)
from tests.virtual_modem.served import Served, serve

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLATFORM = ("10.151.236.157", 80)


class Host:
    """The other end of a line, with plain os calls."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.line_end = b"\r"

    def read_until(self, *ends: bytes, timeout_s: float = 10.0) -> bytes:
        """All up to the first of ``ends``; fails the test when none comes."""
        got = b""
        deadline = Deadline.after(timeout_s)
        while not any(end in got for end in ends):
            if not select.select([self.fd], [], [], deadline.left())[0]:
                pytest.fail(f"none of {ends} in {got!r}")
            got += os.read(self.fd, 1)
        return got

    def write(self, data: bytes) -> None:
        """Payload, as it is."""
        os.write(self.fd, data)

    def ask(self, command: str, *ends: bytes) -> bytes:
        self.write(command.encode("latin-1") + self.line_end)
        return self.read_until(*(ends or (b"OK\r\n", b"\nERROR\r\n", b"E ERROR: ", b"S ERROR: ")))

    def boot(self) -> None:
        self.read_until(b"PB DONE\r\n")

    def close(self) -> None:
        os.close(self.fd)


@dataclass
class Bench:
    """What a test needs at hand."""

    modem: VirtualModem
    host: Host
    timeline: Timeline
    clock: VirtualClock | RealClock
    lookups: list[str]

    def attach(self, apn: str = "kpnthings2.m2m") -> None:
        registered(self.modem)
        self.host.ask("ATE0")
        self.host.ask(f'AT+QICSGP=1,1,"{apn}"')
        assert b"OK" in self.host.ask("AT+QIACT=1")


def registered(modem: VirtualModem) -> None:
    """Wait until the modem is registered."""
    there = threading.Event()
    modem.on_state(lambda state: there.set() if state.registered else None)
    assert modem.state.registered or there.wait(60)


def booted(modem: VirtualModem, state: str = "ready") -> None:
    """Wait until the modem listens, for families that do not say so; or for another state."""
    there = threading.Event()
    modem.on_state(lambda now: there.set() if now.state == state else None)
    assert modem.state.state == state or there.wait(60)


@contextmanager
def rebooting(modem: VirtualModem) -> Iterator[None]:
    """What happens inside restarts the modem; at the end it listens again."""
    down, up = threading.Event(), threading.Event()

    def watch(now: ModemState) -> None:
        if now.state == "booting":
            down.set()
        elif now.state == "ready" and down.is_set():
            up.set()

    modem.on_state(watch)
    yield
    assert up.wait(60)


@pytest.fixture(scope="session")
def loop() -> Iterator[LoopThread]:
    loop = LoopThread("test-io")
    yield loop
    loop.close()


Make = Callable[..., Bench]


@pytest.fixture
def bench(loop: LoopThread, tmp_path: Path) -> Iterator[Make]:
    """Makes benches: ``bench(settings=…, subscription=…, target=…)``."""
    made: list[Bench] = []

    def make(
        *,
        family: str = "quectel-bg",
        settings: ModemSettings | None = None,
        subscription: Subscription | None = None,
        target: tuple[str, int] | None = None,
        virtual: bool = False,
        identity: ModemIdentity | None = None,
        name: str | None = None,
        port: int = 80,
    ) -> Bench:
        clock = VirtualClock(NOON) if virtual else RealClock(NOON)
        timeline = Timeline(None, clock)
        lookups: list[str] = []
        modem = VirtualModem(
            "tracker", family, identity=identity, clock=clock, recorder=timeline, loop=loop,
            subscription=subscription or Subscription.of("plus"),
            network=ModemNetwork(
                routes={(PLATFORM[0], port): target} if target else {},
                lookup=lookups.append,
                names={name: PLATFORM[0]} if name else {},
            ),
            settings=replace(settings or ModemSettings(), witness=True, counted=False),
        )  # fmt: skip
        host = Host(modem.start())
        made.append(Bench(modem, host, timeline, clock, lookups))
        return made[-1]

    yield make
    for one in made:
        one.host.close()
        one.modem.close()
        one.clock.close()


@pytest.fixture
def server() -> Iterator[tuple[tuple[str, int], list[bytes]]]:
    """A TCP server that answers what it got with a 202, and remembers it."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(10)
                seen.append(peer.recv(65536))
                peer.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nOK\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname(), seen
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.fixture
def fuzzed(bench: Make) -> Bench:
    """A modem that is used for all examples of a test, as in the field."""
    one = bench()
    registered(one.modem)
    one.host.boot()
    return one


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A running ``hil modem``."""
    with serve(tmp_path) as one:
        yield one
