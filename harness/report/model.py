"""What a scenario's timeline says, as values for the renderers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.evidence import Event

MAX_EVENTS = 50_000
"""A page shows no more of one scenario; its timeline file has everything."""


def mapping(value: Any) -> Mapping[str, Any]:
    """``value`` when it is a mapping, else an empty one: a timeline may be damaged."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """``value`` when it is a list, else an empty one."""
    return list(value) if isinstance(value, list | tuple) else []


def texts(value: Any) -> tuple[str, ...]:
    """A list's members as text."""
    return tuple(str(item) for item in items(value))


@dataclass(frozen=True)
class ScenarioReport:
    """One scenario as its timeline tells it.

    ``file`` is relative to the run's folder. ``remarks`` say what of the file could not be read.
    """

    file: str
    events: tuple[Event, ...]
    remarks: tuple[str, ...] = ()
    fallback: Mapping[str, Any] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[Event]:
        """The events of these kinds, in order."""
        return [event for event in self.events if event.kind in kinds]

    @cached_property
    def context(self) -> Mapping[str, Any]:
        found = self.of("run.context")
        return found[0].data if found else {}

    @property
    def scenario(self) -> Mapping[str, Any]:
        return mapping(self.context.get("scenario"))

    @property
    def device(self) -> Mapping[str, Any]:
        return mapping(self.context.get("device"))

    @property
    def id(self) -> str:
        return str(self.scenario.get("id") or self.fallback.get("id") or Path(self.file).stem)

    @property
    def title(self) -> str:
        return str(self.scenario.get("title") or "")

    @cached_property
    def verdict(self) -> Mapping[str, Any]:
        """The last verdict event's fields, else the caller's; without either an empty mapping."""
        found = self.of("verdict")
        if found:
            return found[-1].data
        return self.fallback if self.fallback.get("outcome") else {}

    @property
    def outcome(self) -> str:
        return str(self.verdict.get("outcome") or "no verdict")

    @property
    def verifies(self) -> tuple[str, ...]:
        return texts(self.scenario.get("verifies"))

    @property
    def broken(self) -> tuple[str, ...]:
        return texts(self.verdict.get("requirements")) if self.outcome == "failed" else ()

    @property
    def duration_s(self) -> float:
        """Real seconds from the first event to the last."""
        return self.events[-1].host - self.events[0].host if self.events else 0.0


def load_scenario(
    path: Path, folder: Path | None = None, fallback: Mapping[str, Any] | None = None
) -> ScenarioReport:
    """Read a timeline as far as it goes; never raises for what is wrong with the file."""
    try:
        name = str(path.relative_to(folder)) if folder is not None else path.name
    except ValueError:
        name = path.name
    remarks: list[str] = []
    events: list[Event] = []
    try:
        for event in _read(path, remarks):
            events.append(event)
            if len(events) >= MAX_EVENTS:
                remarks.append(f"only the first {MAX_EVENTS} events are shown")
                break
    except OSError as error:
        remarks.append(f"the timeline cannot be read: {error.strerror}")
    if not any(event.kind == "verdict" for event in events) and events:
        remarks.append("the timeline ends without a verdict: the run was stopped or killed")
    if not events and not remarks:
        remarks.append("the timeline is empty")
    return ScenarioReport(name, tuple(events), tuple(remarks), fallback or {})


def _read(path: Path, remarks: list[str]) -> Iterator[Event]:
    damaged: list[int] = []
    last = 0
    # Lines by \n only: a wire byte such as \x85 must not count as the end of a line.
    with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            try:
                event = _checked(Event.from_line(line))
            except (ValueError, KeyError, TypeError, RecursionError):
                if line.endswith("\n"):
                    damaged.append(number)
                else:
                    remarks.append(f"the timeline is cut off in line {number}")
                continue
            if last and event.seq > last + 1 and not damaged:
                remarks.append(f"events {last + 1} to {event.seq - 1} are missing")
            last = event.seq
            yield event
    if damaged:
        shown = ", ".join(map(str, damaged[:5])) + (" …" if len(damaged) > 5 else "")
        remarks.append(f"{len(damaged)} damaged lines were left out (line {shown})")


def _checked(event: Event) -> Event:
    if not (
        isinstance(event.seq, int)
        and isinstance(event.host, int | float)
        and all(isinstance(v, str) for v in (event.wall, event.at, event.source, event.kind))
    ):
        raise ValueError("not a timeline's event")
    return event


def read_json(path: Path) -> Mapping[str, Any]:
    """A JSON object from a file; empty when there is none that can be read."""
    try:
        return mapping(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
