"""DNS queries (RFC 1035), as far as a network without DNS needs them."""

from __future__ import annotations

import select
import socket
import struct
from dataclasses import dataclass

DNS_PORT = 53
TYPES = {1: "A", 2: "NS", 5: "CNAME", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a query; ``answer`` holds the bytes if somebody did answer."""

    hostname: str
    resolver: str
    answer: bytes | None
    reason: str

    @property
    def answered(self) -> bool:
        return self.answer is not None


def query(hostname: str, number: int = 1, kind: int = 1) -> bytes:
    """A recursive query for one name. Raises ValueError for a name DNS cannot carry."""
    body = b""
    for label in hostname.rstrip(".").split("."):
        encoded = label.encode("ascii" if label.isascii() else "idna")
        if not 0 < len(encoded) < 64:
            raise ValueError(f"not a host name: {hostname!r}")
        body += bytes([len(encoded)]) + encoded
    if len(body) > 254:
        raise ValueError(f"host name of {len(body)} bytes is longer than 254")
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + body + struct.pack(">xHH", kind, 1)


@dataclass(frozen=True, slots=True)
class Question:
    """The first question of a DNS message."""

    name: str
    kind: str
    response: bool

    def __str__(self) -> str:
        return f"DNS {'response' if self.response else 'query'} {self.kind} {self.name}"


def question(message: bytes) -> Question | None:
    """The first question of a message; None for bytes that are no DNS."""
    if len(message) < 17 or struct.unpack_from(">H", message, 4)[0] == 0:
        return None
    labels, at = [], 12
    while at < len(message) and message[at]:
        length = message[at]
        if length > 63 or at + 1 + length >= len(message):
            return None
        labels.append(message[at + 1 : at + 1 + length].decode("ascii", "backslashreplace"))
        at += 1 + length
    if at + 5 > len(message):
        return None
    (kind,) = struct.unpack_from(">H", message, at + 1)
    return Question(".".join(labels) or ".", TYPES.get(kind, str(kind)), bool(message[2] & 0x80))


def ask(sock: socket.socket, hostname: str, resolver: str, timeout_s: float) -> Outcome:
    """Send one query by a UDP socket and wait for its answer, at most ``timeout_s``."""
    try:
        sock.connect((resolver, DNS_PORT))  # so that an ICMP refusal is told
        sock.send(query(hostname))
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        if not poll.poll(timeout_s * 1000):
            return Outcome(
                hostname, resolver, None, f"no answer from {resolver} in {timeout_s:g} s"
            )
        return Outcome(hostname, resolver, sock.recv(4096), "answered")
    except OSError as error:
        return Outcome(hostname, resolver, None, f"{resolver}: {error.strerror or error}")
