"""pytest-html's page made ours: its columns, and what its template leaves out."""

from __future__ import annotations

import re
from pathlib import Path

from harness.report.card import TONES
from harness.report.run import Item
from harness.report.text import esc

CSS = Path(__file__).with_name("page.css")
_HEAD = (
    '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
    '<meta name="color-scheme" content="light dark"/>'
)
_CREDIT = re.compile(r"<p>Report generated on .*?</p>", re.S)


def table_header() -> list[str]:
    """Header cells. `result` and `testId` are what pytest-html's script needs; they are hidden."""
    return [
        '<th class="sortable col-result" data-column-type="result">Result</th>',
        '<th class="sortable col-verdict" data-column-type="verdict">Verdict</th>',
        '<th class="sortable col-testId" data-column-type="testId">Test</th>',
        '<th class="sortable col-scenario" data-column-type="scenario">Scenario</th>',
        '<th class="sortable col-device" data-column-type="device">Device</th>',
        '<th class="col-requirements">Requirements</th>',
        '<th class="sortable col-duration" data-column-type="duration">Took</th>',
    ]


def row_cells(item: Item, title: str, result: str, duration: str) -> list[str]:
    """One row's cells, as many as :func:`table_header` has. Each is on one line: its script's
    sorting reads the cells with a regular expression."""
    tone = TONES.get(item.verdict, "warn")
    names = item.requirements if item.verdict == "failed" else item.verifies
    name = f"<b>{esc(title)}</b>" if title else ""
    return [
        f'<td class="col-result">{result}</td>',
        f'<td class="col-verdict"><span class="h-badge h-v-{tone}">{esc(item.verdict)}</span></td>',
        f'<td class="col-testId">{esc(item.nodeid)}</td>',
        f'<td class="col-scenario">{name}<small>{esc(item.id)}</small></td>',
        f'<td class="col-device">{esc(item.device)}</td>',
        f'<td class="col-requirements">{esc(", ".join(names))}</td>',
        f'<td class="col-duration">{duration}</td>',
    ]


def polish(html: str) -> str:
    """What the template lacks: the language, and a viewport for phones."""
    html = html.replace("<html>", '<html lang="en">', 1)
    html = html.replace('<meta charset="utf-8"/>', '<meta charset="utf-8"/>' + _HEAD, 1)
    return _CREDIT.sub("", html, count=1)
