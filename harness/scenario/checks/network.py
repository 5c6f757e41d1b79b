"""Traffic on the private network, the AT dialogue, and the network's view of the modem."""

from __future__ import annotations

from harness.scenario.expect_model import (
    ModemExpectation,
    TrafficExpectation,
    TranscriptExpectation,
)
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch


def check_traffic(stage: Stage, want: TrafficExpectation) -> Mismatch | None:
    """NET-NODNS, NET-PLAIN, NET-ADDR: what the capture holds of this device so far."""
    seen = stage.bench.traffic()
    names, hellos = seen.dns_queries, seen.tls_hellos
    if want.dns is not None and len(names) != want.dns:
        shown = f"{len(names)}" + (f": {', '.join(names)}" if names else "")
        return Mismatch(f"{want.dns} DNS queries", shown, ("NET-NODNS",))
    if want.tls is not None and hellos != want.tls:
        return Mismatch(f"{want.tls} TLS handshakes", str(hellos), ("NET-PLAIN",))
    peers = [f"{host}:{port}" for host, port in seen.peers]
    if want.peers is not None and set(peers) != set(want.peers):
        shown = ", ".join(peers) or "nobody"
        return Mismatch(f"to talk only to {', '.join(want.peers)}", shown, ("NET-ADDR",))
    for label, limit, value in (
        ("connections", want.connections, len(seen.connections)),
        ("retransmissions", want.retransmissions, seen.retransmissions),
    ):
        if limit is not None and value != limit:
            return Mismatch(f"{limit} {label}", str(value))
    for label, at_most, value in (
        ("bytes up", want.up_at_most, seen.bytes.ip_up),
        ("bytes down", want.down_at_most, seen.bytes.ip_down),
    ):
        if at_most is not None and value > at_most:
            return Mismatch(f"at most {at_most} {label}", str(value), ("NET-COST",))
    return None


def check_transcript(stage: Stage, want: TranscriptExpectation) -> Mismatch | None:
    """The AT dialogue so far: commands and answers, both directions."""
    text = "".join(event.data["bytes"] for event in stage.bench.timeline.events("serial"))
    for part in want.contains:
        if stage.fill(part) not in text:
            return Mismatch(f"{part!r} on the serial line", "it is not in the transcript")
    for part in want.lacks:
        if stage.fill(part) in text:
            return Mismatch(f"no {part!r} on the serial line", "it is in the transcript")
    return None


def check_modem(stage: Stage, want: ModemExpectation) -> Mismatch | None:
    """NET-APN: registration and PDP context as the network sees them."""
    modem = stage.bench.modem
    if modem is None:
        return Mismatch("a virtual modem", "the modem is real: the network's view is not known")
    state = modem.state
    if want.registered is not None and state.registered != want.registered:
        return Mismatch(f"registered: {want.registered}", f"registered: {state.registered}")
    if want.apn is not None and state.apn != want.apn:
        return Mismatch(f"the APN {want.apn}", f"{state.apn or 'no APN'}", ("NET-APN",))
    if want.pdp is not None and ("up" if state.pdp else "down") != want.pdp:
        shown = f"it is {'up' if state.pdp else 'down'} (APN {state.apn or 'not set'})"
        return Mismatch(f"the PDP context to be {want.pdp}", shown, ("NET-APN",))
    return None
