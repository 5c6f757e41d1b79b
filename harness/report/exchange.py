"""Exchanges by HTTP and MQTT: their bytes, what the platform found, the resolved pack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness.evidence import Event
from harness.report.model import ScenarioReport, items, mapping
from harness.report.text import as_utf8, clock, esc, plural, visible

MAX_EXCHANGES = 60
_KINDS = (
    "http.request", "mqtt.uplink", "uplink", "http.response", "mqtt.downlink", "http.aborted",
)  # fmt: skip
_NOT_DESCRIBED = '<span class="h-tag">not described by the documents</span>'
_WORDS = {
    "accepted": "accepted",
    "malformed": "refused: malformed",
    "unverified": "refused: token not verified",
    "unknown-device": "refused: unknown device",
}
_TOKEN_WORDS = {
    "verified": "Token verified",
    "explained": "Token wrong, mistake found",
    "unexplained": "Token wrong, no known mistake matches",
    "missing": "Token missing",
    "not-required": "Token not required",
    "unchecked": "Token not checked",
}


def exchanges_html(report: ScenarioReport) -> tuple[int, str]:
    """How many exchanges there were, and all of them as HTML."""
    grouped: dict[str, dict[str, Event]] = {}
    for event in report.of(*_KINDS):
        grouped.setdefault(str(event.data.get("exchange", "?")), {})[event.kind] = event
    shown = list(grouped.items())[:MAX_EXCHANGES]
    html = "".join(_exchange(number, parts) for number, parts in shown)
    left = len(grouped) - len(shown)
    if left:
        html += f"<p>{plural(left, 'more exchange')} in the timeline only.</p>"
    return len(grouped), html


def _exchange(number: str, parts: Mapping[str, Event]) -> str:
    request, uplink = parts.get("http.request"), parts.get("uplink")
    response, aborted = parts.get("http.response"), parts.get("http.aborted")
    published = parts.get("mqtt.uplink"), parts.get("mqtt.downlink")
    first = next(iter(parts.values()))
    outcome = str(uplink.data.get("outcome")) if uplink else ""
    words = _WORDS.get(outcome, outcome) or ("aborted" if aborted else "no verdict")
    tone = "good" if outcome == "accepted" else "bad"
    status = response.data.get("status") if response else None
    answer = f" · answered {esc(status)}" if status else " · no answer" if not response else ""
    if published[0] is not None:
        answer = f" · by MQTT {_NOT_DESCRIBED}"
    body = []
    if uplink is not None:
        body.append(_findings(uplink))
        body.append(_token(mapping(uplink.data.get("token"))))
    if request is not None:
        body.append(_request(request))
    body += [_message(event) for event in published if event is not None]
    if uplink is not None:
        body.append(pack_html(uplink.data.get("pack")))
    if response is not None:
        fault = response.data.get("fault")
        extra = f' <span class="h-tag">fault on purpose: {esc(fault)}</span>' if fault else ""
        sent = str(response.data.get("bytes", ""))
        body.append(
            f"<h5>Response, {plural(len(sent), 'byte')}{extra}</h5>"
            + (f"<pre>{visible(as_utf8(sent))}</pre>" if sent else "<p>Nothing was sent.</p>")
        )
    if aborted is not None:
        body.append(f'<p class="h-bad">Aborted: {esc(aborted.data.get("why"))}</p>')
    opened = " open" if tone == "bad" else ""
    return (
        f'<details class="h-exchange"{opened}><summary><span class="h-num">{clock(first.at)}</span>'
        f' exchange {esc(number)} <strong class="h-{tone}">{esc(words)}</strong>{answer}</summary>'
        f"{''.join(body)}</details>"
    )


def _request(event: Event) -> str:
    head, body = str(event.data.get("head", "")), str(event.data.get("body", ""))
    peer = f" from {esc(event.data.get('peer'))}" if event.data.get("peer") else ""
    return (
        f"<h5>Request{peer}: head {plural(len(head), 'byte')}, body "
        f"{plural(len(body), 'byte')}</h5>"
        f'<pre>{visible(head)}</pre><pre class="h-body">{visible(as_utf8(body))}</pre>'
    )


def _message(event: Event) -> str:
    data, payload = event.data, str(event.data.get("payload", ""))
    way = "Published" if event.kind == "mqtt.uplink" else "Downlink published"
    kept = ", retained" if data.get("retain") else ""
    lost = "" if data.get("taken", True) else ' <strong class="h-bad">not taken</strong>'
    more = "".join(
        f"{pair[0]}: {pair[1]}\n" for pair in items(data.get("properties")) if len(items(pair)) == 2
    )
    how = f"{plural(len(payload), 'byte')}, quality of service {esc(data.get('qos'))}{kept}{lost}"
    return (
        f"<h5>{way} to {esc(data.get('topic'))}: {how}</h5>"
        + (f"<pre>{visible(as_utf8(more))}</pre>" if more else "")
        + f'<pre class="h-body">{visible(as_utf8(payload))}</pre>'
    )


def _findings(event: Event) -> str:
    rows = []
    for raw in items(event.data.get("findings")):
        finding = mapping(raw)
        severity = str(finding.get("severity", ""))
        tone = {"error": "bad", "warning": "warn"}.get(severity, "dim")
        rows.append(
            f'<tr><td><strong class="h-{tone}">{esc(severity)}</strong></td>'
            f'<th scope="row">{esc(finding.get("requirement", ""))}</th>'
            f"<td>{esc(finding.get('message', ''))}</td></tr>"
        )
    if not rows:
        return "<p>Nothing to find fault with.</p>"
    return (
        '<div class="h-scroll"><table><caption>Findings</caption><thead><tr><th scope="col">'
        'severity</th><th scope="col">requirement</th><th scope="col">what was seen</th></tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _token(token: Mapping[str, Any]) -> str:
    verdict = str(token.get("verdict") or "")
    if not verdict:
        return ""
    tone = "good" if verdict in ("verified", "not-required") else "bad"
    words = _TOKEN_WORDS.get(verdict, f"Token {verdict}")
    why = str(token.get("explanation") or "")
    return (
        f'<p class="h-token"><strong class="h-{tone}">{esc(words)}</strong>'
        + (f": {esc(why)}" if why else "")
        + "</p>"
    )


def pack_html(pack: Any) -> str:
    """Resolved SenML records as a table; nothing when there are none."""
    records = [mapping(record) for record in items(pack)][:200]
    if not records:
        return ""
    columns = list(dict.fromkeys(str(key) for record in records for key in record))
    head = "".join(f'<th scope="col">{esc(column)}</th>' for column in columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_value(record.get(column))}</td>" for column in columns) + "</tr>"
        for record in records
    )
    return (
        '<div class="h-scroll"><table><caption>Pack as the platform forwards it</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return esc(as_utf8(value))
    return esc(json.dumps(value, ensure_ascii=False))
