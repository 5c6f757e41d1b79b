"""NET-COST: what each connection cost in IP bytes, and what that is per uplink."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from harness.report.model import ScenarioReport, items, mapping
from harness.report.text import esc

_HEADS = ("connection", "", "uplinks", "bytes up", "bytes down", "bytes per uplink")


def cost_html(report: ScenarioReport) -> str:
    """A table of the captured connections; empty without a capture.

    How many uplinks a connection carried is the platform's word: TLS hides it from the capture.
    """
    uplinks = Counter(str(event.data.get("peer", "")) for event in report.of("http.request"))
    rows = [
        _row(mapping(connection), uplinks)
        for event in report.of("capture.summary")
        for connection in items(event.data.get("connections"))
    ]
    if not rows:
        return ""
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    return (
        '<div class="h-scroll"><table><caption>What it cost (IP bytes, NET-COST)</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(connection: Mapping[str, Any], uplinks: Counter[str]) -> str:
    client, server = str(connection.get("client", "?")), str(connection.get("server", "?"))
    up, down = _number(connection.get("up")), _number(connection.get("down"))
    count = uplinks[client]
    each = f"{(up + down) / count:,.0f}" if count else "–"
    way = "TLS" if connection.get("tls") else "plain"
    numbers = (f"{count}", f"{up:,}", f"{down:,}", each)
    cells = "".join(f'<td class="h-num">{number}</td>' for number in numbers)
    return f"<tr><td>{esc(client)} → {esc(server)}</td><td>{way}</td>{cells}</tr>"


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
