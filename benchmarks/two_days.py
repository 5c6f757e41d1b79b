"""The 48-hour back-off scenario, really played: its real time, and its sameness under load.

``scenarios/sms/all-attempts.yaml`` on ``rigs/sim.yaml``, through the same ``play`` as pytest uses:
platform, virtual modem on a PTY, private network, timeline on disk. What must be the same each
time is the verdict and the moment and outcome of every attempt.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import common

from harness.evidence import read_timeline
from harness.rig.rig import load_rig
from harness.rig.session import RigSession, Unfit
from harness.scenario.load import load_cases
from harness.scenario.play import play

SCENARIO = common.ROOT / "scenarios" / "sms" / "all-attempts.yaml"
RIG = common.ROOT / "rigs" / "sim.yaml"
LIMIT_MS = 1000.0
SPIN = "import time; end = time.monotonic() + 300\nwhile time.monotonic() < end: pass"


@contextmanager
def busy(processors: int) -> Iterator[None]:
    """Keep that many processors busy; they end by themselves whatever happens."""
    spinning = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(processors)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait(10)


def outcome(path: Path, verdict: str) -> tuple[object, ...]:
    """The verdict, and each attempt: number, seconds after submission, outcome."""
    attempts = [
        (event.data["number"], event.data["elapsed_s"], event.data["outcome"])
        for event in read_timeline(path)
        if event.kind == "sms.attempt"
    ]
    return (verdict, *attempts)


def plays(times: int) -> tuple[list[float], Counter[tuple[object, ...]]]:
    """Milliseconds of each play, and how often each outcome was seen."""
    taken: list[float] = []
    seen: Counter[tuple[object, ...]] = Counter()
    (case,) = load_cases(SCENARIO)
    with tempfile.TemporaryDirectory() as folder:
        session = RigSession(load_rig(RIG), Path(folder))
        try:
            device = session.choose(case.needs)
            if isinstance(device, Unfit):
                raise SystemExit(f"the scenario cannot be played: {device.reason}")
            for _ in range(times):
                started = time.perf_counter()
                result = play(session, device, case, case.id)
                taken.append((time.perf_counter() - started) * 1000)
                assert result.timeline is not None
                seen[outcome(session.folder / result.timeline, result.verdict.outcome)] += 1
        finally:
            session.close()
    return taken[1:] or taken, seen  # the first one also opens the network


def sameness(name: str, times: int, seen: Counter[tuple[object, ...]]) -> common.Row:
    (usual, count), *_ = seen.most_common(1)
    good = count == times and usual[0] == "passed" and len(usual) == 33
    return common.Row(name, f"{count} of {times}", target=f"{times} of {times}", met=good)


def main(argv: Sequence[str] | None = None) -> int:
    parser = common.options(__doc__, 1)
    parser.add_argument("--times", type=int, help="plays, each with idle and with busy processors")
    arguments = parser.parse_args(argv)
    times = arguments.times or (30 if arguments.quick else 200)
    idle_ms, idle = plays(times)
    with busy(2):
        busy_ms, loaded = plays(times)
    rows = [
        common.alone("48 h of SMS back-off, played", idle_ms, "ms", at_most=LIMIT_MS),
        common.alone("the same, both processors busy", busy_ms, "ms"),
        sameness("same attempts and verdict", times, idle),
        sameness("same, both processors busy", times, loaded),
        common.Row("idle and busy agree", "yes" if set(idle) == set(loaded) else "no",
                   target="yes", met=set(idle) == set(loaded)),
    ]  # fmt: skip
    return common.show(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
