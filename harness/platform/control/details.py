"""One uplink in every detail: what the page beside the debugger shows of it."""

from __future__ import annotations

from itertools import islice
from typing import Any

from harness.clock.scenario import NS, from_ns
from harness.evidence import isoformat
from harness.platform.facade import Platform
from harness.platform.reproduce import as_curl, as_steps
from harness.platform.uplink import Uplink
from harness.senml import ResolvedPack, ResolvedRecord
from harness.senml.units import UNITS


def details(uplink: Uplink, platform: Platform) -> dict[str, Any]:
    """All that is known of ``uplink``, as plain data; may still hold secrets.

    Beside what the list of uplinks says: ``token`` with the two hashed strings and where they
    differ, ``records`` with units and moments, the ``answer`` as sent, and the uplink as ``curl``
    and as ``steps`` of a scenario (null where it cannot be said).
    """
    device = platform.registry.by_name(uplink.device) if uplink.device else None
    resolved = uplink.resolved
    return uplink.as_dict() | {
        "token": uplink.token.as_dict() | _token(uplink),
        "bt": _base_time(resolved),
        "records": [_record(record) for record in resolved.records] if resolved else [],
        "answer": {
            "status": uplink.status,
            "text": uplink.sent.decode("latin-1"),
            "whole": uplink.whole,
        },
        "curl": as_curl(uplink, *map(platform.addresses.get, ("http", "https", "mqtt"))),
        "steps": as_steps(uplink, device),
    }


def _token(uplink: Uplink) -> dict[str, Any]:
    request, found = uplink.request, uplink.token.details
    sent = request.first("Things-Message-Token") if request is not None else None
    out: dict[str, Any] = {"sent": sent}
    if found is not None:
        out |= {
            "sentence": found.sentence,
            "hint": found.hint,
            "expected": {"text": found.expected_shown, "mark": found.expected_mark},
            "hashed": {"text": found.candidate_shown, "mark": found.candidate_mark},
            "first_difference": found.first_difference,
        }
    return out


def _base_time(resolved: ResolvedPack | None) -> dict[str, Any] | None:
    if resolved is None:
        return None
    bt = resolved.bt
    return {
        "given": resolved.bt_given,
        "moment": isoformat(bt) if bt is not None else None,
        "seconds": resolved.bt_ns / NS,
    }


def _record(record: ResolvedRecord) -> dict[str, Any]:
    value = record.value
    moment = record.moment
    return {
        "name": record.n or record.name,
        "unit": record.u,
        "unit_means": UNITS.get(record.u or ""),
        "value": value.hex() if isinstance(value, bytes) else value,
        "kind": next(
            (kind for kind in ("v", "vb", "vs", "vd") if getattr(record, kind) is not None), None
        ),
        "time": isoformat(moment) if moment is not None else None,
        "offset_s": record.t_ns / 1e9,
    }


def measurements(device: str, platform: Platform, limit: int) -> list[dict[str, Any]]:
    """What ``device`` measured in its newest accepted uplinks, at most ``limit`` of them.

    One item per name and unit, each with its ``points`` (moment as ms since 1970, number), oldest
    first; booleans count as 0 and 1, text is left out.
    """
    of_device = (uplink for uplink in reversed(platform.uplinks) if uplink.device == device)
    newest = list(islice((uplink for uplink in of_device if uplink.pack is not None), limit))
    series: dict[tuple[str, str | None], list[tuple[float, float]]] = {}
    for uplink in reversed(newest):
        for record in uplink.resolved.records if uplink.resolved else ():
            number = record.v if record.v is not None else record.vb
            if number is not None and record.moment is not None:
                at_ms = from_ns(record.time_ns).timestamp() * 1e3
                series.setdefault((record.n or record.name, record.u), []).append(
                    (at_ms, float(number))
                )
    return [
        {"name": name, "unit": unit, "unit_means": UNITS.get(unit or ""), "points": sorted(points)}
        for (name, unit), points in series.items()
    ]
