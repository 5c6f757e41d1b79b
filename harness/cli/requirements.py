"""Which scenarios verify each requirement of the platform's documents, and which have none.

`dev`: the device has to do it. `plat`: the platform does it. `rig`: a fact about the set-up.
With --every WHO, exit code 1 when a requirement of that side has no scenario.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.cli.check import yaml_files
from harness.cli.paths import file_path
from harness.errors import UsageError
from harness.files import load_document
from harness.scenario.load import load_cases
from harness.scenario.requirements import Requirement, requirements

EXAMPLE = "hil requirements scenarios --every plat"
_SIDES = ("dev", "plat", "rig")
_INTRODUCTION = """\
# Requirements and their scenarios

Made by `hil requirements scenarios --write docs/requirements.md`; a test holds this page equal.

**Who**: `dev` = the device has to do it, `plat` = the platform does it (the mocked one here),
`rig` = a fact about the set-up. **Source**: M = M2M page, I = Internet page, D = HTTPS
destination page, S = SenML page, F = firmware-over-the-air page and the SDK that implements it.
**Sure**: how it is known; what is not stated is a setting, and each run prints it as *assumed*.
"""


@dataclass(frozen=True, slots=True)
class Covered:
    """One requirement and the scenarios that name it, by ID, each with its file."""

    requirement: Requirement
    scenarios: Mapping[str, Path]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", default=[Path("scenarios")],
        help="scenario files or folders (scenarios)",
    )  # fmt: skip
    parser.add_argument(
        "--every", choices=_SIDES, metavar="WHO",
        help=f"exit 1 when one of these has no scenario: {', '.join(_SIDES)}",
    )  # fmt: skip
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print as JSON")
    how.add_argument(
        "--write", type=file_path, metavar="FILE", help="write the documentation's page"
    )


def coverage(paths: Sequence[Path]) -> list[Covered]:
    """Every requirement with the scenarios at and below ``paths`` that verify it.

    Rig and device files there are passed over. Raises :class:`~harness.errors.UsageError` for
    missing paths and files that are wrong.
    """
    found: dict[str, dict[str, Path]] = {name: {} for name in requirements()}
    for path in yaml_files(list(paths)):
        data = load_document(path).data
        if not isinstance(data, dict) or "steps" not in data:
            continue
        for case in load_cases(path):
            for name in case.model.verifies:
                found[name][case.model.id] = path
    return [Covered(requirement, found[name]) for name, requirement in requirements().items()]


def without(table: Sequence[Covered], who: str) -> list[str]:
    """The requirements of one side that no scenario verifies."""
    return [
        row.requirement.id for row in table if who in row.requirement.sides and not row.scenarios
    ]


def page(table: Sequence[Covered], folder: Path) -> str:
    """The documentation's page, Markdown; links lead from ``folder``."""
    lines = [
        _INTRODUCTION,
        "| ID | who | requirement | source | sure | scenarios |",
        "|---" * 6 + "|",
    ]
    up = "/".join([".."] * len(folder.parts))
    for row in table:
        item = row.requirement
        links = ", ".join(
            f"[{name}]({'/'.join(part for part in (up, file.as_posix()) if part)})"
            for name, file in sorted(row.scenarios.items())
        )
        text = item.text.replace("|", "\\|")
        lines.append(
            f"| `{item.id}` | {item.who} | {text} | {item.source} | {item.sure} | {links or '–'} |"
        )
    return "\n".join(lines) + "\n"


def run(arguments: argparse.Namespace) -> int:
    table = coverage(arguments.paths)
    missing = without(table, arguments.every) if arguments.every else []
    if arguments.write is not None:
        try:
            arguments.write.write_text(page(table, arguments.write.parent), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--write {arguments.write}: {error.strerror}") from error
    elif arguments.json:
        print(json.dumps([_as_dict(row) for row in table], ensure_ascii=False))
    else:
        for row in table:
            names = ", ".join(sorted(row.scenarios)) or "–"
            print(f"{row.requirement.id:<16} {row.requirement.who:<10} {names}")
    if missing:
        print(f"no scenario for {', '.join(missing)}")
    return 1 if missing else 0


def _as_dict(row: Covered) -> dict[str, object]:
    item = row.requirement
    return {
        "id": item.id,
        "who": list(item.sides),
        "text": item.text,
        "source": item.source,
        "sure": item.sure,
        "scenarios": {name: file.as_posix() for name, file in sorted(row.scenarios.items())},
    }
