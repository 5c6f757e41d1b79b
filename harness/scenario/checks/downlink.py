"""Downlinks: what reached the device, and their life at the platform."""

from __future__ import annotations

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
        return or_refused(stage, mismatch) if len(received) < want.count else mismatch
    if want.records is None and want.bytes is None:
        return None
    if not received:
        none = Mismatch("a downlink at the device", "it has received none", ("DL-RESPONSE",))
        return or_refused(stage, none)
    newest = received[-1]
    if want.records is not None and not same_records(want.records, newest.records):
        return Mismatch(
            f"the newest downlink to hold {show_expected(want.records)}",
            show(newest.records),
            ("DL-SENML",),
        )
    if want.bytes is not None and newest.size < want.bytes:
        return Mismatch(f"a downlink of at least {want.bytes} bytes", f"{newest.size} bytes")
    return None


def check_downlink_status(stage: Stage, want: DownlinkStatusExpectation) -> Mismatch | None:
    """DL-EXECUTING: the statuses of this device's downlinks in order of queueing."""
    seen = [
        str(downlink.status)
        for downlink in stage.bench.platform.downlinks(stage.bench.registration.name)
    ]
    if seen == list(want.statuses):
        return None
    return Mismatch(f"downlinks {', '.join(want.statuses)}", ", ".join(seen) or "none queued")
