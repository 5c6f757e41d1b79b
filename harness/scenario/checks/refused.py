"""Uplinks that were refused: what is wrong with them explains why nothing followed."""

from __future__ import annotations

from dataclasses import replace

from harness.platform.findings import Outcome
from harness.platform.uplink import Uplink
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch


def errors_of(uplink: Uplink) -> tuple[str, ...]:
    """The requirements that the uplink itself breaks."""
    return tuple(dict.fromkeys(f.requirement for f in uplink.findings if f.severity == "error"))


def why(uplink: Uplink) -> str:
    """The outcome of an uplink, with its findings."""
    findings = "; ".join(f"{finding.requirement}: {finding.message}" for finding in uplink.findings)
    return f"{uplink.outcome}" + (f" ({findings})" if findings else "")


def or_refused(stage: Stage, mismatch: Mismatch, status: int | None = None) -> Mismatch:
    """``mismatch``, about something that follows only an accepted uplink; when the newest uplink
    was refused for errors of its own, they are the cause. ``status``: what it was answered with, if
    that matters.
    """
    seen = stage.bench.uplinks()
    if not seen or seen[-1].outcome is Outcome.ACCEPTED:
        return mismatch
    uplink = seen[-1]
    errors = errors_of(uplink)
    if not errors or status not in (None, uplink.status):
        return mismatch
    told = f"{mismatch.seen}; uplink {uplink.exchange} was {why(uplink)}"
    return replace(mismatch, seen=told, requirements=errors, cause=True)
