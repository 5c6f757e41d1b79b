"""What the benchmarks share: one row of a table, made of the rounds of two candidates."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. ``ratio``: median, least and greatest over the rounds (or the median alone)
    if there are two sides; ``met`` is None where there is no target or no peer to hold it against.
    """

    name: str
    ours: str
    peer: str = "–"
    ratio: tuple[float, ...] | None = None
    target: str = "–"
    met: bool | None = None


def figure(values: Sequence[float], unit: str) -> str:
    """The median, with least and greatest: ``6.2 µs (6.0–7.1)``."""
    shown = [_short(value) for value in (statistics.median(values), min(values), max(values))]
    return f"{shown[0]} {unit} ({shown[1]}–{shown[2]})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def compared(
    name: str,
    ours: Sequence[float],
    peer_name: str,
    peer: Sequence[float],
    unit: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """Ours over the peer's, round by round, against a limit of the median of these ratios."""
    ratios = [mine / other for mine, other in zip(ours, peer, strict=True)]
    middle = statistics.median(ratios)
    target, met = "–", None
    if at_least is not None:
        target, met = f"≥ {at_least:g} ×", middle >= at_least
    elif at_most is not None:
        target, met = f"≤ {at_most:g} ×", middle <= at_most
    return Row(
        name,
        figure(ours, unit),
        f"{peer_name} {figure(peer, unit)}",
        (middle, min(ratios), max(ratios)),
        target,
        met,
    )


def alone(name: str, ours: Sequence[float], unit: str, *, at_most: float | None = None) -> Row:
    """A figure that is held against a number."""
    if at_most is None:
        return Row(name, figure(ours, unit))
    met = statistics.median(ours) <= at_most
    return Row(name, figure(ours, unit), target=f"≤ {at_most:g} {unit}", met=met)


def missing(name: str, peer: str, why: str = NOT_INSTALLED) -> Row:
    """A peer that could not take part."""
    return Row(name, "–", f"{peer}: {why}")


Verdict = Literal["met", "missed", "–"]


def verdict(row: Row) -> Verdict:
    """How a row stands against its target."""
    return "–" if row.met is None else "met" if row.met else "missed"


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text; readable as it is, and as Markdown."""
    lines = [("what", "ours", "peer", "ours/peer (min–max)", "target", "")]
    for row in rows:
        ratio = "–"
        if row.ratio is not None:
            ratio = f"{row.ratio[0]:.3g}"
            if len(row.ratio) == 3:
                ratio += f" ({row.ratio[1]:.3g}–{row.ratio[2]:.3g})"
        lines.append((row.name, row.ours, row.peer, ratio, row.target, verdict(row)))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    texts = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    return "\n".join([texts[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *texts[1:]])


def options(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """What every benchmark understands; each adds its own sizes."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=rounds, help="interleaved; medians are shown")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, rougher figures")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    return parser


def show(rows: Sequence[Row], *, as_json: bool) -> int:
    """Print; 0 also when a target is missed: a benchmark informs, it is no gate."""
    sys.stdout.write((json.dumps([asdict(row) for row in rows]) if as_json else table(rows)) + "\n")
    return 0


def rotated(names: Sequence[str], turn: int) -> list[str]:
    """The candidates in another order each round, so that none is always first."""
    start = turn % len(names)
    return [*names[start:], *names[:start]]
