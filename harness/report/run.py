"""A run as a whole: its items, its counts, and ``summary.json``."""

from __future__ import annotations

import platform as host
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from harness import __version__
from harness.report.model import ScenarioReport, items, load_scenario, mapping, read_json, texts

VERDICTS = (
    "passed", "failed", "rig error", "scenario error", "harness error", "skipped", "no verdict",
)  # fmt: skip
_PACKAGES = ("pytest", "pytest-html", "freezegun", "scapy", "pyserial", "pydantic", "pyyaml")


@dataclass(frozen=True, slots=True)
class Item:
    """One scenario (or test) of a run, as pytest reported it."""

    id: str
    nodeid: str
    verdict: str
    device: str = ""
    blame: str = ""
    message: str = ""
    requirements: tuple[str, ...] = ()
    verifies: tuple[str, ...] = ()
    duration_s: float = 0.0
    timeline: str = ""
    unknown_commands: tuple[str, ...] = ()

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Item:
        """From ``summary.json``; what is missing stays empty."""
        duration = raw.get("duration_s")
        return cls(
            id=str(raw.get("id") or raw.get("nodeid") or "?"),
            nodeid=str(raw.get("nodeid") or ""),
            verdict=str(raw.get("verdict") or "no verdict"),
            device=str(raw.get("device") or ""),
            blame=str(raw.get("blame") or ""),
            message=str(raw.get("message") or ""),
            requirements=texts(raw.get("requirements")),
            verifies=texts(raw.get("verifies")),
            duration_s=float(duration) if isinstance(duration, int | float) else 0.0,
            timeline=str(raw.get("timeline") or ""),
            unknown_commands=texts(raw.get("unknown_commands")),
        )

    def as_fallback(self) -> dict[str, Any]:
        """What a timeline without a verdict is taken to say."""
        return {
            "id": self.id,
            "outcome": self.verdict,
            "message": self.message,
            "blame": self.blame,
            "requirements": self.requirements,
        }

    @classmethod
    def of_timeline(cls, report: ScenarioReport) -> Item:
        """From a timeline alone."""
        return cls(
            id=report.id,
            nodeid=f"{report.scenario.get('file') or report.file}::{report.id}",
            verdict=report.outcome,
            device=str(report.device.get("name") or ""),
            blame=str(report.verdict.get("blame") or ""),
            message=str(report.verdict.get("message") or ""),
            requirements=texts(report.verdict.get("requirements")),
            verifies=report.verifies,
            duration_s=round(report.duration_s, 3),
            timeline=report.file,
            unknown_commands=tuple(
                dict.fromkeys(str(e.data.get("command")) for e in report.of("modem.unknown"))
            ),
        )


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything the summary page says about a run.

    ``not_run`` counts what was chosen and came to no verdict, since the run was stopped.
    """

    id: str
    items: tuple[Item, ...]
    rig: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    ended: str = ""
    assumed: tuple[tuple[str, str, str], ...] = ()
    identities: tuple[Mapping[str, Any], ...] = ()
    remarks: tuple[str, ...] = ()
    shared: bool = False
    not_run: int = 0

    @property
    def outcome(self) -> int:
        """Exit code, as :func:`run_outcome` has it."""
        return run_outcome({"counts": self.counts, "not_run": self.not_run})

    @property
    def counts(self) -> dict[str, int]:
        """How many items came to each verdict; only verdicts that occurred."""
        found = Counter(item.verdict for item in self.items)
        return {name: found[name] for name in dict.fromkeys((*VERDICTS, *found)) if found[name]}

    def by_requirement(self) -> dict[str, dict[str, list[Item]]]:
        """Requirement to verdict to items. A failure counts against what was broken only."""
        table: dict[str, dict[str, list[Item]]] = {}
        for item in self.items:
            if item.verdict == "failed":
                names = {**dict.fromkeys(item.requirements), **dict.fromkeys(item.verifies)}
            else:
                names = dict.fromkeys(item.verifies or item.requirements)
            for name in names:
                verdict = item.verdict
                if verdict == "failed" and item.requirements and name not in item.requirements:
                    verdict = "not shown"
                table.setdefault(name, {}).setdefault(verdict, []).append(item)
        return table

    @property
    def unknown_commands(self) -> dict[str, list[Item]]:
        """AT commands the virtual modem did not know, with the scenarios that sent them."""
        table: dict[str, list[Item]] = {}
        for item in self.items:
            for command in item.unknown_commands:
                table.setdefault(command, []).append(item)
        return table

    @property
    def skips(self) -> dict[str, list[Item]]:
        """Reason of the skip to the items it kept from running."""
        table: dict[str, list[Item]] = {}
        for item in self.items:
            if item.verdict == "skipped":
                table.setdefault(item.message or "no reason given", []).append(item)
        return table

    def summary(self) -> dict[str, Any]:
        """What ``summary.json`` holds."""
        per: dict[str, dict[str, int]] = {}
        for name, verdicts in self.by_requirement().items():
            per[name] = {
                verdict: len(verdicts.get(verdict, ()))
                for verdict in ("passed", "failed", "skipped")
            }
        data: dict[str, Any] = {
            "run": self.id,
            "rig": dict(self.rig),
            "versions": dict(self.versions),
            "started": self.started,
            "ended": self.ended,
            "counts": self.counts,
            "not_run": self.not_run,
            "requirements": per,
            "items": [asdict(item) for item in self.items],
            "assumed": [
                {"name": name, "value": value, "why": why} for name, value, why in self.assumed
            ],
            "unknown_commands": {
                command: [item.id for item in found]
                for command, found in self.unknown_commands.items()
            },
            "skips": {reason: [i.id for i in found] for reason, found in self.skips.items()},
        }
        data["exit"] = run_outcome(data)
        return data


_BAD = ("failed", "scenario error", "harness error", "no verdict")


def run_outcome(summary: Mapping[str, Any]) -> int:
    """Exit code of a run: 0 all good, 1 something failed, 3 nothing worse than rig errors.

    A run that was stopped half-way is not good either: 1, when nothing else says so.
    """
    counts = mapping(summary.get("counts"))
    if any(counts.get(verdict) for verdict in _BAD):
        return 1
    if counts.get("rig error"):
        return 3
    return 1 if summary.get("not_run") else 0


def own_versions() -> dict[str, str]:
    """Versions of what a run depends on, without importing any of it."""
    found = {
        "things-hil": __version__,
        "python": host.python_version(),
        "system": f"{host.system()} {host.release()} {host.machine()}",
    }
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def contexts(reports: Iterable[ScenarioReport]) -> dict[str, Any]:
    """What the contexts of several timelines say together, as fields of :class:`RunReport`."""
    rig: dict[str, Any] = {}
    assumed: dict[tuple[str, str, str], None] = {}
    devices: dict[str, Mapping[str, Any]] = {}
    for report in reports:
        raw = report.context.get("rig")
        rig = rig or dict(mapping(raw) or ({"name": raw} if raw else {}))
        for one in map(mapping, items(report.context.get("assumed"))):
            assumed[(str(one.get("name")), str(one.get("value")), str(one.get("why")))] = None
        if report.device:
            name = str(report.device.get("name") or report.device.get("imei") or "device")
            devices.setdefault(name, report.device)
    return {"rig": rig, "assumed": tuple(assumed), "identities": tuple(devices.values())}


def read_run(folder: Path) -> tuple[RunReport, dict[str, ScenarioReport]]:
    """A run from its folder: the timelines, and what ``summary.json`` adds (skips, order).

    Returns the run and its scenario reports by timeline name. Never raises for damaged files.
    """
    summary = read_json(folder / "summary.json")
    listed = [Item.read(mapping(raw)) for raw in items(summary.get("items"))]
    known = {item.timeline: item for item in listed if item.timeline}
    reports: dict[str, ScenarioReport] = {}
    found: list[Item] = []
    for path in sorted((folder / "timelines").glob("*.jsonl")):
        name = str(path.relative_to(folder))
        item = known.get(name)
        reports[name] = load_scenario(path, folder, item.as_fallback() if item else None)
        if item is None:
            found.append(Item.of_timeline(reports[name]))
    remarks = []
    if not summary:
        remarks.append("there is no summary.json: the run was stopped or killed; skips are unknown")
    gone = [name for name in known if name not in reports]
    if gone:
        remarks.append(f"timelines are missing: {', '.join(gone[:5])}")
    stopped = summary.get("not_run")
    parts = contexts(reports.values())
    versions = {str(k): str(v) for k, v in mapping(summary.get("versions")).items()}
    return (
        RunReport(
            id=str(summary.get("run") or folder.name),
            items=(*listed, *found),
            rig=parts["rig"] or mapping(summary.get("rig")),
            versions=versions or _context_versions(reports),
            started=str(summary.get("started") or ""),
            ended=str(summary.get("ended") or ""),
            assumed=parts["assumed"],
            identities=parts["identities"],
            remarks=tuple(remarks),
            # The one that was stopped has left a timeline, and is an item by that.
            not_run=max(0, stopped - len(found)) if isinstance(stopped, int) else 0,
        ),
        reports,
    )


def _context_versions(reports: Mapping[str, ScenarioReport]) -> dict[str, str]:
    for report in reports.values():
        versions = mapping(report.context.get("versions"))
        if versions:
            return {str(name): str(value) for name, value in versions.items()}
    return {}
