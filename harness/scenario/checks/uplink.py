"""Uplinks as the platform saw them."""

from __future__ import annotations

from datetime import datetime

from harness.clock.scenario import to_ns
from harness.platform.uplink import Uplink
from harness.scenario.checks.records import (
    measurements,
    record_times,
    same_records,
    show,
    show_expected,
)
from harness.scenario.checks.refused import errors_of, why
from harness.scenario.expect_model import UplinkExpectation
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch

_MILLISECOND_NS = 1_000_000


def check_uplinks(stage: Stage, want: int) -> Mismatch | None:
    """How many uplinks of this device the platform has received so far."""
    seen = stage.bench.uplinks()
    if len(seen) == want:
        return None
    shown = ", ".join(f"{uplink.exchange} {uplink.outcome}" for uplink in seen)
    return Mismatch(f"{want} uplinks", f"{len(seen)}" + (f" ({shown})" if shown else ""))


def check_uplink(stage: Stage, want: UplinkExpectation) -> Mismatch | None:
    """One uplink: its outcome, findings, explanation, times and records."""
    seen = stage.bench.uplinks()
    number = want.number or len(seen)
    if not seen or number > len(seen):
        wanted = f"uplink {want.number}" if want.number else "an uplink"
        if seen:
            return Mismatch(wanted, f"{len(seen)} uplinks from this device")
        return _nothing(stage, wanted)
    uplink = seen[number - 1]
    return _verdict(uplink, want) or _times(uplink, want) or _content(stage, uplink, want)


def _nothing(stage: Stage, wanted: str) -> Mismatch:
    """No uplink at all; a connection that ended inside a body tells of a wrong length."""
    aborted = stage.bench.platform.aborted
    if not aborted:
        return Mismatch(wanted, "the platform has received none")
    newest = aborted[-1]
    in_body = b"\n\r\n" in newest.head or b"\n\n" in newest.head
    return Mismatch(
        wanted,
        f"no whole request; {len(aborted)} connections ended early, the last one: {newest.why}",
        ("HTTP-LENGTH",) if in_body else (),
    )


def _verdict(uplink: Uplink, want: UplinkExpectation) -> Mismatch | None:
    have = {finding.requirement for finding in uplink.findings}
    if want.outcome is not None and uplink.outcome != want.outcome:
        return Mismatch(f"the uplink to be {want.outcome}", why(uplink), errors_of(uplink))
    if want.findings is not None and not set(want.findings) <= have:
        missing = ", ".join(sorted(set(want.findings) - have))
        return Mismatch(f"a finding for {missing}", why(uplink))
    unwanted = have & set(want.without or ())
    if unwanted:
        return Mismatch(
            f"no finding for {', '.join(sorted(unwanted))}", why(uplink), tuple(sorted(unwanted))
        )
    graver = [f for f in uplink.findings if f.severity != "info"]
    if want.clean and graver:
        return Mismatch(
            "nothing to object to",
            why(uplink),
            tuple(dict.fromkeys(finding.requirement for finding in graver)),
        )
    if want.explained is not None:
        token = uplink.token
        if token.code != want.explained:
            shown = f"{token.code}: {token.explanation}"
            return Mismatch(f"the token explained as {want.explained}", shown)
    return None


def _times(uplink: Uplink, want: UplinkExpectation) -> Mismatch | None:
    if want.received is not None and uplink.received != want.received:
        return Mismatch(
            f"receipt at {want.received.isoformat()}", uplink.received.isoformat(), ("BT-DEFAULT",)
        )
    if want.base_time is None and want.times is None:
        return None
    if uplink.pack is None:
        return Mismatch("a pack with times", why(uplink), errors_of(uplink))
    if want.base_time is not None:
        receipt = want.base_time == "receipt"
        wanted_ns = _ns(uplink.received if receipt else want.base_time)
        base_ns = _ns(uplink.pack[0]["bt"])
        if not _close(wanted_ns, base_ns):
            return Mismatch(
                f"base time {_show(wanted_ns)}" + (" (the moment of receipt)" if receipt else ""),
                _show(base_ns),
                ("BT-DEFAULT",) if receipt else ("BT-KEPT",),
            )
    if want.times is not None:
        wanted = [_ns(moment) for moment in want.times]
        times = [_ns(second) for second in record_times(uplink.pack)]
        if len(wanted) != len(times) or not all(map(_close, wanted, times)):
            return Mismatch(
                f"records at {', '.join(map(_show, wanted))}",
                ", ".join(map(_show, times)) or "no records",
                ("BT-RELATIVE",),
            )
    return None


def _ns(moment: datetime | float | str) -> int:
    if isinstance(moment, datetime):
        return to_ns(moment)
    return round(float(moment) * 1000) * _MILLISECOND_NS


def _close(wanted_ns: int, seen_ns: int) -> bool:
    """Equal to the millisecond: finer than SenML numbers are written by anybody."""
    return abs(wanted_ns - seen_ns) < _MILLISECOND_NS


def _show(ns: int) -> str:
    from harness.clock.scenario import from_ns
    from harness.evidence.timeline import isoformat

    return f"{ns / 1_000_000_000:.3f} ({isoformat(from_ns(ns))})"


def _path(uplink: Uplink) -> str:
    head = uplink.request
    return "" if head is None else head.target


def _header(uplink: Uplink, name: str) -> str | None:
    head = uplink.request
    return None if head is None else head.first(name)


def _content(stage: Stage, uplink: Uplink, want: UplinkExpectation) -> Mismatch | None:
    if want.records is not None:
        have = measurements(uplink.pack or [])
        if not same_records(want.records, have):
            return Mismatch(show_expected(want.records), show(have), ("SENML-PACK",))
    for label, wanted, seen in (
        ("the body", want.body, uplink.body.decode("latin-1")),
        ("the path", want.path, _path(uplink)),
        ("the Host header", want.host, _header(uplink, "host")),
        ("the peer", want.peer, uplink.peer.rpartition(":")[0]),
    ):
        if wanted is not None and stage.fill(wanted) != seen:
            return Mismatch(f"{label} to be {stage.fill(wanted)!r}", repr(seen))
    return None
