"""The AT dialogue: bytes of both directions put together to lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.evidence import Event
from harness.report.text import clock, plural, visible

HEAD_LINES, TAIL_LINES = 250, 150
FOLDED_LINES = 1_500
_LONG = 600


@dataclass(frozen=True, slots=True)
class Line:
    """One line on the serial line. ``sent``: from host or DUT to the modem."""

    at: str
    host: float
    line: str
    sent: bool
    text: str
    urc: bool = False


def dialogue(events: tuple[Event, ...]) -> list[Line]:
    """Serial events as lines, in the order in which each line began."""
    waiting = Counter(
        str(event.data.get("text", "")).strip() for event in events if event.kind == "urc"
    )
    lines: list[Line] = []
    for line in _joined(events):
        text = line.text.strip()
        if not line.sent and text and waiting[text] > 0:
            waiting[text] -= 1
            line = Line(line.at, line.host, line.line, line.sent, line.text, urc=True)
        lines.append(line)
    return lines


def _joined(events: tuple[Event, ...]) -> Iterator[Line]:
    open_lines: dict[tuple[str, bool], Line] = {}
    for event in events:
        if event.kind != "serial":
            continue
        sent = event.data.get("dir") == "tx"
        other = open_lines.pop((event.source, not sent), None)
        if other is not None:
            yield other
        key = (event.source, sent)
        before = open_lines.pop(key, None)
        text = str(event.data.get("bytes", ""))
        if before is not None:
            text = before.text + text
        at, host = (before.at, before.host) if before else (event.at, event.host)
        *whole, rest = _split(text, sent)
        for piece in whole:
            yield Line(at, host, event.source, sent, piece)
            at, host = event.at, event.host
        if rest:
            open_lines[key] = Line(at, host, event.source, sent, rest)
    yield from open_lines.values()


def _split(text: str, sent: bool) -> list[str]:
    """Whole lines, then what is left. Blank lines go with the line that follows them."""
    pieces: list[str] = []
    start = 0
    for index, character in enumerate(text):
        ends = character == "\n" or (
            sent and character in "\r\x1a" and text[index + 1 : index + 2] != "\n"
        )
        if ends and text[start : index + 1].strip("\r\n"):
            pieces.append(text[start : index + 1])
            start = index + 1
    return [*pieces, text[start:]]


def transcript_html(lines: list[Line]) -> str:
    """The transcript as a table; long ones with their middle folded."""
    if not lines:
        return ""
    several = len({line.line for line in lines}) > 1
    if len(lines) <= HEAD_LINES + TAIL_LINES:
        return _table(lines, lines[0], several)
    middle = lines[HEAD_LINES:-TAIL_LINES]
    shown = middle[:FOLDED_LINES]
    left = len(middle) - len(shown)
    remark = f"<p>{plural(left, 'more line')} are in the timeline only.</p>" if left else ""
    return (
        _table(lines[:HEAD_LINES], lines[0], several)
        + f"<details><summary>{plural(len(middle), 'line')} in between</summary>"
        + _table(shown, lines[0], several)
        + f"{remark}</details>"
        + _table(lines[-TAIL_LINES:], lines[0], several)
    )


def _table(lines: list[Line], first: Line, several: bool) -> str:
    rows = []
    for line in lines:
        mark = ' <span class="h-tag">URC</span>' if line.urc else ""
        name = f'<span class="h-dim">{visible(line.line.partition(":")[2])}</span> ' * several
        kind = "tx" if line.sent else "urc" if line.urc else "rx"
        rows.append(
            f'<tr class="h-{kind}"><td class="h-num">{clock(line.at)}</td>'
            f'<td class="h-num">+{(line.host - first.host) * 1000:.1f}</td>'
            f'<td class="h-arrow">{"→" if line.sent else "←"}</td>'
            f"<td><code>{name}{visible(line.text, limit=_LONG, breaks=False)}</code>{mark}</td>"
            "</tr>"
        )
    return (
        '<div class="h-scroll"><table class="h-at"><caption>→ to the modem, '
        '← from it</caption><thead><tr><th scope="col">scenario time</th>'
        '<th scope="col">real ms</th><th scope="col"><span class="h-sr">direction</span></th>'
        '<th scope="col">bytes</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
