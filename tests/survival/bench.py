"""Crowds of rude clients, and an honest device beside them."""

from __future__ import annotations

import contextlib
import logging
import resource
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.clock import Deadline, pause
from harness.network.descriptors import allow_descriptors
from tests.platform.bench import SECRET, UUID, request
from tests.ready import facts_of
from tests.tls.https import NAME, Https, ip_request


def honest(https: Https) -> None:
    """A device of each kind is served as if nothing were."""
    assert https.rig.post(request()).startswith(b"HTTP/1.1 202 ")
    assert https.post(ip_request(host=NAME)).startswith(b"HTTP/1.1 202 ")


def need_descriptors(count: int) -> None:
    """Skip where this process may not have so many files open."""
    if allow_descriptors(count) < count:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        pytest.skip(f"needs {count} open files, the hard limit (ulimit -Hn) is {hard}")


@contextlib.contextmanager
def crowd(address: tuple[str, int], count: int) -> Iterator[list[socket.socket]]:
    """``count`` connections, non-blocking, in the order in which they were made."""
    sockets: list[socket.socket] = []
    try:
        for _ in range(count):
            sock = socket.create_connection(address, timeout=60)
            sock.setblocking(False)
            sockets.append(sock)
        yield sockets
    finally:
        for sock in sockets:
            sock.close()


def closed(sockets: Sequence[socket.socket]) -> list[bool]:
    """Of each, whether the server has ended it."""
    states = []
    for sock in sockets:
        try:
            states.append(sock.recv(65536) == b"")
        except BlockingIOError:
            states.append(False)
        except ConnectionError:
            states.append(True)
    return states


def drip(sockets: Sequence[socket.socket], data: bytes, gap_s: float) -> list[bytes]:
    """One byte of ``data`` to each every ``gap_s`` seconds, again and again, until the server has
    ended them all; what it said to each."""
    said = dict.fromkeys(sockets, b"")
    alive = set(sockets)
    deadline = Deadline.after(60)
    position = 0
    while alive:
        assert not deadline.expired, f"{len(alive)} are still open"
        for sock in tuple(alive):
            with contextlib.suppress(ConnectionError, BlockingIOError):
                sock.send(data[position % len(data) :][:1])
        position += 1
        pause(gap_s)
        for sock in select.select(list(alive), [], [], 0)[0]:
            try:
                more = sock.recv(65536)
            except ConnectionError:
                more = b""
            said[sock] += more
            if not more:
                alive.discard(sock)
    return list(said.values())


DEVICES = f"""devices:
  tracker-1: {{imei: "356726104408422", secret: {SECRET}}}
  probe-1: {{dvnuuid: {UUID}, secret: {SECRET}}}
"""


@dataclass(frozen=True)
class Bound:
    """Where a ``hil serve`` listens; ``ca`` is its authority's certificate."""

    http: tuple[str, int]
    https: tuple[str, int]
    pid: int
    ca: Path


@contextlib.contextmanager
def program(folder: Path) -> Iterator[Bound]:
    """``hil serve`` with both ports; it has to end well when it is asked to."""
    (folder / "devices.yaml").write_text(DEVICES)
    ready, ca = folder / "ready.json", folder / "ca.pem"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "serve", "--devices", str(folder / "devices.yaml"),
         "--https", "127.0.0.1:0", "--ca-out", str(ca), "--ready", str(ready), "--json"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        where = facts_of(process, ready)
        http, https = (where[name].split(":") for name in ("http", "https"))
        yield Bound((http[0], int(http[1])), (https[0], int(https[1])), process.pid, ca)
    finally:
        process.terminate()
        code = process.wait(60)
    assert code == 0


class Complaints(logging.Handler):
    """What asyncio says of callbacks that failed: a connection's defect shows nowhere else."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


@contextlib.contextmanager
def no_complaints() -> Iterator[None]:
    """Nothing fails inside the server meanwhile."""
    complaints = Complaints()
    logger = logging.getLogger("asyncio")
    logger.addHandler(complaints)
    try:
        yield
    finally:
        logger.removeHandler(complaints)
    assert complaints.heard == []
