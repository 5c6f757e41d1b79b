"""Traffic facts from crafted conversations."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from harness.network.packets import Packet, parse_frame
from harness.network.traffic import TrafficSummary

MODEM, PLATFORM = "100.64.0.1", "10.151.236.157"
POST = b"POST /ingestion/m2m/senml/v1 HTTP/1.1\r\n\r\n"
OK = b"HTTP/1.1 202 Accepted\r\n\r\n"


class Talk:
    """A conversation, packet by packet; sequence numbers count from ``isn``."""

    def __init__(self, isn: int = 1000, port: int = 40000, server: int = 80) -> None:
        self.packets: list[Packet] = []
        self.port, self.server = port, server
        self.up_seq = self.down_seq = isn

    def add(self, layers: Any, *, up: bool = True) -> Packet:
        source, target = (MODEM, PLATFORM) if up else (PLATFORM, MODEM)
        frame = bytes(Ether(src="02::1", dst="02::2") / IP(src=source, dst=target) / layers)
        self.packets.append(parse_frame(frame, float(len(self.packets))))
        return self.packets[-1]

    def segment(self, flags: str, payload: bytes = b"", *, up: bool = True) -> Packet:
        seq = self.up_seq if up else self.down_seq
        size = len(payload) + ("S" in flags) + ("F" in flags)
        if up:
            self.up_seq = (self.up_seq + size) % 2**32
        else:
            self.down_seq = (self.down_seq + size) % 2**32
        ports = (self.port, self.server) if up else (self.server, self.port)
        tcp = TCP(sport=ports[0], dport=ports[1], flags=flags, seq=seq)
        return self.add(tcp / Raw(payload) if payload else tcp, up=up)

    def again(self, packet: Packet) -> None:
        self.packets.append(packet)

    def handshake(self) -> None:
        self.segment("S")
        self.segment("SA", up=False)
        self.segment("A")

    def exchange(self) -> Packet:
        request = self.segment("PA", POST)
        self.segment("PA", OK, up=False)
        return request

    def close(self) -> None:
        self.segment("FA")
        self.segment("FA", up=False)
        self.segment("A")


def test_a_clean_conversation() -> None:
    """Nothing is repeated, reset, resolved or encrypted, and the bytes add up."""
    talk = Talk()
    talk.handshake()
    talk.exchange()
    talk.close()
    facts = TrafficSummary.of(talk.packets, MODEM)
    (connection,) = facts.connections
    assert (connection.client, connection.server) == ((MODEM, 40000), (PLATFORM, 80))
    assert (connection.established, connection.reset, connection.tls) == (True, False, False)
    assert (facts.retransmissions, facts.resets, facts.tls_hellos) == (0, 0, 0)
    assert (facts.bytes.payload_up, facts.bytes.payload_down) == (len(POST), len(OK))
    assert facts.bytes.ip_up == 5 * 40 + len(POST)
    assert facts.bytes.total == sum(packet.length for packet in talk.packets)
    assert facts.peers == ((PLATFORM, 80),)
    assert (facts.dns_queries, facts.peers_other_than(PLATFORM, 80)) == ((), ())


def test_exchanges_of_a_connection_add_up_to_it() -> None:
    """With keep-alive each uplink has its own bytes; the first pays for the handshake."""
    talk = Talk()
    talk.handshake()
    talk.exchange()
    talk.exchange()
    talk.exchange()
    talk.close()
    facts = TrafficSummary.of(talk.packets)
    assert [one.request for one in facts.exchanges] == [POST.splitlines()[0].decode()] * 3
    assert [one.response for one in facts.exchanges] == ["HTTP/1.1 202 Accepted"] * 3
    first, second, third = (one.bytes.total for one in facts.exchanges)
    assert (first - second, third - second) == (3 * 40, 3 * 40)
    assert first + second + third == facts.connections[0].bytes.total
    assert sum(one.packets for one in facts.exchanges) == len(talk.packets)


def test_a_repeated_segment_is_a_retransmission() -> None:
    """The same data once more counts, as does a repeated SYN; the exchange stays one."""
    talk = Talk()
    talk.again(talk.segment("S"))
    talk.segment("SA", up=False)
    talk.segment("A")
    talk.again(talk.exchange())
    facts = TrafficSummary.of(talk.packets)
    assert facts.retransmissions == 2
    assert len(facts.exchanges) == 1
    assert len(facts.connections) == 1


def test_an_overtaken_segment_is_none() -> None:
    """Segments that arrive in another order fill their gap, and nothing was repeated."""
    talk = Talk()
    talk.handshake()
    for part in (b"POST / HTTP/1.1\r\n", b"a: b\r\n", b"\r\n"):
        talk.segment("PA", part)
    talk.packets[-2], talk.packets[-1] = talk.packets[-1], talk.packets[-2]
    assert TrafficSummary.of(talk.packets).retransmissions == 0


def test_a_keep_alive_probe_is_none() -> None:
    """An empty segment one below the next number is a probe (RFC 9293 §3.8.4), not data."""
    talk = Talk()
    talk.handshake()
    talk.exchange()
    talk.up_seq -= 1
    talk.segment("A")
    assert TrafficSummary.of(talk.packets).retransmissions == 0


@given(st.integers(2**32 - 200, 2**32 - 1), st.integers(0, 2))
def test_sequence_numbers_wrap(isn: int, repeats: int) -> None:
    """Counting is the same when the numbers pass 2**32 on the way."""
    talk = Talk(isn)
    talk.handshake()
    for _ in range(3):
        request = talk.exchange()
    for _ in range(repeats):
        talk.again(request)
    assert TrafficSummary.of(talk.packets).retransmissions == repeats


def test_resets_are_counted() -> None:
    """A connection that the platform resets is one."""
    talk = Talk()
    talk.handshake()
    talk.segment("PA", POST)
    talk.segment("R", up=False)
    facts = TrafficSummary.of(talk.packets)
    assert (facts.resets, facts.exchanges[0].response) == (1, "")


def test_a_port_that_is_used_again_is_another_connection() -> None:
    """After both ends closed, or a reset, a SYN from the same port starts anew."""
    talk = Talk()
    for _ in range(2):
        talk.handshake()
        talk.exchange()
        talk.close()
    talk.segment("S")
    talk.segment("RA", up=False)
    talk.segment("S")
    facts = TrafficSummary.of(talk.packets)
    assert [c.established for c in facts.connections] == [True, True, False, False]


def test_a_refused_connection_is_a_contact() -> None:
    """Trying to reach another address shows, also when nothing came of it."""
    talk = Talk(server=443)
    talk.segment("S")
    talk.segment("RA", up=False)
    facts = TrafficSummary.of(talk.packets)
    assert facts.peers_other_than(PLATFORM, 80) == ((PLATFORM, 443),)
    assert facts.connections[0].established is False


def test_tls_is_recognised() -> None:
    """A ClientHello is TLS on any port."""
    talk = Talk()
    talk.handshake()
    talk.segment("PA", b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(32))
    assert TrafficSummary.of(talk.packets).tls_hellos == 1


@pytest.mark.parametrize("device", [None, MODEM])
def test_dns_queries_are_listed(device: str | None) -> None:
    """Names asked for are listed once per query; responses are not queries."""
    talk = Talk()
    query = DNS(qd=DNSQR(qname="prod.dm.kpnthings.com"))
    talk.add(UDP(sport=5000, dport=53) / query)
    talk.add(UDP(sport=53, dport=5000) / DNS(qr=1, qd=query.qd), up=False)
    facts = TrafficSummary.of(talk.packets, device)
    assert facts.dns_queries == ("prod.dm.kpnthings.com",)
    assert facts.peers == ((PLATFORM, 53),)
    assert facts.bytes.ip_up == facts.bytes.ip_down > 0


def test_a_device_sees_only_its_own() -> None:
    """Facts about another address are empty."""
    talk = Talk()
    talk.handshake()
    facts = TrafficSummary.of(talk.packets, "100.64.0.2")
    assert (facts.packets, facts.connections, facts.bytes.total) == (0, (), 0)


def test_a_capture_that_begins_in_the_middle() -> None:
    """Without a SYN the higher port is the client, and its peer counts as contacted."""
    talk = Talk()
    talk.segment("A", b"", up=False)
    talk.exchange()
    facts = TrafficSummary.of(talk.packets)
    assert facts.connections[0].client == (MODEM, 40000)
    assert facts.peers == ((PLATFORM, 80),)
