"""Downlinks: what reached the device, and their life at the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.platform.downlink_model import DownlinkStatus
from harness.scenario.checks.records import same_records, show, show_expected
from harness.scenario.checks.refused import or_refused
from harness.scenario.expect_model import DownlinkStatusExpectation, ReceivedDownlinkExpectation
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch


def check_downlink(stage: Stage, want: ReceivedDownlinkExpectation) -> Mismatch | None:
    """DL-RESPONSE, DL-ONE: the downlinks that the device has received, newest last."""
    received = stage.bench.dut.seen.downlinks
    if want.count is not None and len(received) != want.count:
        shown = "; then ".join(show(item.records) for item in received) or "none"
        mismatch = Mismatch(
            f"{want.count} downlinks at the device", f"{len(received)}: {shown}", ("DL-RESPONSE",)
        )
        if len(received) < want.count:
            mismatch = or_refused(stage, mismatch)
        return _or_as_sent(stage, mismatch)
    if want.records is None and want.bytes is None:
        return None
    if not received:
        none = Mismatch("a downlink at the device", "it has received none", ("DL-RESPONSE",))
        return _or_as_sent(stage, or_refused(stage, none))
    newest = received[-1]
    if want.records is not None and not same_records(want.records, newest.records):
        other = Mismatch(
            f"the newest downlink to hold {show_expected(want.records)}",
            show(newest.records),
            ("DL-SENML",),
        )
        return _or_as_sent(stage, other)
    if want.bytes is not None and newest.size < want.bytes:
        return Mismatch(f"a downlink of at least {want.bytes} bytes", f"{newest.size} bytes")
    return None


def _or_as_sent(stage: Stage, mismatch: Mismatch) -> Mismatch:
    """``mismatch``, blamed on the platform when the device has got exactly what it was sent: so
    many downlinks, the newest as it is, and none that waits for an uplink of the device.
    """
    received = stage.bench.dut.seen.downlinks
    queued = stage.bench.platform.downlinks(stage.bench.registration.name)
    sent = [downlink for downlink in queued if downlink.sent]
    waiting = any(downlink.status is DownlinkStatus.EXECUTING for downlink in queued)
    count = sum(downlink.sent for downlink in sent)
    if mismatch.cause or waiting or count != len(received):
        return mismatch
    newest = max(sent, key=lambda downlink: downlink.exchange or 0, default=None)
    if newest is not None and _content(newest.records) != _content(received[-1].records):
        return mismatch
    held = ", ".join(f"{d.id} is {d.status}" for d in queued if not d.sent)
    told = f"{mismatch.seen}; the platform sent {count}" + (f" ({held})" if held else "")
    return replace(mismatch, seen=told, blame="platform")


def _content(records: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Records without the base name, which has a record of its own or not (DL-SENML)."""
    bare = [{name: value for name, value in one.items() if name != "bn"} for one in records]
    return [one for one in bare if one]


def check_downlink_status(stage: Stage, want: DownlinkStatusExpectation) -> Mismatch | None:
    """DL-EXECUTING: the statuses of this device's downlinks in order of queueing."""
    seen = [
        str(downlink.status)
        for downlink in stage.bench.platform.downlinks(stage.bench.registration.name)
    ]
    if seen == list(want.statuses):
        return None
    return Mismatch(f"downlinks {', '.join(want.statuses)}", ", ".join(seen) or "none queued")
