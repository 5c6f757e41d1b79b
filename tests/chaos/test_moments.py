"""Windows of maintenance that begin or end at any moment, and the platform's end."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta

import pytest

from harness.clock import VirtualClock
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.chaos import Chaos, Latency, Maintenance
from harness.platform.connection import Connection
from harness.platform.evidence import NO_EVIDENCE, Evidence
from harness.platform.server import IngestionServer
from tests.interleaved import Elsewhere, at_every_line
from tests.platform.bench import NOW, Rig, request

Pair = tuple[Callable[[], object], Callable[[], object]]


def test_a_rule_is_added_as_a_window_begins() -> None:
    """Whatever is done about other rules just then: nobody listens while the window lasts."""
    listening: list[bool] = []
    made: list[Elsewhere] = []

    def make() -> Pair:
        clock = VirtualClock(NOW)
        chaos = Chaos(clock, Evidence(NO_EVIDENCE), lambda device: None, listening.append)
        start = NOW + timedelta(seconds=10)
        chaos.add(Maintenance(start, start + timedelta(hours=1), "refuse-connections"))
        listening.clear()
        made[:] = [Elsewhere(lambda: clock.advance(10))]
        return lambda: chaos.add(Latency(1.0)), made[0]

    for _ in at_every_line(Chaos._changed, make):
        made[0].over()
        assert listening == [False]


def test_the_end_comes_as_a_window_ends(rig: Rig) -> None:
    """A server that is told to listen again and to stop: nobody listens in the end."""
    loop = LoopThread()
    made: list[tuple[Elsewhere, tuple[str, int]]] = []
    servers: list[IngestionServer] = []

    def make() -> Pair:
        server = IngestionServer(rig.platform._ingestion, loop)
        servers.append(server)
        address = server.start(HostSockets(), "127.0.0.1", 0)
        server.listen(False)
        made[:] = [(Elsewhere(server.stop), address)]
        return lambda: server.listen(True), made[0][0]

    try:
        for _ in at_every_line(IngestionServer.listen, make):
            made[0][0].over()
            with pytest.raises(ConnectionRefusedError), socket.create_connection(made[0][1], 10):
                pass
    finally:
        for server in servers:
            server.stop()
        loop.close()


def test_a_client_that_comes_just_before_the_end_is_dropped(rig: Rig) -> None:
    """The connection was taken, and nobody had been told of it yet: it does not outlive the end."""
    loop = LoopThread()
    ingestion = rig.platform._ingestion

    def gate(connections: set[Connection]) -> Connection:
        loop.loop.call_soon(server._stop)
        return Connection(ingestion, connections)

    server = IngestionServer(ingestion, loop, gate)
    address = server.start(HostSockets(), "127.0.0.1", 0)
    try:
        with socket.create_connection(address, timeout=60) as client:
            try:
                client.sendall(request())
                answer = client.recv(4096)
            except ConnectionError:
                answer = b""
            assert answer == b""
    finally:
        server.stop()
        loop.close()
