"""What a captured frame says: Ethernet or raw IP, IPv4/IPv6, TCP, UDP, ICMP; by ``struct``.

No frame makes the parser raise: what cannot be understood is a :class:`Packet` with the little
that is known. Deep inspection is scapy's work (:mod:`harness.network.dissect`).
"""

from __future__ import annotations

import functools
import socket
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from harness.network import dns, pcap

_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58
_IP4 = struct.Struct(">BxHxxHxB2x4s4s")
_TCP_HEAD = struct.Struct(">HHIIBB")
_FLAGS = tuple(
    "".join(letter for bit, letter in enumerate("FSRPAUEC") if value >> bit & 1)
    for value in range(256)
)
_METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"PATCH ", b"OPTIONS ")
_ICMP_KINDS = {0: "echo reply", 3: "unreachable", 8: "echo request", 11: "time exceeded"}


class Packet(NamedTuple):
    """One frame. A tuple, because there may be a hundred thousand of them."""

    ts: float  #: host wall time, seconds since 1970
    src: str
    dst: str
    proto: str  #: TCP, UDP, ICMP, ARP, IPv6/58 …
    sport: int = 0
    dport: int = 0
    flags: str = ""  #: TCP flags by letter: S, SA, PA, FA, R …
    seq: int = 0
    ack: int = 0
    length: int = 0  #: bytes of the IP packet (of the whole frame where there is no IP)
    payload_len: int = 0  #: bytes that TCP or UDP carries, on the wire
    frame: bytes = b""  #: the frame as captured
    start: int = 0  #: where in the frame the payload begins (the header, for ICMP and ARP)
    link: int = pcap.ETHERNET

    @property
    def payload(self) -> bytes:
        """What TCP or UDP carries, as far as it was captured."""
        return self.frame[self.start : self.start + self.payload_len] if self.payload_len else b""

    @property
    def info(self) -> str:
        """One line for people: request line, status line, DNS question, TLS hello."""
        if self.proto == "TCP":
            return tcp_info(self.payload)
        if self.proto == "UDP" and dns.DNS_PORT in (self.sport, self.dport):
            return str(dns.question(self.payload) or "")
        if self.proto == "ICMP":
            kind = self.frame[self.start]
            return f"ICMP {_ICMP_KINDS.get(kind, kind)}"
        if self.proto == "ARP":
            asked = self.frame[self.start + 7] == 1
            return f"ARP who has {self.dst}" if asked else f"ARP {self.src} is here"
        return ""


def read_packets(path: Path) -> list[Packet]:
    """All packets of a capture. Raises :class:`~harness.network.pcap.CaptureUnreadable`."""
    link, frames = pcap.read(path)
    return [parse_frame(frame, ns / 1e9, link, length) for ns, length, frame in frames]


@functools.lru_cache(maxsize=4096)
def _dotted(packed: bytes) -> str:
    return socket.inet_ntoa(packed)


def of_address(packets: Iterable[Packet], address: str) -> list[Packet]:
    """Packets from and to one address: the filter by device."""
    return [packet for packet in packets if address in (packet.src, packet.dst)]


def parse_frame(
    frame: bytes, ts: float = 0.0, link: int = pcap.ETHERNET, length: int | None = None
) -> Packet:
    """Understand one frame; never raises. ``length`` is what was on the wire, if cut."""
    wire = len(frame) if length is None else length
    if link == pcap.RAW_IP:
        kind, at = (0x86DD if frame[:1] and frame[0] >> 4 == 6 else 0x0800), 0
    elif len(frame) < 14:
        return Packet(ts, "", "", "short frame", length=wire, frame=frame, link=link)
    else:
        kind, at = frame[12] << 8 | frame[13], 14
        if kind == 0x8100 and len(frame) >= 18:  # IEEE 802.1Q tag
            kind, at = frame[16] << 8 | frame[17], 18
    if kind == 0x0800 and len(frame) >= at + 20:
        return _ip4(frame, at, ts, link)
    if kind == 0x86DD and len(frame) >= at + 40:
        return _ip6(frame, at, ts, link)
    if kind == 0x0806 and len(frame) >= at + 28:
        src, dst = _dotted(frame[at + 14 : at + 18]), _dotted(frame[at + 24 : at + 28])
        return Packet(ts, src, dst, "ARP", length=wire, frame=frame, start=at, link=link)
    name = f"ethertype 0x{kind:04x}"
    return Packet(ts, "", "", name, length=wire, frame=frame, link=link)


def _ip4(frame: bytes, at: int, ts: float, link: int) -> Packet:
    first, total, fragment, protocol, src, dst = _IP4.unpack_from(frame, at)
    size = (first & 15) * 4
    # total 0: left to the card by segmentation offload; the frame's own length tells
    total = total or len(frame) - at
    later = fragment & 0x1FFF  # not the first fragment: no ports to be read
    return _transport(
        frame, at + size, at + total, 0 if later else protocol, f"IP/{protocol}", ts,
        _dotted(src), _dotted(dst), total, link,
    )  # fmt: skip


def _ip6(frame: bytes, at: int, ts: float, link: int) -> Packet:
    length, protocol = struct.unpack_from(">HB", frame, at + 4)
    src = socket.inet_ntop(socket.AF_INET6, frame[at + 8 : at + 24])
    dst = socket.inet_ntop(socket.AF_INET6, frame[at + 24 : at + 40])
    total = 40 + length
    return _transport(
        frame, at + 40, at + total, protocol, f"IPv6/{protocol}", ts, src, dst, total, link
    )


def _transport(
    frame: bytes, at: int, end: int, protocol: int, name: str, ts: float, src: str, dst: str,
    total: int, link: int,
) -> Packet:  # fmt: skip
    """``at`` is where the transport header starts, ``end`` where the IP packet does end."""
    if protocol == _TCP and len(frame) >= at + 20:
        sport, dport, seq, ack, offset, flags = _TCP_HEAD.unpack_from(frame, at)
        start = at + max(20, (offset >> 4) * 4)
        return Packet(
            ts, src, dst, "TCP", sport, dport, _FLAGS[flags], seq, ack, total,
            max(0, end - start), frame, start, link,
        )  # fmt: skip
    if protocol == _UDP and len(frame) >= at + 8:
        sport, dport = struct.unpack_from(">HH", frame, at)
        return Packet(
            ts, src, dst, "UDP", sport, dport, "", 0, 0, total,
            max(0, end - at - 8), frame, at + 8, link,
        )  # fmt: skip
    if protocol == _ICMP and len(frame) > at:
        name = "ICMP"
    elif protocol == _ICMP6:
        name = "ICMPv6"
    return Packet(ts, src, dst, name, length=total, frame=frame, start=at, link=link)


def is_request(payload: bytes) -> bool:
    """Does this segment start with an HTTP request line?"""
    return payload.startswith(_METHODS)


def is_client_hello(payload: bytes) -> bool:
    """A TLS record of type handshake that starts with a ClientHello (RFC 8446 §4, §5.1)."""
    return len(payload) > 5 and payload[0] == 22 and payload[1] == 3 and payload[5] == 1


def tcp_info(payload: bytes) -> str:
    """The request or status line, ``TLS ClientHello``, or nothing."""
    if is_request(payload) or payload.startswith(b"HTTP/"):
        return payload.split(b"\n", 1)[0][:200].strip().decode("latin-1")
    if is_client_hello(payload):
        return "TLS ClientHello"
    return ""
