"""Firmware over the air on a scenario's card: what was offered, and how it was fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.evidence import Event
from harness.report.model import ScenarioReport, items, mapping
from harness.report.text import esc, plural

MAX_ROWS = 60
_HEADS = ("request", "bytes", "status", "on its connection", "what was wrong")


def firmware_html(report: ScenarioReport) -> str:
    """A paragraph per offer, and a table of the requests that did not go as they should."""
    offers = [event for event in report.of("fota.offer") if event.data.get("action") == "offered"]
    if not offers:
        return ""
    parts = report.of("fota.part")
    told = "".join(f"<p>{_offer(report, offer, parts)}</p>" for offer in offers)
    wrong = [event for event in parts if _wrong(event.data)]
    if not wrong:
        return told
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    rows = "".join(_row(event.data) for event in wrong[:MAX_ROWS])
    more = f"<p>{len(wrong) - MAX_ROWS} more are not shown.</p>" if len(wrong) > MAX_ROWS else ""
    return (
        f'{told}<div class="h-scroll"><table><caption>Requests that did not go as they should'
        f"</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )


def _offer(report: ScenarioReport, offer: Event, parts: list[Event]) -> str:
    data, ident = offer.data, offer.data.get("offer")
    mine = [event for event in parts if event.data.get("offer") == ident]
    connections = {event.data.get("peer") for event in mine}
    done = any(event.data.get("offer") == ident for event in report.of("fota.done"))
    said = [
        e.data.get("version") for e in report.of("fota.reported") if e.data.get("offer") == ident
    ]
    fetched = "all bytes fetched" if done else "not fetched"
    reported = f"version {esc(said[-1])} reported" if said else "no version reported after that"
    return (
        f"<b>{esc(ident)}</b>: version {esc(data.get('version'))}, "
        f"{esc(data.get('size'))} bytes, CRC-32 <code>{esc(data.get('crc'))}</code>; "
        f"{plural(len(mine), 'request')} on {plural(len(connections), 'connection')}, "
        f"{fetched}, {reported}."
    )


def _wrong(data: Mapping[str, Any]) -> bool:
    return not data.get("good") or bool(data.get("fault")) or bool(data.get("findings"))


def wrong_with(data: Mapping[str, Any]) -> str:
    """What was wrong with a request for a part, in words; empty when nothing was."""
    reasons = [f"fault: {data['fault']}"] if data.get("fault") else []
    if not data.get("whole"):
        reasons.append("not written in full")
    for finding in map(mapping, items(data.get("findings"))):
        reasons.append(f"{finding.get('requirement')}: {finding.get('message')}")
    return "; ".join(reasons)


def _row(data: Mapping[str, Any]) -> str:
    status = data.get("status")
    answered = "no answer" if status is None else status
    part = data.get("range") or "–"
    cells = (data.get("request", "–"), part, answered, data.get("nth", "–"), wrong_with(data))
    return "<tr>" + "".join(f"<td>{esc(cell)}</td>" for cell in cells) + "</tr>"
