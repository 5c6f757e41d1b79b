"""What collecting scenarios costs, beside collecting plain tests; what the plugin adds to a start.

Run it from the clone: ``python benchmarks/collection.py --rounds 5``. Rounds are interleaved, so
that a busy moment of the machine meets both sides; medians are compared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

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


def medians(rounds: int, cases: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Median seconds of each case over interleaved rounds, after one round to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, case in cases.items():
            start = time.perf_counter()
            case()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def measure(rounds: int, count: int) -> dict[str, float]:
    """Medians in milliseconds, and the two figures that have limits."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("scenarios", "plain", "nothing"):
            (folder / kind).mkdir()
        for n in range(count):
            (folder / "scenarios" / f"s{n}.yaml").write_text(SCENARIO.format(n=n))
            (folder / "plain" / f"test_{n}.py").write_text(PLAIN.format(n=n))
        found = medians(
            rounds,
            {
                "scenarios": lambda: pytest_run(folder, *WITH, "scenarios"),
                "plain": lambda: pytest_run(folder, *WITHOUT, "plain"),
                "start with plugin": lambda: pytest_run(folder, *WITH, "nothing"),
                "start without": lambda: pytest_run(folder, *WITHOUT, "nothing"),
            },
        )
    figures = {f"{name} ms": seconds * 1000 for name, seconds in found.items()}
    figures["ratio"] = found["scenarios"] / found["plain"]
    figures["plugin adds ms"] = figures["start with plugin ms"] - figures["start without ms"]
    return figures


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures; exit 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=1000, help="files of each kind")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    figures = measure(arguments.rounds, arguments.count)
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:>22} {value:10.2f}")
        print(f"limits: ratio {COLLECTION_LIMIT}, plugin adds {START_LIMIT_MS:g} ms")
    good = figures["ratio"] <= COLLECTION_LIMIT and figures["plugin adds ms"] <= START_LIMIT_MS
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
