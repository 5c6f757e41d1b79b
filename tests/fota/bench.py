"""A client of the file server that does as the documents say, unless a test wants otherwise."""

from __future__ import annotations

import json
import socket
import zlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.clock import Deadline
from harness.platform.fota.offer import FirmwareOffer
from harness.token import compute
from tests.platform.bench import SECRET, Rig, read_answer, request

IMEI = "356726104408422"
DEVICE = "tracker-1"
IMAGE = bytes(range(256)) * 4


@dataclass(frozen=True)
class Reply:
    """One answer of the file server."""

    first_line: str
    headers: dict[str, str]
    body: bytes

    @property
    def status(self) -> int:
        return int(self.first_line.split(" ")[1])

    @property
    def good(self) -> bool:
        return self.headers.get("Digest") == f"crc32={zlib.crc32(self.body):08x}"


def read_reply(sock: socket.socket) -> Reply | None:
    """None when the connection ended without one."""
    data = read_answer(sock)
    if not data:
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return Reply(first, dict(line.split(": ", 1) for line in lines), body)


def uplink(rig: Rig, records: str = '{"n":"temperature","v":20}') -> bytes:
    """Send an uplink of these records; the body of the answer."""
    body = f'[{{"bn":"urn:dev:IMEI:{IMEI}:"}},{records}]'.encode()
    return rig.post(request(body, token=compute(body, SECRET))).partition(b"\r\n\r\n")[2]


@dataclass
class Client:
    """Fetches parts as the device of an offer."""

    rig: Rig
    path: str
    token: str

    @classmethod
    def offered(cls, rig: Rig) -> Client:
        """Takes the offer that waits for the device with an uplink."""
        return cls.of(rig, uplink(rig))

    @classmethod
    def of(cls, rig: Rig, downlink: bytes) -> Client:
        records = {record.get("n"): record.get("vs") for record in json.loads(downlink)}
        return cls(rig, urlsplit(records["url"]).path, records["token"])

    def raw(self, *headers: str, method: str = "GET", host: str = "m.m") -> bytes:
        lines = [f"{method} {self.path} HTTP/1.1", f"Host: {host}", *headers, "", ""]
        return "\r\n".join(lines).encode()

    def part(self, asked: str) -> bytes:
        """The documented request for the bytes ``a-b``."""
        return self.raw(f"Authorization: Bearer {self.token}", f"Range: bytes={asked}")

    def fetch(self, raw: bytes) -> Reply | None:
        """Send on a connection of its own."""
        with self.rig.connect() as sock:
            sock.sendall(raw)
            return read_reply(sock)

    def get(self, asked: str) -> Reply:
        reply = self.fetch(self.part(asked))
        assert reply is not None
        return reply


def offer(rig: Rig, requests: int = 0) -> FirmwareOffer:
    """The newest offer, once so many of its requests are over."""
    done = rig.platform.wait(
        lambda: len(rig.platform.firmware.all()[-1].parts) >= requests, Deadline.after(60)
    )
    assert done
    return rig.platform.firmware.all()[-1]


def found(rig: Rig, requests: int) -> list[tuple[str, str]]:
    """Requirement and severity of all that was found."""
    return [(item.requirement, item.severity) for item in offer(rig, requests).findings]
