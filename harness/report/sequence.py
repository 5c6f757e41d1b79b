"""The sequence diagram of a scenario, as inline SVG."""

from __future__ import annotations

from harness.report.model import ScenarioReport
from harness.report.moments import Lane, Row, rows_of
from harness.report.text import esc, plural

MAX_ROWS, LAST_ROWS = 90, 35
_NAMES: dict[Lane, str] = {
    "device": "Device",
    "modem": "Modem",
    "platform": "Platform",
    "sms": "SMS centre",
    "endpoint": "Endpoint",
}
_LEFT, _TOP, _GAP = 92, 34, 230
_HEIGHTS = {"step": 30, "jump": 30, "arrow": 32, "box": 28}
_LETTER = 6.7
"""About how wide a letter of 11 px is."""


def sequence_html(report: ScenarioReport) -> str:
    """A figure with the diagram; empty when nothing happened between anybody."""
    rows = rows_of(report)
    if not any(row.shape in ("arrow", "box") for row in rows):
        return ""
    left = max(0, len(rows) - MAX_ROWS)
    shown = rows
    if left:
        gap = Row("jump", "", f"{plural(left, 'moment')} not drawn")
        shown = [*rows[: MAX_ROWS - LAST_ROWS], gap, *rows[-LAST_ROWS:]]
    used = {lane for row in shown if row.shape in ("arrow", "box") for lane in _touched(row)}
    lanes: list[Lane] = [lane for lane in _NAMES if lane in used or lane in ("device", "modem")]
    xs = {lane: _LEFT + 95 + index * _GAP for index, lane in enumerate(lanes)}
    width = _LEFT + 190 + (len(lanes) - 1) * _GAP
    y = _TOP + 10
    parts: list[str] = []
    before = ""
    for row in shown:
        height = _HEIGHTS[row.shape]
        parts.append(_row(row, y, height, xs, width, before))
        before = row.at[11:23] if row.shape in ("arrow", "box") else ""
        y += height
    bottom = y + 8
    heads = "".join(_lane(_NAMES[lane], xs[lane], bottom) for lane in lanes)
    title = f"Sequence diagram of {esc(report.id)}"
    what = f"{plural(len(rows), 'moment')} between {', '.join(_NAMES[lane] for lane in lanes)}"
    return (
        '<figure class="h-figure"><div class="h-scroll" tabindex="0" role="group" '
        f'aria-label="{title}">'
        f'<svg class="h-seq" viewBox="0 0 {width} {bottom + 6}" width="{width}" '
        f'height="{bottom + 6}" role="img"><title>{title}</title><desc>{esc(what)}</desc>'
        f"{heads}{''.join(parts)}</svg></div></figure>"
    )


def _touched(row: Row) -> tuple[Lane, Lane]:
    return row.source, row.target


def _lane(name: str, x: int, bottom: int) -> str:
    return (
        f'<line class="s-life" x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{bottom}"/>'
        f'<rect class="s-head" x="{x - 52}" y="4" width="104" height="24" rx="6"/>'
        f'<text class="s-name" x="{x}" y="20" text-anchor="middle">{esc(name)}</text>'
    )


def _row(row: Row, y: int, height: int, xs: dict[Lane, int], width: int, before: str) -> str:
    if row.shape == "step":
        return (
            f'<rect class="s-step" x="0" y="{y + 5}" width="{width}" height="20" rx="4"/>'
            f'<text class="s-steptext" x="8" y="{y + 19}">{esc(row.text)}</text>'
        )
    if row.shape == "jump":
        middle = y + height // 2
        until = f", {row.until[:19].replace('T', ' ')}" if row.until else ""
        return (
            f'<path class="s-jump" d="M0 {middle - 3}H{width}M0 {middle + 3}H{width}"/>'
            + _label(width / 2, middle + 4, f"⋯ {row.text}{until} ⋯", "s-jumptext", width)
        )
    shown = row.at[11:23]
    time = f'<text class="s-time" x="8" y="{y + height - 8}">{esc(shown)}</text>'
    time = time if shown != before else ""
    tone = f" s-{row.tone}" if row.tone else ""
    if row.shape == "box":
        wide = min(len(row.text) * _LETTER + 22, 236)
        x = min(max(xs[row.source], _LEFT + wide / 2), width - wide / 2 - 2)
        return time + (
            f'<rect class="s-box{tone}" x="{x - wide / 2:.1f}" y="{y + 4}" width="{wide:.1f}" '
            f'height="20" rx="10"/><text class="s-boxtext{tone}" x="{x:.1f}" y="{y + 18}" '
            f'text-anchor="middle">{esc(row.text)}</text>'
        )
    return time + _arrow(row, y + height - 8, xs[row.source], xs[row.target], tone, width)


def _arrow(row: Row, y: int, start: int, end: int, tone: str, width: int) -> str:
    way = 1 if end > start else -1
    stop = end - way * 2
    head = f"M{stop} {y}l{-7 * way} -4v8z"
    if row.lost:
        stop = start + (end - start) * 3 // 4
        head = ""
    lost = " s-lost" if row.lost else ""
    cross = f'<path class="s-cross" d="M{stop - 4} {y - 4}l8 8m0 -8l-8 8"/>' if row.lost else ""
    return (
        f'<path class="s-arrow{tone}{lost}" d="M{start} {y}H{stop}"/>'
        + (f'<path class="s-tip{tone}" d="{head}"/>' if head else cross)
        + _label((start + end) / 2, y - 6, row.text, f"s-text{tone}", width)
    )


def _label(x: float, y: float, text: str, style: str, width: int) -> str:
    half = len(text) * _LETTER / 2 + 4
    x = min(max(x, _LEFT + half), width - half)
    return (
        f'<rect class="s-under" x="{x - half:.1f}" y="{y - 10:.1f}" width="{2 * half:.1f}" '
        f'height="13"/><text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">'
        f"{esc(text)}</text>"
    )
