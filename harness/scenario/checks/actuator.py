"""The Actuator API's listing, and every transition of a downlink."""

from __future__ import annotations

from harness.platform.actuator.model import WrongRequest
from harness.platform.actuator.service import Listing
from harness.scenario.actuator_model import ActuatorExpectation, DownlinkLifeExpectation
from harness.scenario.stage import Stage
from harness.scenario.verdict import Mismatch


def check_actuator(stage: Stage, want: ActuatorExpectation) -> Mismatch | None:
    """SMS-FAILED, and what else applications see of their downlinks."""
    pairs = [(name, stage.fill(value)) for name, value in want.query.items()]
    try:
        listing = stage.bench.platform.actuator.list(pairs, want.via)
    except WrongRequest as refused:
        if want.refused is not None and want.refused in str(refused):
            return None
        return Mismatch("the Actuator API to answer", str(refused))
    if want.refused is not None:
        return Mismatch("the Actuator API to refuse the query", "it answered")
    return _of_page(listing, want) or _of_entry(stage, listing, want)


def _of_page(listing: Listing, want: ActuatorExpectation) -> Mismatch | None:
    entries, more = listing.entries, listing.cursor is not None
    shown = ", ".join(f"{entry.id} {entry.status}" for entry in entries) or "none"
    if want.count is not None and len(entries) != want.count:
        return Mismatch(f"{want.count} downlinks in the listing", f"{len(entries)}: {shown}")
    if want.more is not None and more != want.more:
        return Mismatch(f"{'a' if want.more else 'no'} further page", f"{shown}, more: {more}")
    return None


def _of_entry(stage: Stage, listing: Listing, want: ActuatorExpectation) -> Mismatch | None:
    looked_at = want.model_fields_set - {"via", "query", "count", "more"}
    if not looked_at:
        return None
    number = want.number if want.number is not None else len(listing.entries)
    if not 1 <= number <= len(listing.entries):
        return Mismatch(f"downlink {number} in the listing", f"it has {len(listing.entries)}")
    entry = listing.entries[number - 1]
    for name, wanted, seen, whole in (
        ("connection", want.connection, entry.connection.upper(), True),
        ("status", want.status, entry.status, True),
        ("tag", want.tag, entry.tag, True),
        ("message", want.message and stage.fill(want.message), entry.message, False),
        ("reason", want.reason, entry.transitions[-1].reason if entry.transitions else "", False),
    ):
        if wanted is not None and (wanted != seen if whole else wanted not in seen):
            requirements = ("SMS-FAILED",) if wanted == "FAILED" else ()
            return Mismatch(f"{entry.id} with {name} {wanted!r}", seen or "none", requirements)
    return _of_steps(entry.id, want.steps, entry.steps)


def _of_steps(ident: str, want: list[str] | None, seen: list[str]) -> Mismatch | None:
    if want is None or want == seen:
        return None
    return Mismatch(f"{ident} to go {' → '.join(want)}", " → ".join(seen) or "nowhere")


def check_downlink_life(stage: Stage, want: DownlinkLifeExpectation) -> Mismatch | None:
    """DL-EXECUTING: the transitions of one downlink of this device."""
    queued = stage.bench.platform.downlinks(stage.bench.registration.name)
    if want.number > len(queued):
        return Mismatch(f"downlink {want.number}", f"{len(queued)} were queued")
    downlink = queued[want.number - 1]
    newest = downlink.history[-1].reason
    if want.reason is not None and want.reason not in newest:
        return Mismatch(f"{downlink.id} because of {want.reason!r}", newest)
    steps = None if want.steps is None else list(map(str, want.steps))
    return _of_steps(downlink.id, steps, [step.after for step in downlink.history])
