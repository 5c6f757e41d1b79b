"""Puts what was captured on the timeline: ``packet`` and ``capture.summary``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from harness.evidence import Recorder
from harness.network.capture import CaptureSummary
from harness.network.packets import Packet
from harness.network.streams import Connection, follow

SOURCE = "capture"
_CONNECTIONS = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def record_packets(
    recorder: Recorder,
    packets: Sequence[Packet],
    summary: CaptureSummary,
    *,
    file: str | None = None,
    limit: int = 5000,
) -> None:
    """Record each packet, then the summary, in the order in which they were captured.

    ``file`` is how the report should name the capture (default: its path). Of more than ``limit``
    packets only the first are recorded, and a ``note`` says so: the file has them all.
    """
    for packet in packets[:limit]:
        recorder.record(
            SOURCE,
            "packet",
            time=captured_at(packet),
            src=packet.src,
            dst=packet.dst,
            proto=packet.proto,
            sport=packet.sport,
            dport=packet.dport,
            flags=packet.flags,
            length=packet.length,
            payload=packet.payload_len,
            info=packet.info,
        )
    if len(packets) > limit:
        text = f"{len(packets) - limit} more packets are in {file or summary.file} only"
        recorder.record(SOURCE, "note", text=text)
    recorder.record(
        SOURCE,
        "capture.summary",
        file=file or str(summary.file),
        packets=summary.packets,
        dropped=summary.dropped,
        connections=[_cost(connection) for connection in follow(packets)[:_CONNECTIONS]],
    )


def _cost(connection: Connection) -> dict[str, object]:
    """NET-COST: IP bytes each way, the handshakes and the end of the connection included."""
    (client, cport), (server, sport) = connection.client, connection.server
    return {
        "client": f"{client}:{cport}",
        "server": f"{server}:{sport}",
        "up": connection.bytes.ip_up,
        "down": connection.bytes.ip_down,
        "tls": connection.tls,
    }


def captured_at(packet: Packet) -> str:
    """When the kernel saw it, real UTC to the microsecond."""
    moment = _EPOCH + timedelta(microseconds=round(packet.ts * 1e6))
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
