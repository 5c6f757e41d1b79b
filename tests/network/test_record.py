"""Packets on the timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from harness.clock import VirtualClock
from harness.evidence import Timeline
from harness.network import dns
from harness.network.capture import CaptureSummary
from harness.network.evidence import record_packets
from harness.network.packets import Packet

FIRST = Packet(
    1700000000.25, "100.64.0.1", "192.0.2.53", "UDP", 5000, 53,
    length=60, payload_len=21, frame=dns.query("m.m"),
)  # fmt: skip


def recorded(count: int, limit: int) -> list[tuple[str, dict[str, object]]]:
    """Kinds and fields of what is recorded for ``count`` packets."""
    timeline = Timeline(None, VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    summary = CaptureSummary(Path("captures/x.pcap"), count, 2)
    record_packets(timeline, [FIRST] * count, summary, limit=limit)
    return [(event.kind, dict(event.data)) for event in timeline.events(source="capture")]


def test_packets_and_summary_are_recorded() -> None:
    """Each packet has the fields of docs/timeline.md and its own time; the summary ends it."""
    (kind, packet), (last, summary) = recorded(1, 10)
    assert (kind, last) == ("packet", "capture.summary")
    assert packet == {
        "time": "2023-11-14T22:13:20.250000Z", "src": "100.64.0.1", "dst": "192.0.2.53",
        "proto": "UDP", "sport": 5000, "dport": 53, "flags": "", "length": 60, "payload": 21,
        "info": "DNS query A m.m",
    }  # fmt: skip
    assert summary == {
        "file": "captures/x.pcap", "packets": 1, "dropped": 2, "connections": [],
    }  # fmt: skip


def test_a_flood_is_cut_and_said_to_be() -> None:
    """Beyond the limit, a note says how many packets are in the file only."""
    kinds = recorded(5, 3)
    assert [kind for kind, _ in kinds] == ["packet"] * 3 + ["note", "capture.summary"]
    assert kinds[3][1] == {"text": "2 more packets are in captures/x.pcap only"}
