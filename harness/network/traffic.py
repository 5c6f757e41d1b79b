"""Traffic facts: what a device did on the network, from its captured packets.

Serves NET-ADDR, NET-NODNS, NET-PLAIN, NET-TLS and NET-COST.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.network import dns
from harness.network.packets import Packet, of_address, read_packets
from harness.network.streams import Bytes, Connection, Endpoint, Exchange, follow


@dataclass(frozen=True, slots=True)
class TrafficSummary:
    """Facts about a capture, of one device or of all."""

    packets: int
    bytes: Bytes
    connections: tuple[Connection, ...]
    dns_queries: tuple[str, ...]  #: names asked for, in order
    peers: tuple[Endpoint, ...]  #: (address, port) that were contacted, in order of first contact
    device: str | None = None  #: the address these facts are limited to

    @classmethod
    def of(cls, packets: Iterable[Packet], device: str | None = None) -> Self:
        """Summarise packets; ``device`` limits them to those from and to that address."""
        chosen = list(packets) if device is None else of_address(packets, device)
        connections = follow(chosen)
        asked = []
        peers: dict[Endpoint, None] = {}
        total = sum((connection.bytes for connection in connections), Bytes())
        for packet in chosen:
            if packet.proto == "TCP" and packet.flags == "S":
                peers.setdefault((packet.dst, packet.dport))
            if packet.proto != "UDP":
                continue
            size, payload = packet.length, packet.payload_len
            up = packet.src == device if device is not None else packet.sport > packet.dport
            total += Bytes(size, 0, payload, 0) if up else Bytes(0, size, 0, payload)
            if up:
                peers.setdefault((packet.dst, packet.dport))
            question = dns.question(packet.payload) if packet.dport == dns.DNS_PORT else None
            if question is not None and not question.response:
                asked.append(question.name)
        for connection in connections:  # those that were open before the capture began
            peers.setdefault(connection.server)
        return cls(len(chosen), total, connections, tuple(asked), tuple(peers), device)

    @classmethod
    def read(cls, path: Path, device: str | None = None) -> Self:
        """Summarise a pcap file. Raises :class:`~harness.network.pcap.CaptureUnreadable`."""
        return cls.of(read_packets(path), device)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """HTTP exchanges (uplinks), in order of their requests."""
        found = [one for connection in self.connections for one in connection.exchanges]
        return tuple(sorted(found, key=lambda exchange: exchange.started))

    @property
    def tls_hellos(self) -> int:
        """Connections on which a TLS ClientHello was seen."""
        return sum(connection.tls for connection in self.connections)

    @property
    def retransmissions(self) -> int:
        return sum(connection.retransmissions for connection in self.connections)

    @property
    def resets(self) -> int:
        """Connections that were reset by either side."""
        return sum(connection.reset for connection in self.connections)

    def peers_other_than(self, host: str, port: int) -> tuple[Endpoint, ...]:
        """Who was contacted besides the platform."""
        return tuple(peer for peer in self.peers if peer != (host, port))
