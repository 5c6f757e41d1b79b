"""Run scenarios on a rig and write a report: a thin door to pytest.

`pytest scenarios --rig FILE` does the same. What follows `--` goes to pytest as it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from harness.errors import UsageError

EXAMPLE = "hil run --rig rigs/sim.yaml scenarios/token -- -k accepted -x"

_EXIT_CODES = {0: 0, 1: 1, 2: 130, 3: 1, 4: 2, 5: 2}
"""pytest's own exit codes (interrupted, internal error, usage, nothing collected) as ours."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="scenario files or folders")
    parser.add_argument("--rig", metavar="FILE", help="the bench (default: rigs/sim.yaml)")
    parser.add_argument("--device", metavar="NAME", help="only this device of the rig")
    parser.add_argument(
        "--all-devices", action="store_true", help="every scenario on every device that can"
    )
    parser.add_argument("--reports", metavar="DIR", help="where reports go (default: reports)")
    parser.add_argument("--json", action="store_true", help="print summary.json at the end")


def split_arguments(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Ours, and pytest's after ``--``."""
    if "--" in arguments:
        at = arguments.index("--")
        return arguments[:at], arguments[at + 1 :]
    return arguments, []


def default_paths() -> list[str]:
    """``scenarios`` here, else the ones beside the installed package (a clone)."""
    for folder in (Path("scenarios"), Path(__file__).parents[2] / "scenarios"):
        if folder.is_dir():
            return [str(folder)]
    raise UsageError("there is no folder `scenarios` here; name the scenarios to run")


def run(arguments: argparse.Namespace) -> int:
    import pytest

    words = ["-p", "fixtures.plugin", "--hil", *(arguments.paths or default_paths())]
    if arguments.rig:
        words += ["--rig", arguments.rig]
    if arguments.device:
        words += ["--device", arguments.device]
    if arguments.all_devices:
        words.append("--all-devices")
    if arguments.reports:
        words += ["--reports", arguments.reports]
    summary: list[Path] = []
    code = int(pytest.main([*words, *arguments.pytest_arguments], plugins=[_Ending(summary)]))
    if arguments.json and summary:
        print(json.dumps(json.loads(summary[0].read_text(encoding="utf-8"))))
    sys.stdout.flush()
    return 3 if code == RIG_ERROR_EXIT else _EXIT_CODES.get(code, 1)
