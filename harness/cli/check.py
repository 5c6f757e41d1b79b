"""Validate rig and scenario files without running anything.

Says the same as collection would: unknown keys, wrong units, unknown requirement IDs, each as
file:line:column. Secrets that come from the environment or a file are not read. Advice (a UUID that
is not version 4, an ICCID that looks mistyped) is printed and does not count.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import FileError, Location, UsageError
from harness.files import load_document
from harness.rig.destinations import load_destinations
from harness.rig.mqtt import mqtt_of
from harness.rig.registration import advice_on, leave_secret, load_registrations
from harness.rig.rig import load_rig
from harness.scenario.load import load_cases

EXAMPLE = "hil check scenarios rigs/sim.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def yaml_files(paths: list[Path]) -> Iterator[Path]:
    """The YAML files at and below ``paths``, hidden folders left out.

    Raises :class:`UsageError` for a missing path.
    """
    for path in paths:
        if path.is_dir():
            found = [*path.rglob("*.yaml"), *path.rglob("*.yml")]
            yield from sorted(
                file
                for file in found
                if not any(part.startswith(".") for part in file.relative_to(path).parts)
            )
        elif path.exists():
            yield path
        else:
            raise UsageError(f"there is no {path}")


def check_file(path: Path) -> tuple[str, int, list[tuple[Location, str]]]:
    """What a file is, how many devices or cases it holds, and what could be better about it.

    Raises ``UsageError`` for what is wrong with it.
    """
    document = load_document(path)
    data = document.data
    if isinstance(data, dict) and "rig" in data:
        registrations = load_rig(path, leave_secret).registrations
        return "rig", len(registrations), advice_on(path, registrations)
    if isinstance(data, dict) and "devices" in data and "steps" not in data:
        load_destinations(path, leave_secret)
        mqtt_of(document, leave_secret)
        registrations = load_registrations(path, leave_secret)
        return "devices", len(registrations), advice_on(path, registrations)
    return "scenario", len(load_cases(path)), []


def run(arguments: argparse.Namespace) -> int:
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    advice: list[dict[str, Any]] = []
    where: dict[str, Path] = {}
    for path in yaml_files(arguments.paths):
        try:
            kind, count, better = check_file(path)
            if kind == "scenario":
                _unique(path, where)
            good.append({"file": str(path), "kind": kind, "count": count})
            advice += [_at(place, message) for place, message in better]
        except FileError as error:
            bad.append(_at(error.location, error.message))
        except UsageError as error:
            bad.append({"file": str(path), "line": 1, "column": 1, "message": str(error)})
    if not good and not bad:
        raise UsageError("there are no YAML files there")
    if arguments.json:
        print(json.dumps({"good": good, "bad": bad, "advice": advice}))
    else:
        for item in bad:
            print(f"{item['file']}:{item['line']}:{item['column']}: {item['message']}")
        for item in advice:
            print(f"{item['file']}:{item['line']}:{item['column']}: advice: {item['message']}")
        total = sum(item["count"] for item in good if item["kind"] == "scenario")
        print(f"{len(good)} files good ({total} scenario cases), {len(bad)} wrong")
    return 2 if bad else 0


def _at(place: Location, message: str) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column, "message": message}


def _unique(path: Path, where: dict[str, Path]) -> None:
    for case in load_cases(path):
        if case.id in where:
            raise UsageError(f"the id {case.id} is also that of {where[case.id]}")
        where[case.id] = path
