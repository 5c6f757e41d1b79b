"""Run scenarios on a rig and write a report: a thin door to pytest.

`pytest scenarios --rig FILE` does the same. What follows `--` goes to pytest as it is.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.signals import deadly_signals, interrupting_signals
from harness.errors import RigError, UsageError

if TYPE_CHECKING:
    import pytest

EXAMPLE = "hil run --rig rigs/sim.yaml scenarios/token -- -k accepted -x"

_INTERRUPTED = 130  # as a shell says it: 128 + SIGINT
_PYTEST_EXITS = {0: 0, 1: 1, 2: 2, 3: 1, 4: 2, 5: 2}
"""pytest's own exit codes as ours: 2 is a file that cannot be collected (Ctrl-C is told apart),
3 an internal error, 4 wrong use, 5 nothing collected."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="scenario files or folders")
    parser.add_argument("--rig", metavar="FILE", help="the bench (default: rigs/sim.yaml)")
    parser.add_argument("--device", metavar="NAME", help="only this device of the rig")
    parser.add_argument(
        "--all-devices", action="store_true", help="every scenario on every device that can"
    )
    parser.add_argument("--reports", metavar="DIR", help="where reports go (default: reports)")
    parser.add_argument(
        "--no-doctor", action="store_true", help="do not check real modems before the run"
    )
    parser.add_argument("--json", action="store_true", help="print summary.json at the end")
    parser.set_defaults(pytest_arguments=[])


def default_paths() -> list[str]:
    """``scenarios`` here, else the ones beside the installed package (a clone)."""
    for folder in (Path("scenarios"), Path(__file__).parents[2] / "scenarios"):
        if folder.is_dir():
            return [str(folder)]
    raise UsageError("there is no folder `scenarios` here; name the scenarios to run")


def run(arguments: argparse.Namespace) -> int:
    import pytest

    words = ["--hil", *(arguments.paths or default_paths())]
    if arguments.rig is not None:
        # One word: pytest takes a path that stands alone for one of the tests' (its rootdir).
        words.append(f"--rig={arguments.rig}")
    if arguments.device is not None:
        words.append(f"--device={arguments.device}")
    if arguments.all_devices:
        words.append("--all-devices")
    if arguments.reports:
        words.append(f"--reports={arguments.reports}")
    if arguments.no_doctor:
        words.append("--no-doctor")
    # As Ctrl-C, for which pytest closes benches and writes its reports.
    with interrupting_signals(), contextlib.ExitStack() as early:
        # Until its session starts, pytest may swallow an exception, or what is said of it.
        early.enter_context(deadly_signals())
        ending = _Ending(early)
        code = int(pytest.main([*words, *arguments.pytest_arguments], plugins=[ending]))
    if ending.interrupted:
        return _INTERRUPTED
    if ending.rig_unfit:
        code = 1  # told as any rig error is; pytest's own 3 means something else
    if code == 1 and ending.summary is None:
        return RigError.exit_code  # nothing could be written: the disk is full, say
    if ending.summary is None or code not in (0, 1):
        return _PYTEST_EXITS.get(code, 1)
    summary = json.loads(ending.summary.read_text(encoding="utf-8"))
    if arguments.json:
        print(json.dumps(summary))
    # Red without a red verdict: a part of the report could not be written.
    return int(summary["exit"]) or RigError.exit_code if code == 1 else 0


class _Ending:
    """A pytest plugin that remembers how the run ended and where its summary is."""

    def __init__(self, early: contextlib.ExitStack) -> None:
        self._early = early
        self.summary: Path | None = None
        self.interrupted = False
        self.rig_unfit = False

    def pytest_sessionstart(self) -> None:
        self._early.close()

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # pytest calls it for its own interruptions too, such as files that cannot be collected.
        self.interrupted = type(excinfo.value) is KeyboardInterrupt
        self.rig_unfit = getattr(excinfo.value, "returncode", None) == RigError.exit_code

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        from fixtures.report import summary_path

        self.summary = summary_path(config)
