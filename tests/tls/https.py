"""A platform with an HTTPS port, and clients of Python's own TLS (nothing of the harness')."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from harness.clock import Deadline
from harness.network.certificates import Authority
from harness.network.sockets import HostSockets
from harness.platform.secured import Handshake
from harness.platform.settings import PlatformSettings
from harness.platform.uplink import Uplink
from harness.token import compute
from tests.platform.bench import SECRET, UUID, Rig, read_answer, running

NAME = "prod.dm.kpnthings.com"
BODY = f'[{{"bn":"urn:dev:DVNUUID:{UUID}:","n":"temperature","u":"Cel","v":21.5}}]'.encode()
_AUTHORITY: list[Authority] = []


def authority() -> Authority:
    """One for all tests of a process: keys take time."""
    if not _AUTHORITY:
        _AUTHORITY.append(Authority.make())
    return _AUTHORITY[0]


def ip_request(
    body: bytes = BODY, *, path: str = "/ingestion/ip/senml/v1", host: str = ""
) -> bytes:
    """The documented request of an Internet device: token and length only."""
    lines = [f"POST {path} HTTP/1.1", *([f"Host: {host}"] if host else [])]
    lines += [f"Things-Message-Token: {compute(body, SECRET)}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def trusting(ca: Authority | None = None) -> ssl.SSLContext:
    """A client that verifies, with the bench's authority as its only trust anchor."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=(ca or authority()).pem.decode())
    return context


def careless() -> ssl.SSLContext:
    """A client that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass
class Https:
    rig: Rig
    address: tuple[str, int]

    @contextlib.contextmanager
    def connect(
        self, context: ssl.SSLContext | None = None, name: str | None = NAME
    ) -> Iterator[ssl.SSLSocket]:
        with (
            socket.create_connection(self.address, timeout=60) as plain,
            (context or trusting()).wrap_socket(plain, server_hostname=name) as secured,
        ):
            yield secured

    def post(self, raw: bytes, context: ssl.SSLContext | None = None) -> bytes:
        with self.connect(context) as sock:
            sock.sendall(raw)
            return read_answer(sock)

    def last(self) -> Uplink:
        self.rig.wait(1)
        return self.rig.platform.uplinks[-1]

    def handshake(self, count: int = 1) -> Handshake:
        """The newest of at least ``count`` handshakes."""
        platform = self.rig.platform
        assert platform.wait(lambda: len(platform.handshakes) >= count, Deadline.after(60))
        return platform.handshakes[-1]


@contextlib.contextmanager
def serving(settings: PlatformSettings | None = None) -> Iterator[Https]:
    with running(settings) as rig:
        yield Https(rig, rig.platform.start_https(HostSockets(), authority=authority()))
