"""What collecting scenarios costs, beside collecting plain tests; what the plugin adds to a start.

Rounds are interleaved, so that a busy moment of the machine meets both sides; medians are compared.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import common

SCENARIO = """\
id: bench.case-{n}
title: One of many scenarios to collect
verifies: [TOKEN-FORMULA, RESP-ACCEPTED]
steps:
  - power: on
  - report: {{records: [{{n: temperature, u: Cel, v: 21.5}}]}}
  - expect: {{uplink: {{outcome: accepted, clean: true}}}}
"""
PLAIN = "import pytest\n\n\n@pytest.mark.filterwarnings('error')\ndef test_case_{n}():\n    pass\n"
CONCERNS = ("rig", "scenarios", "clock", "platform", "modem", "capture", "report")
WITH = tuple(word for name in CONCERNS for word in ("-p", f"fixtures.{name}"))
WITHOUT = tuple(word for name in CONCERNS for word in ("-p", f"no:fixtures.{name}"))
COLLECTION_LIMIT, START_LIMIT_MS = 1.5, 50.0


def pytest_run(folder: Path, *words: str) -> None:
    """Collect ``words`` in a process of its own. Raises ``CalledProcessError`` when it fails."""
    common = ("-q", "--collect-only", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", *common, "--rootdir", str(folder), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300)
    if done.returncode not in (0, 5):
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)


def milliseconds(rounds: int, cases: dict[str, Callable[[], None]]) -> dict[str, list[float]]:
    """What each case took in interleaved rounds, after one round to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name in common.rotated(list(cases), number):
            start = time.perf_counter()
            cases[name]()
            if number:
                taken[name].append((time.perf_counter() - start) * 1000)
    return taken


def measure(rounds: int, count: int) -> list[common.Row]:
    """Collection of ``count`` files of each kind, and pytest's start with nothing to collect."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("scenarios", "plain", "nothing"):
            (folder / kind).mkdir()
        for n in range(count):
            (folder / "scenarios" / f"s{n}.yaml").write_text(SCENARIO.format(n=n))
            (folder / "plain" / f"test_{n}.py").write_text(PLAIN.format(n=n))
        found = milliseconds(
            rounds,
            {
                "scenarios": lambda: pytest_run(folder, *WITH, "scenarios"),
                "plain": lambda: pytest_run(folder, *WITHOUT, "plain"),
                "with": lambda: pytest_run(folder, *WITH, "nothing"),
                "without": lambda: pytest_run(folder, *WITHOUT, "nothing"),
            },
        )
    added = [one - other for one, other in zip(found["with"], found["without"], strict=True)]
    return [
        common.compared(
            f"collect {count:,} scenarios", found["scenarios"], "plain test files", found["plain"],
            "ms", at_most=COLLECTION_LIMIT,
        ),
        common.alone("the plugin adds to pytest's start", added, "ms", at_most=START_LIMIT_MS),
    ]  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = common.options(__doc__, 5)
    parser.add_argument("--count", type=int, default=1000, help="files of each kind")
    arguments = parser.parse_args(argv)
    count = min(arguments.count, 300) if arguments.quick else arguments.count
    return common.show(measure(arguments.rounds, count), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
