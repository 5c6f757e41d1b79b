"""Capture on real links: completeness, files, faults."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from harness.network import pcap
from harness.network.capture import Capture, CaptureFailed
from harness.network.dissect import dissect
from harness.network.packets import Packet, of_address, read_packets
from harness.network.private import PrivateNetwork
from harness.network.traffic import TrafficSummary

from .talk import PLATFORM, REQUEST, RESPONSE, connect, exchange, receive

pytestmark = pytest.mark.netns


def test_handshake_and_payload_are_captured(network: PrivateNetwork, tmp_path: Path) -> None:
    """The whole conversation is in the file: handshake, request, response, end."""
    with network.platform_sockets.listener(*PLATFORM) as listener:
        with network.capture(tmp_path / "x.pcap") as capture:
            exchange(listener, network.modem_sockets("tracker-1"))
        summary = capture.stop()
    packets = [packet for packet in read_packets(summary.file) if packet.proto == "TCP"]
    assert [packet.flags for packet in packets[:3]] == ["S", "SA", "A"]
    assert carried(p for p in packets if p.dport == 80) == REQUEST
    assert carried(p for p in packets if p.sport == 80) == RESPONSE
    assert sum("F" in packet.flags for packet in packets) == 2
    assert (summary.packets, summary.dropped) == (len(read_packets(summary.file)), 0)


def test_packets_can_be_read_while_it_runs(network: PrivateNetwork, tmp_path: Path) -> None:
    """``packets()`` holds everything sent before the call, again and again."""
    with (
        network.platform_sockets.listener(*PLATFORM) as listener,
        network.capture(tmp_path / "x.pcap") as capture,
    ):
        for round_ in (1, 2, 3):
            exchange(listener, network.modem_sockets("tracker-1"))
            requests = [p for p in capture.packets() if p.info.startswith("POST ")]
            assert len(requests) == round_


def test_a_dns_query_is_seen(network: PrivateNetwork, tmp_path: Path) -> None:
    """A query to a resolver that does not exist still shows on the link, with its name."""
    with network.capture(tmp_path / "x.pcap") as capture:
        network.dns_query("tracker-2", "prod.dm.kpnthings.com", timeout_s=0)
        packets = capture.packets()
    assert TrafficSummary.of(packets).dns_queries == ("prod.dm.kpnthings.com",)
    assert TrafficSummary.of(packets, network.address_of("tracker-1")).dns_queries == ()


def test_devices_are_told_apart(network: PrivateNetwork, tmp_path: Path) -> None:
    """The facts of one device leave the other's traffic out."""
    with (
        network.platform_sockets.listener(*PLATFORM) as listener,
        network.capture(tmp_path / "x.pcap") as capture,
    ):
        for name in ("tracker-1", "tracker-2", "tracker-2"):
            exchange(listener, network.modem_sockets(name))
        packets = capture.packets()
    counts = [
        len(TrafficSummary.of(packets, network.address_of(name)).exchanges)
        for name in ("tracker-1", "tracker-2")
    ]
    assert counts == [1, 2]


def test_frames_are_honest(network: PrivateNetwork, tmp_path: Path) -> None:
    """No offload: a bulk transfer shows as frames of at most one MTU, with right checksums."""
    body = os.urandom(200_000)
    with (
        network.platform_sockets.listener(*PLATFORM) as listener,
        network.capture(tmp_path / "x.pcap") as capture,
    ):
        ours, theirs = connect(listener, network.modem_sockets("tracker-1"))
        with ours, theirs:
            theirs.setblocking(True)
            for at in range(0, len(body), 10_000):
                ours.sendall(body[at : at + 10_000])
                assert receive(theirs, 10_000) == body[at : at + 10_000]
    packets = [p for p in capture.packets() if p.proto == "TCP" and p.dport == 80]
    assert carried(packets) == body
    assert max(p.length for p in packets) <= 1500
    assert all(checksum_holds(p.frame[14:]) for p in packets)


def carried(packets: Iterable[Packet]) -> bytes:
    """The stream of one direction from its SYN on. A busy kernel sends a segment twice when its
    acknowledgement takes a few milliseconds (RFC 8985 §7)."""
    stream, first = bytearray(), 0
    for packet in packets:
        if "S" in packet.flags:
            first = packet.seq + 1
        at = (packet.seq - first) % 2**32
        if packet.payload:
            assert at <= len(stream), "a gap"
            stream[at : at + len(packet.payload)] = packet.payload
    return bytes(stream)


def checksum_holds(packet: bytes) -> bool:
    """RFC 9293 §3.1: the ones' complement sum over pseudo-header and segment is all ones."""
    segment = packet[20:]
    data = packet[12:20] + bytes([0, 6]) + len(segment).to_bytes(2, "big") + segment
    data += bytes(len(data) % 2)
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF


