"""The parser against crafted and random frames, and pcap files against scapy."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

from harness.network import dns, pcap
from harness.network.packets import Packet, parse_frame, read_packets

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
MODEM, PLATFORM = "100.64.0.1", "10.151.236.157"
LINK = ETHER / IP(src=MODEM, dst=PLATFORM)


def parsed(frame: Any, link: int = pcap.ETHERNET) -> Packet:
    """What our parser makes of scapy's frame."""
    return parse_frame(bytes(frame), 1.5, link)


def test_tcp_fields() -> None:
    """Addresses, ports, flags, numbers and lengths are those that scapy put in."""
    frame = LINK / TCP(sport=1025, dport=80, flags="PA", seq=7, ack=9) / Raw(b"GET / HTTP/1.1\r\n")
    packet = parsed(frame)
    assert packet[:10] == (1.5, MODEM, PLATFORM, "TCP", 1025, 80, "PA", 7, 9, 56)
    assert (packet.payload, packet.payload_len) == (b"GET / HTTP/1.1\r\n", 16)
    assert packet.info == "GET / HTTP/1.1"


def test_ethernet_padding_is_no_payload() -> None:
    """Bytes that pad a short frame to 60 are not counted as payload."""
    packet = parsed(LINK / TCP(flags="A") / Raw(b""))
    padded = parse_frame(packet.frame + bytes(6), 1.5)
    assert (padded.payload, padded.payload_len, padded.length) == (b"", 0, 40)


def test_options_are_skipped() -> None:
    """IP and TCP options move the payload, and nothing else."""
    packet = parsed(
        ETHER
        / IP(src=MODEM, dst=PLATFORM, options=b"\x94\x04\x00\x00")
        / TCP(options=[("MSS", 1400), ("Timestamp", (1, 2))])
        / Raw(b"abc")
    )
    assert (packet.proto, packet.payload) == ("TCP", b"abc")


@pytest.mark.parametrize(
    ("frame", "proto", "info"),
    [
        (LINK / ICMP(type=3, code=3), "ICMP", "ICMP unreachable"),
        (ETHER / ARP(op=1, psrc=MODEM, pdst=PLATFORM), "ARP", f"ARP who has {PLATFORM}"),
        (ETHER / ARP(op=2, psrc=MODEM, pdst=PLATFORM), "ARP", f"ARP {MODEM} is here"),
        (LINK / UDP(dport=53) / DNS(qd=DNSQR(qname="m.m")), "UDP", "DNS query A m.m"),
        (LINK / UDP(dport=53) / DNS(qr=1, qd=DNSQR(qname="m.m", qtype="AAAA")), "UDP",
         "DNS response AAAA m.m"),
        (LINK / TCP() / Raw(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"), "TCP", "TLS ClientHello"),
        (ETHER / Dot1Q(vlan=7) / IP() / UDP(), "UDP", ""),
        (ETHER / IPv6() / TCP() / Raw(b"HTTP/1.1 202 Accepted\r\n"), "TCP",
         "HTTP/1.1 202 Accepted"),
        (LINK / IP(proto=47), "IP/4", ""),
        (ETHER / IP(frag=100, proto=6) / Raw(bytes(40)), "IP/6", ""),
    ],
)  # fmt: skip
def test_what_a_frame_says(frame: Any, proto: str, info: str) -> None:
    """Protocols are named, and one line says what matters."""
    packet = parsed(frame)
    assert (packet.proto, packet.info) == (proto, info)


def test_raw_ip_links() -> None:
    """Captures of tunnels have no Ethernet header; the packet reads the same."""
    frame = IP(src=MODEM, dst=PLATFORM) / UDP(sport=1, dport=2) / Raw(b"x")
    packet = parsed(frame, pcap.RAW_IP)
    assert (packet.src, packet.dport, packet.payload) == (MODEM, 2, b"x")


VALID = bytes(LINK / TCP(flags="PA") / Raw(b"POST / HTTP/1.1\r\n"))
QUERY = bytes(LINK / UDP(sport=9, dport=53) / DNS(qd=DNSQR(qname="prod.dm.kpnthings.com")))


@given(st.binary(max_size=200), st.sampled_from([pcap.ETHERNET, pcap.RAW_IP]))
@example(b"", pcap.RAW_IP)
def test_any_bytes_are_a_packet(frame: bytes, link: int) -> None:
    """No bytes make the parser raise, and the frame is kept."""
    assert parse_frame(frame, link=link).frame == frame


@given(
    st.sampled_from([VALID, QUERY]),
    st.integers(0, 90),
    st.lists(st.tuples(st.integers(12, 80), st.integers(0, 255)), max_size=4),
)
def test_damaged_frames_are_packets(frame: bytes, cut: int, flips: list[tuple[int, int]]) -> None:
    """Frames cut short or with wrong bytes are understood as far as they go."""
    damaged = bytearray(frame)
    for at, value in flips:
        if at < len(damaged):
            damaged[at] = value
    packet = parse_frame(bytes(damaged[: max(0, len(damaged) - cut)]))
    assert len(packet.payload) <= len(packet.frame)


@given(st.binary(max_size=80))
def test_any_bytes_can_be_asked_for_their_question(message: bytes) -> None:
    """DNS messages of any bytes give a question or none."""
    asked = dns.question(message)
    assert asked is None or isinstance(asked.name, str)


@given(st.lists(st.text("abcdefghij-0123456789", min_size=1, max_size=63), min_size=1, max_size=3))
def test_queries_read_back(labels: list[str]) -> None:
    """What we ask for is what is read, by us and by scapy."""
    name = ".".join(labels)
    message = dns.query(name)
    assert dns.question(message) == dns.Question(name, "A", response=False)
    assert DNS(message).qd[0].qname.decode() == name + "."


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64, ".".join(["x" * 63] * 5)])
def test_impossible_names_are_refused(name: str) -> None:
    """Names that DNS cannot carry are refused before anything is sent."""
    with pytest.raises(ValueError, match=r"host name"):
        dns.query(name)


