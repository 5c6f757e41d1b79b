"""A scenario's card: the verdict first, then everything that led to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from harness.evidence import Event
from harness.report.backoff import backoff_html
from harness.report.cost import cost_html
from harness.report.exchange import exchanges_html
from harness.report.firmware import firmware_html
from harness.report.model import ScenarioReport, items, mapping
from harness.report.sequence import sequence_html
from harness.report.text import clock, esc, lines_html, plural, prose, span, visible
from harness.report.transcript import dialogue, transcript_html
from harness.scenario.requirements import requirements

MAX_ROWS = 400

# pytest-html keeps cards as JSON in an attribute, where a quotation mark costs six bytes; HTML
# does without them around plain words. In text every quotation mark is escaped already.
_QUOTED = re.compile(r'="([A-Za-z0-9_.-]+)"(?=[ >])')

KNOWN_KINDS = frozenset(
    {
        *("run.context", "step.start", "step.end", "verdict", "note"),
        *("clock.jump", "clock.device", "device.identity", "power", "serial", "urc", "line.fault"),
        *("modem.state", "modem.unknown", "modem.sms", "modem.lines", "modem.ring"),
        *("http.request", "http.response", "http.aborted", "uplink", "downlink"),
        *("mqtt.uplink", "mqtt.downlink"),
        *("sms.submit", "sms.attempt", "sms.status", "chaos"),
        *("fota.offer", "fota.part", "fota.done", "fota.reported", "device.firmware"),
        *("tls.handshake", "destination.attempt", "destination.status"),
        *("device.uplink", "device.downlink", "device.sms", "device.console", "device.exit"),
        *("device.registered", "device.secret-changed", "device.removed", "actuator.request"),
        *("http.crowded", "store.opened", "store.failed", "store.recovered"),
        *("packet", "capture.summary"),
    }
)
TONES = {
    "passed": "good",
    "failed": "bad",
    "rig error": "warn",
    "scenario error": "warn",
    "harness error": "bad",
    "skipped": "dim",
    "no verdict": "warn",
}
_BLAMES = {
    "device": "the device",
    "modem": "the modem",
    "platform": "the platform",
    "rig": "the bench; it does not count against the device",
    "harness": "the harness itself, please report it",
}


def _carrier(report: ScenarioReport) -> str:
    """What uplinks came by."""
    if not report.of("mqtt.uplink"):
        return "HTTP"
    return "HTTP and MQTT" if report.of("http.request") else "MQTT (not described)"


def card_html(report: ScenarioReport, *, links: bool = True) -> str:
    """The whole card. Without ``links`` it names the files beside it, which then stay at home."""
    lines = dialogue(report.events)
    count, exchanges = exchanges_html(report)
    serial = f"AT transcript, {plural(len(lines), 'line')}"
    parts = [
        _head(report),
        _steps(report),
        _section("SMS back-off", backoff_html(report), opened=True),
        _section("What happened", sequence_html(report), opened=True),
        _section("Firmware over the air", firmware_html(report), opened=True),
        _section(
            f"{_carrier(report)}, {plural(count, 'exchange')}",
            exchanges,
            opened=report.outcome == "failed",
        ),
        _section(serial, transcript_html(lines), opened=report.outcome == "failed"),
        _packets(report, links),
        _section("Device's console", _console(report)),
        _identities(report),
        _notes(report),
        _files(report, links),
    ]
    body = _QUOTED.sub(r"=\1", "".join(parts))
    return f'<article class="h-card" lang="en">{body}</article>'


def _section(title: str, body: str, *, opened: bool = False) -> str:
    if not body:
        return ""
    state = " open" if opened else ""
    return f"<details{state}><summary><h4>{esc(title)}</h4></summary>{body}</details>"


def verdict_words(report: ScenarioReport) -> str:
    """The verdict as a sentence."""
    verifies = ", ".join(report.verifies)
    match report.outcome:
        case "passed":
            return f"Passed: verified {verifies}." if verifies else "Passed."
        case "failed":
            broken = ", ".join(report.broken) or "what was expected"
            blame = str(report.verdict.get("blame") or "device")
            return f"Failed: {_BLAMES.get(blame, blame)} broke {broken}."
        case "rig error":
            return "Rig error: the bench broke; it does not count against the device."
        case "scenario error":
            return "Scenario error: the scenario cannot be run as it is written; mend it."
        case "harness error":
            return "Harness error: a defect of the harness itself, please report it."
        case "skipped":
            return "Skipped."
        case _:
            return "No verdict: the run ended before there was one."


def _head(report: ScenarioReport) -> str:
    tone = TONES.get(report.outcome, "warn")
    message = str(report.verdict.get("message") or "")
    title = f"{esc(report.title)}" if report.title else esc(report.id)
    parts = [f"<h3>{title}</h3>"]
    description = report.scenario.get("description")
    if description:
        parts.append(f"<p>{esc(description)}</p>")
    parts.append(f'<div class="h-verdict h-v-{tone}"><strong>{esc(verdict_words(report))}</strong>')
    if message and report.outcome != "passed":
        parts.append(f'<p class="h-said">{lines_html(message)}</p>')
    known = requirements()
    rows = "".join(
        f"<li><b>{esc(name)}</b> {prose(known[name].text)} "
        f"<span class='h-dim'>({esc(known[name].sure)})</span></li>"
        for name in report.broken
        if name in known
    )
    parts.append(f"<ul>{rows}</ul></div>" if rows else "</div>")
    parts += [f'<p class="h-remark">Evidence: {esc(remark)}.</p>' for remark in report.remarks]
    return "".join(parts)


def _steps(report: ScenarioReport) -> str:
    ends: dict[Any, Event] = {str(e.data.get("index")): e for e in report.of("step.end")}
    rows = []
    for start in report.of("step.start")[:MAX_ROWS]:
        end = ends.get(str(start.data.get("index")))
        outcome = str(end.data.get("outcome", "?")) if end else "not ended"
        tone = "good" if outcome == "ok" else "bad"
        took = span(max(end.host - start.host, 0)) if end else ""
        message = str(end.data.get("message") or "") if end else ""
        said = f'<p class="h-{tone}">{lines_html(message)}</p>' if message else ""
        rows.append(
            f'<tr class="h-step-{tone}"><td class="h-num">{esc(start.data.get("line", ""))}</td>'
            f"<td><pre>{lines_html(_dedent(str(start.data.get('text', ''))))}</pre>{said}</td>"
            f'<td><strong class="h-{tone}">{esc(outcome)}</strong></td>'
            f'<td class="h-num">{took}</td></tr>'
        )
    if not rows:
        return ""
    table = (
        '<div class="h-scroll"><table class="h-steps"><thead><tr><th scope="col">line</th>'
        '<th scope="col">step</th><th scope="col">outcome</th><th scope="col">took</th></tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
    file = report.scenario.get("file")
    where = f'<p class="h-dim">{esc(file)}</p>' if file else ""
    return _section(f"Steps, {len(rows)}", where + table, opened=report.outcome != "passed")


def _dedent(text: str) -> str:
    lines = text.split("\n")
    cut = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join(line[cut:] for line in lines)


def _packets(report: ScenarioReport, links: bool) -> str:
    packets = report.of("packet")
    summary = [event.data for event in report.of("capture.summary")]
    if not packets and not summary:
        return ""
    rows = []
    for event in packets[:MAX_ROWS]:
        data = event.data
        flags = f" [{esc(data['flags'])}]" if data.get("flags") else ""
        rows.append(
            f'<tr><td class="h-num">{esc(str(data.get("time", event.wall))[11:26])}</td>'
            f"<td>{_end(data, 'src', 'sport')} → {_end(data, 'dst', 'dport')}</td>"
            f'<td>{esc(data.get("proto"))}{flags}</td><td class="h-num">{esc(data.get("length"))}'
            f'</td><td class="h-num">{esc(data.get("payload"))}</td>'
            f"<td>{esc(data.get('info') or '')}</td></tr>"
        )
    said = []
    for data in summary:
        name = str(data.get("file", ""))
        shown = _file(name, links)
        lost = data.get("dropped")
        loss = f", <strong class='h-bad'>{esc(lost)} lost</strong>" if lost else ", none lost"
        said.append(f"<p>{esc(data.get('packets'))} packets{loss}: {shown}</p>")
    left = len(packets) - len(rows)
    more = f"<p>{plural(left, 'more packet')} in the capture.</p>" if left else ""
    table = (
        '<div class="h-scroll"><table><thead><tr><th scope="col">real time</th><th scope="col">'
        'from → to</th><th scope="col">protocol</th><th scope="col">bytes</th>'
        '<th scope="col">payload</th><th scope="col">what</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        if rows
        else ""
    )
    cost = cost_html(report)
    return _section(f"Packets, {len(packets)}", "".join(said) + cost + table + more)


def _end(data: Mapping[str, Any], host: str, port: str) -> str:
    number = data.get(port)
    return esc(f"{data.get(host)}:{number}" if number else data.get(host))


def _console(report: ScenarioReport) -> str:
    lines = [*report.of("device.console", "device.exit")]
    if not lines:
        return ""
    text = []
    for event in lines[:MAX_ROWS]:
        said = str(event.data.get("text", ""))
        if event.kind == "device.exit":
            said = f"program ended: {dict(event.data)}"
        text.append(f"{clock(event.at)}  {visible(said, limit=600, breaks=False)}")
    left = len(lines) - len(text)
    more = f"<p>{plural(left, 'more line')} in the timeline.</p>" if left else ""
    return f"<pre>{chr(10).join(text)}</pre>{more}"


def _identities(report: ScenarioReport) -> str:
    rows = [(name, value) for name, value in report.device.items() if value not in (None, "")]
    for event in report.of("device.identity"):
        rows += [(f"answers as {name}", value) for name, value in event.data.items()]
    for event in report.of("clock.device"):
        skew = event.data.get("skew_s")
        shown = f"{skew:+.3f} s" if isinstance(skew, int | float) else skew
        rows.append((f"clock skew at {event.data.get('when')}", shown))
    rig = report.context.get("rig")
    rows += [
        (f"rig {name}".replace("rig name", "rig"), value)
        for name, value in (mapping(rig) or {"name": rig}).items()
        if value
    ]
    versions = mapping(report.context.get("versions"))
    rows += list(versions.items())
    if not rows:
        return ""
    body = "".join(
        f'<tr><th scope="row">{esc(name)}</th><td>{esc(value)}</td></tr>' for name, value in rows
    )
    return _section("Identities and versions", f'<table class="h-facts">{body}</table>')


def _notes(report: ScenarioReport) -> str:
    unknown = dict.fromkeys(str(e.data.get("command")) for e in report.of("modem.unknown"))
    odd = dict.fromkeys(e.kind for e in report.events if e.kind not in KNOWN_KINDS)
    parts = []
    if unknown:
        listed = "".join(f"<li><code>{visible(c, limit=200)}</code></li>" for c in unknown)
        parts.append(f"<p>AT commands the virtual modem does not know:</p><ul>{listed}</ul>")
    if odd:
        parts.append(f"<p>Kinds of events this page does not know: {esc(', '.join(odd))}</p>")
    for event in report.of("note")[:50]:
        parts.append(
            f'<p class="h-dim">{esc(event.source)}</p>'
            f"<pre>{lines_html(str(event.data.get('text', '')))}</pre>"
        )
    opened = bool(unknown or odd) or report.outcome == "harness error"
    return _section("Remarks", "".join(parts), opened=opened)


def _file(name: str, links: bool) -> str:
    return f'<a href="{esc(name)}">{esc(name)}</a>' if links else esc(name)


def _files(report: ScenarioReport, links: bool) -> str:
    size = plural(len(report.events), "event")
    shown = _file(report.file, links)
    return f'<p class="h-dim">Timeline: {shown}, {size} in {span(report.duration_s)}.</p>'


def assumed_of(report: ScenarioReport) -> list[tuple[str, str, str]]:
    """Name, value and reason of what is assumed, as the scenario's own context says."""
    return [
        (str(a.get("name")), str(a.get("value")), str(a.get("why")))
        for a in map(mapping, items(report.context.get("assumed")))
    ]
