"""The live table of ``hil serve`` as a picture that fits a window of any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.cli.printable import printable
from harness.cli.serve_board import Board, Counts, DeviceRow, Happening

_SEVERITY = {"error": "bold red", "warning": "yellow", "info": "dim"}
_HEAD_ROWS = 3  # addresses, clock and counts, an empty one
_NOTHING_YET = "nothing yet; uplinks go to /ingestion/m2m/senml/v1, or /ingestion/ip/senml/v1"
_LEAST = 5  # rows for both tables: headings, two devices, how many more there are, a happening
_SHARE = 0.45  # of the rows, for devices when there are so many
_WRAPPED = 2  # lines for a finding, at most
_INDENT = "    "
_COLUMNS = {"findings": 45, "uplinks": 60, "downlinks": 75, "SMS": 75}
"""The numbers of a device, and the window's width from which on each is shown."""


@dataclass(frozen=True, slots=True)
class Window:
    """Columns and rows of the terminal."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Header:
    """What stands above the tables. ``clock``: scenario time to the second, ISO 8601."""

    addresses: Mapping[str, str]
    clock: str
    frozen: bool
    hint: str


def picture(board: Board, header: Header, window: Window) -> RenderableType:
    """The board, drawn in ``window.height`` rows at most."""
    rows = max(window.height - _HEAD_ROWS - 1, 0)  # the last is the hint's
    look = board.look(rows, rows)
    lines: list[RenderableType] = [_addresses(header), _clock_and_counts(header, look.counts), ""]
    if rows >= _LEAST:
        rows -= 2  # the headings, and how many devices are left out
        below = _happenings(look.happenings, rows - int(rows * _SHARE), window.width, header.clock)
        shown = look.devices[: rows - max(len(below), 1)]
        rows -= len(shown)
        below = _happenings(look.happenings, rows, window.width, header.clock)
        below = below or [_line(_NOTHING_YET, "dim")]
        rows -= len(below)
        left_out = _left_out(look.counts.devices - len(shown))
        lines += [_devices(shown, header, window.width), left_out, *below]
    return Group(*lines, *[""] * rows, _line(header.hint, "dim"))


def _line(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")


def _joined(*parts: str | tuple[str, str]) -> Text:
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def _addresses(header: Header) -> Text:
    parts: list[str | tuple[str, str]] = [("hil serve", "bold")]
    for name, where in header.addresses.items():
        label = "" if where.startswith(f"{name}:") else f"{name} "
        parts += [(f"  {label}", "dim"), where]
    return _joined(*parts)


def _clock_and_counts(header: Header, counts: Counts) -> Text:
    return _joined(
        f"{header.clock[:10]} {header.clock[11:19]} UTC",
        (" frozen" if header.frozen else "", "cyan"),
        f"  uplinks {counts.uplinks:,}  accepted {counts.accepted:,}  ",
        (f"refused {counts.refused:,}", "red" if counts.refused else ""),
        "  ",
        (f"findings {counts.findings:,}", "yellow" if counts.findings else ""),
    )


def _devices(devices: tuple[DeviceRow, ...], header: Header, width: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("device", no_wrap=True, overflow="ellipsis", min_width=12)
    table.add_column("last uplink", no_wrap=True, min_width=11)
    table.add_column("verdict", no_wrap=True, min_width=len("unverified"))
    counts = [name for name, least in _COLUMNS.items() if width >= least]
    for name in counts:
        table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
    for row in devices:
        numbers = (row.findings, row.uplinks, row.downlinks, row.sms)
        table.add_row(
            _line(row.name),
            moment(row.last, header.clock) if row.last else Text("–", style="dim"),
            _verdict(row.outcome),
            *map(_number, numbers[: len(counts)]),
        )
    return table


def _number(count: int) -> Text:
    return Text(f"{count:,}") if count else Text("·", style="dim")


def _verdict(outcome: str) -> Text:
    return Text(outcome, style="green" if outcome == "accepted" else "bold red")


def _left_out(count: int) -> Text:
    return _line(f"and {count:,} more, quiet for longer" if count > 0 else "", "dim")


def _happenings(
    happenings: tuple[Happening, ...], rows: int, width: int, now: str
) -> list[RenderableType]:
    """Newest first; each is shown whole or not at all."""
    lines: list[RenderableType] = []
    for happening in happenings:
        drawn = _happening(happening, width, now)
        if len(lines) + len(drawn) > rows:
            break
        lines += drawn
    return lines


def _happening(happening: Happening, width: int, now: str) -> list[Text]:
    good = "green" if happening.outcome == "accepted" else ""
    several = f"  {happening.findings} findings, the gravest:" if happening.findings > 1 else ""
    line = _joined(
        (f"{moment(happening.at, now)}  ", "dim"),
        f"{happening.number} " if happening.number else "",
        f"{printable(happening.who)} " if happening.who else "",
        (printable(happening.outcome), "bold red" if happening.bad else good),
        (several, "dim"),
    )
    finding = happening.finding
    if finding is None:
        return [line]
    words = Text.assemble(
        (f"{finding.requirement} ", _SEVERITY.get(finding.severity, "")), printable(finding.message)
    )
    wrapped = _wrapped(words, max(width - len(_INDENT), 1))
    return [line, *(_joined(_INDENT).append_text(one) for one in wrapped)]


def _wrapped(text: Text, width: int) -> list[Text]:
    """In lines of ``width``; what does not fit into the last ends in an ellipsis."""
    lines = list(text.wrap(Console(width=width), width))
    if len(lines) <= _WRAPPED:
        return lines
    last = text[sum(len(line.plain) + 1 for line in lines[: _WRAPPED - 1]) :]
    last.truncate(width, overflow="ellipsis")
    return [*lines[: _WRAPPED - 1], last]


def moment(at: str, now: str) -> str:
    """``at`` as a clock shows it: the time of today, day and time of another day (both UTC)."""
    return at[11:19] if at[:10] == now[:10] else f"{at[5:10]} {at[11:16]}"