def test_a_burst_is_complete(network: PrivateNetwork, tmp_path: Path) -> None:
    """Several thousand datagrams as fast as they go: each is in the file, in order."""
    count = 5000
    with (
        network.capture(tmp_path / "x.pcap") as capture,
        network.modem_sockets("tracker-1").datagram() as sock,
    ):
        sock.setblocking(True)
        sock.connect(("192.0.2.1", 9))
        for number in range(count):
            sock.send(number.to_bytes(4, "big"))
    datagrams = [p for p in capture.packets() if p.proto == "UDP"]
    assert [int.from_bytes(p.payload, "big") for p in datagrams] == list(range(count))
    assert capture.stop().dropped == 0


def test_loopback_frames_appear_once_and_whole(tmp_path: Path) -> None:
    """On ``lo`` the kernel shows each frame twice; the file has it once, also one of 60 kB."""
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError:
        pytest.skip("capturing on the host's loopback needs CAP_NET_RAW")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))
        with Capture(sock, "lo", tmp_path / "lo.pcap", only="127.0.0.1") as capture:
            for size in (1, 60_000):
                sender.sendto(bytes(size), receiver.getsockname())
        port = receiver.getsockname()[1]
        seen = [p for p in capture.packets() if p.proto == "UDP" and p.dport == port]
    assert [p.payload_len for p in seen] == [1, 60_000]
    assert seen[1].payload == bytes(60_000)


def test_an_address_filter_leaves_others_out(network: PrivateNetwork, tmp_path: Path) -> None:
    """``only`` keeps one address's packets, and drops others and ARP, in the kernel."""
    sock = network.packet_socket("modem")
    only = network.address_of("tracker-2")
    with (
        network.platform_sockets.listener(*PLATFORM) as listener,
        Capture(sock, "modems0", tmp_path / "x.pcap", only=only) as capture,
    ):
        exchange(listener, network.modem_sockets("tracker-1"))
        exchange(listener, network.modem_sockets("tracker-2"))
    packets = capture.packets()
    assert packets
    assert of_address(packets, only) == packets
    assert {packet.proto for packet in packets} == {"TCP"}


def test_a_missing_interface_is_a_clear_error(network: PrivateNetwork, tmp_path: Path) -> None:
    """An interface that is not there is named."""
    sock = network.packet_socket()
    with pytest.raises(CaptureFailed, match="cannot capture on eth77"):
        Capture(sock, "eth77", tmp_path / "x.pcap").start()


def test_an_unwritable_file_is_a_clear_error(network: PrivateNetwork) -> None:
    """A capture file that cannot be made is an error at the start."""
    with pytest.raises(CaptureFailed, match=r"cannot capture on platform0.*/proc"):
        network.capture(Path("/proc/nothing/x.pcap")).start()


def test_a_full_disk_reaches_the_caller(network: PrivateNetwork, tmp_path: Path) -> None:
    """When the file can no longer be written, the reader's error comes out of ``stop``."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    capture = network.capture(tmp_path / "x.pcap").start()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        network.dns_query("tracker-1", "kpn.com", timeout_s=0)
        with pytest.raises(CaptureFailed, match=r"ended early, after 0 packets.*too large"):
            capture.stop()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_capture_never_started_says_so(network: PrivateNetwork, tmp_path: Path) -> None:
    """Stopping what was not started is an error, not an empty capture."""
    with pytest.raises(CaptureFailed, match="never started"):
        network.capture(tmp_path / "x.pcap").stop()


@pytest.mark.external
def test_tcpdump_reads_the_file(network: PrivateNetwork, tmp_path: Path) -> None:
    """tcpdump shows as many packets as we say there are, with nanoseconds."""
    tcpdump = shutil.which("tcpdump")
    if tcpdump is None:
        pytest.skip("tcpdump is missing")
    summary = captured(network, tmp_path)
    command = [tcpdump, "-n", "--nano", "-r", str(summary)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert len(shown.stdout.splitlines()) == len(read_packets(summary))


def test_scapy_reads_the_file(network: PrivateNetwork, tmp_path: Path) -> None:
    """scapy finds the same frames and times in the file."""
    from scapy.utils import RawPcapReader

    path = captured(network, tmp_path)
    link, frames = pcap.read(path)
    ours = [(ns, frame) for ns, _, frame in frames]
    with RawPcapReader(str(path)) as reader:
        theirs = [(meta.sec * 10**9 + meta.usec, data) for data, meta in reader]
        assert (reader.nano, reader.linktype) == (True, link)
    assert theirs == ours


def test_a_packet_can_be_dissected(network: PrivateNetwork, tmp_path: Path) -> None:
    """Deep inspection names the layers and fields of a packet."""
    request = next(p for p in read_packets(captured(network, tmp_path)) if p.info[:4] == "POST")
    text = dissect(request)
    assert "###[ TCP ]###" in text
    assert "10.151.236.157" in text


def captured(network: PrivateNetwork, directory: Path) -> Path:
    """The file of a capture of one request."""
    with (
        network.platform_sockets.listener(*PLATFORM) as listener,
        network.capture(directory / "x.pcap") as capture,
    ):
        ours, theirs = connect(listener, network.modem_sockets("tracker-1"))
        with ours, theirs:
            ours.sendall(REQUEST)
            receive(theirs, len(REQUEST))
    return capture.stop().file
