"""A failure as people read it: the scenario's own lines, expected, seen, and what led to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.evidence import Event
from harness.scenario.load import Case, shown_path
from harness.scenario.play import Result
from harness.scenario.requirements import requirements
from harness.scenario.verdict import Verdict

_WIDTH = 96
_FIELDS = ("seq", "host", "wall", "at", "source", "kind")


def show_failure(case: Case, verdict: Verdict, result: Result, folder: Path) -> str:
    """The text of a failed item; several lines, no Python traceback. ``folder`` is the run's."""
    return "\n".join(_lines(case, verdict, result, folder))


def _lines(case: Case, verdict: Verdict, result: Result, folder: Path) -> Iterator[str]:
    first = case.step_lines(verdict.step)[0] if verdict.step is not None else 1
    yield f"{case.shown_file}:{first}: {case.model.title}"
    yield ""
    if verdict.step is not None:
        for number, text in enumerate(case.step_text(verdict.step).splitlines(), first):
            yield f"> {number:4}  {text}"
        yield ""
    if verdict.expected:
        yield f"expected  {verdict.expected}"
        yield f"seen      {verdict.seen}"
    else:
        yield f"{verdict.outcome}: {verdict.message}"
    if verdict.blame:
        yield f"blame     {verdict.blame}"
    known = requirements()
    for name in verdict.requirements:
        if name in known:
            yield f"broken    {name}: {known[name].text}"
    if result.last_events:
        yield ""
        yield "the last events:"
        for event in result.last_events:
            yield "  " + show_event(event)
    if result.timeline is not None:
        yield ""
        yield f"all of them: {shown_path(folder / result.timeline)}"


def show_event(event: Event) -> str:
    """One event in one line."""
    clock = event.at[11:23]
    text = f"{clock}  {event.source:<18} {event.kind:<14} {_brief(event)}"
    return text if len(text) <= _WIDTH + 30 else text[: _WIDTH + 29] + "…"


def _brief(event: Event) -> str:
    data: dict[str, Any] = dict(event.data)
    if event.kind == "serial":
        arrow = "→" if data["dir"] == "tx" else "←"
        return f"{arrow} {data['bytes']!r}"
    if event.kind == "http.request":
        return f"{data['head'].splitlines()[0]} ({len(data['body'])} B)"
    return " ".join(f"{key}={value!r}" for key, value in data.items() if key not in _FIELDS)
