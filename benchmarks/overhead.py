"""What a scenario costs over a bare pytest test, all included.

``pytest`` runs a folder of scenarios with one step each on ``rigs/sim.yaml``, then the same number
of empty tests without our plugins, each in a process of its own. A scenario opens a bench:
platform, virtual modem on a PTY, timeline on disk. The report of the run is part of the price.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import common
from collection import WITH, WITHOUT

SCENARIO = """\
id: bench.case-{n}
title: Next to nothing to do
verifies: [TOKEN-FORMULA]
steps:
  - advance: 1s
"""


def pytest_ms(folder: Path, *words: str) -> float:
    """Run ``words`` in a process of its own. Exits when a test did not pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    taken = (time.perf_counter() - started) * 1000
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return taken


def measure(rounds: int, count: int) -> list[common.Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("scenarios/many", "scenarios/one", "plain"):
            (folder / kind).mkdir(parents=True)
        for n in range(count):
            (folder / "scenarios" / "many" / f"s{n}.yaml").write_text(SCENARIO.format(n=n))
        (folder / "scenarios" / "one" / "s.yaml").write_text(SCENARIO.format(n="only"))
        tests = "".join(f"def test_{n}():\n    pass\n" for n in range(count))
        (folder / "plain" / "test_plain.py").write_text(tests)
        ours = ("--rig", str(common.ROOT / "rigs" / "sim.yaml"), "--rootdir", str(folder))
        taken: dict[str, list[float]] = {"scenarios/many": [], "scenarios/one": [], "plain": []}
        for turn in range(rounds):
            for kind in common.rotated(list(taken), turn):
                words = (*WITHOUT, "--rootdir", str(folder)) if kind == "plain" else (*WITH, *ours)
                taken[kind].append(pytest_ms(folder, *words, kind))
    many, one, plain = taken.values()
    each = [(whole - single) / (count - 1) for whole, single in zip(many, one, strict=True)]
    over = [(mine - bare) / count for mine, bare in zip(many, plain, strict=True)]
    return [
        common.compared(
            f"run {count} small scenarios", many,
            f"{count} empty tests", plain, "ms",
        ),
        common.alone("overhead per scenario over bare pytest", over, "ms"),
        common.alone("one more scenario costs", each, "ms"),
    ]  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = common.options(__doc__, 5)
    parser.add_argument("--count", type=int, default=100, help="scenarios, and empty tests")
    arguments = parser.parse_args(argv)
    count = min(arguments.count, 40) if arguments.quick else arguments.count
    return common.show(measure(arguments.rounds, count), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
