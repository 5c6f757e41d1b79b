"""TCP connections and HTTP exchanges, followed through a capture.

"Up" is what the client of a connection (who sent the SYN) sends, "down" what it gets. Sequence
numbers are compared modulo 2**32 (RFC 9293 §3.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.network.packets import Packet, is_client_hello, is_request

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Bytes:
    """A number of bytes each way: of IP packets (what is billed), and of TCP payload."""

    ip_up: int = 0
    ip_down: int = 0
    payload_up: int = 0
    payload_down: int = 0

    @property
    def total(self) -> int:
        """IP bytes both ways."""
        return self.ip_up + self.ip_down

    def __add__(self, other: Bytes) -> Bytes:
        return Bytes(
            self.ip_up + other.ip_up,
            self.ip_down + other.ip_down,
            self.payload_up + other.payload_up,
            self.payload_down + other.payload_down,
        )


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request with its response, seen on the wire.

    It begins at its request line and lasts until the next one of the connection; the handshake
    belongs to the first, the end of the connection to the last. So the exchanges of a connection
    add up to it. Pipelined requests in one segment count as one exchange.
    """

    client: Endpoint
    server: Endpoint
    request: str
    response: str
    bytes: Bytes
    packets: int
    started: float


@dataclass(frozen=True, slots=True)
class Connection:
    """One TCP connection."""

    client: Endpoint
    server: Endpoint
    bytes: Bytes
    packets: int
    retransmissions: int
    reset: bool
    established: bool  #: the three-way handshake was seen
    tls: bool  #: a ClientHello was seen
    started: float
    ended: float
    exchanges: tuple[Exchange, ...]


@dataclass(slots=True)
class _Seen:
    """Which part of one direction's sequence space was already seen."""

    base: int
    spans: list[tuple[int, int]] = field(default_factory=list)

    def again(self, seq: int, size: int) -> bool:
        """Record ``size`` sequence numbers from ``seq``; were any of them there before?"""
        start = (seq - self.base + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        end = start + size
        repeated, merged = False, []
        for low, high in self.spans:
            if high < start or end < low:
                merged.append((low, high))
                continue
            repeated = repeated or (low < end and start < high)
            start, end = min(start, low), max(end, high)
        merged.append((start, end))
        self.spans = merged
        return repeated


class _Follower:
    """Collects one connection."""

    def __init__(self, first: Packet) -> None:
        # without a SYN, who speaks from the higher port is taken for the client
        from_client = first.flags == "S" or ("S" not in first.flags and first.sport > first.dport)
        source, target = (first.src, first.sport), (first.dst, first.dport)
        self.client, self.server = (source, target) if from_client else (target, source)
        self.started = self.ended = first.ts
        self.packets = self.retransmissions = 0
        self.syn = self.answered = self.established = self.reset = self.tls = False
        self.closed_by: set[Endpoint] = set()
        self._seen: dict[Endpoint, _Seen] = {}
        self._marks: list[tuple[Packet, Bytes, int]] = []  # request, and what came before it
        self._responses: list[str] = []
        self._bytes = Bytes()

    @property
    def over(self) -> bool:
        return self.reset or len(self.closed_by) == 2

    def add(self, packet: Packet) -> None:
        source = (packet.src, packet.sport)
        up = source == self.client
        flags = packet.flags
        repeated = self._is_repeated(source, packet)
        self.retransmissions += repeated
        self.syn |= up and "S" in flags
        self.answered |= not up and "S" in flags and "A" in flags
        self.established |= self.syn and self.answered and up and "A" in flags
        self.reset |= "R" in flags
        if "F" in flags:
            self.closed_by.add(source)
        if packet.payload_len and not repeated:
            self._read(packet, up)
        size, payload = packet.length, packet.payload_len
        self._bytes += Bytes(size, 0, payload, 0) if up else Bytes(0, size, 0, payload)
        self.packets += 1
        self.ended = packet.ts

    def _is_repeated(self, source: Endpoint, packet: Packet) -> bool:
        size = packet.payload_len + ("S" in packet.flags) + ("F" in packet.flags)
        if not size:
            return False
        return self._seen.setdefault(source, _Seen(packet.seq)).again(packet.seq, size)

    def _read(self, packet: Packet, up: bool) -> None:
        payload = packet.payload
        self.tls |= up and is_client_hello(payload)
        if up and is_request(payload):
            self._marks.append((packet, self._bytes, self.packets))
            self._responses.append("")
        elif not up and self._marks and payload.startswith(b"HTTP/"):
            self._responses[-1] = self._responses[-1] or packet.info

    def finish(self) -> Connection:
        return Connection(
            self.client, self.server, self._bytes, self.packets, self.retransmissions, self.reset,
            self.established, self.tls, self.started, self.ended, tuple(self._exchanges()),
        )  # fmt: skip

    def _exchanges(self) -> Iterable[Exchange]:
        for index, (request, before, count) in enumerate(self._marks):
            first, last = index == 0, index + 1 == len(self._marks)
            low, seen = (Bytes(), 0) if first else (before, count)
            high, until = (self._bytes, self.packets) if last else self._marks[index + 1][1:]
            cost = Bytes(
                high.ip_up - low.ip_up,
                high.ip_down - low.ip_down,
                high.payload_up - low.payload_up,
                high.payload_down - low.payload_down,
            )
            yield Exchange(
                self.client, self.server, request.info, self._responses[index], cost,
                until - seen, request.ts,
            )  # fmt: skip


def follow(packets: Iterable[Packet]) -> tuple[Connection, ...]:
    """The TCP connections in a capture, in the order in which they began."""
    open_now: dict[frozenset[Endpoint], _Follower] = {}
    everything: list[_Follower] = []
    for packet in packets:
        if packet.proto != "TCP":
            continue
        key = frozenset(((packet.src, packet.sport), (packet.dst, packet.dport)))
        follower = open_now.get(key)
        if follower is None or (follower.over and packet.flags == "S"):  # the port is used again
            follower = open_now[key] = _Follower(packet)
            everything.append(follower)
        follower.add(packet)
    return tuple(follower.finish() for follower in everything)