@given(st.lists(st.tuples(st.integers(0, 2**62), st.binary(max_size=60)), max_size=5), st.data())
def test_pcap_round_trip(frames: list[tuple[int, bytes]], data: st.DataObject) -> None:
    """Frames and nanoseconds come back; a file cut anywhere gives whole frames only."""
    frames = [(time % (2**32 * 10**9), frame) for time, frame in frames]
    content = pcap.header(pcap.ETHERNET) + b"".join(pcap.record(*one) for one in frames)
    _, read = pcap.parse(content)
    assert [(time, frame) for time, _, frame in read] == frames
    cut = data.draw(st.integers(24, len(content)))
    _, read = pcap.parse(content[:cut])
    got = [(time, frame) for time, _, frame in read]
    assert got == frames[: len(got)]


def test_scapys_files_are_read(tmp_path: Path) -> None:
    """A file written by scapy is read with its times."""
    frame = LINK / UDP(sport=1, dport=2) / Raw(b"hello")
    frame.time = 1_700_000_000.25
    wrpcap(str(tmp_path / "theirs.pcap"), [frame])
    (packet,) = read_packets(tmp_path / "theirs.pcap")
    assert packet.ts == pytest.approx(1_700_000_000.25, abs=1e-6)
    assert packet.payload == b"hello"


@pytest.mark.parametrize("order", "<>")
def test_files_in_microseconds_are_read(order: str) -> None:
    """Files of older programs count microseconds, in either byte order."""
    head = struct.pack(f"{order}IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    body = struct.pack(f"{order}IIII", 1_700_000_000, 250_000, 3, 60) + b"abc"
    link, frames = pcap.parse(head + body)
    assert (link, list(frames)) == (1, [(1_700_000_000_250_000_000, 60, b"abc")])


def test_what_is_no_capture_is_refused(tmp_path: Path) -> None:
    """A text file and a missing file are errors that name the file."""
    (tmp_path / "x.pcap").write_text("these are not the packets you are looking for")
    with pytest.raises(pcap.CaptureUnreadable, match=r"x\.pcap is no pcap file"):
        read_packets(tmp_path / "x.pcap")
    with pytest.raises(pcap.CaptureUnreadable, match=r"y\.pcap: No such file"):
        read_packets(tmp_path / "y.pcap")
