"""Every benchmark, each in a process of its own, and one table at the end.

    python benchmarks/run.py [--quick] [--rounds N] [--json] [NAME…]

Rounds are interleaved and their order is rotated within each benchmark; medians are shown, and the
median of the rounds' ratios with its least and greatest. Absolute figures are this machine's in
this hour: use the ratios. Peers that are not installed are listed as such. A missed target does not
fail the run; a benchmark that breaks does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import common
from common import Row

HERE = Path(__file__).resolve().parent
PEERS = ("pyserial", "scapy", "pytest", "aiohttp", "pytest-httpserver", "httptools", "simpy")
AT_PEERS: dict[str, float | None] = {"raw": 0.75, "pyserial": None, "labgrid": 6.0}


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A program here, how often it goes round (fully, quickly), and how to read what it prints."""

    file: str
    rounds: tuple[int, int]
    more: tuple[str, ...] = ()
    quick_flag: bool = True
    read: Callable[[Any], list[Row]] = lambda found: [_row(one) for one in found]


def _row(raw: dict[str, Any]) -> Row:
    ratio = raw.pop("ratio")
    return Row(**raw, ratio=tuple(ratio) if ratio else None)


def at_rows(found: dict[str, Any]) -> list[Row]:
    """The AT benchmark gives medians by size of the answer and candidate."""
    rows = []
    for size, taken in found["results"].items():
        ours = f"{taken['ours']['calls_per_s']:,} /s"
        for peer, least in AT_PEERS.items():
            name = f"AT round trip, {size}"
            if peer not in taken:
                rows.append(common.missing(name, peer, found["skipped"].get(peer, "")))
                continue
            ratio = float(taken[peer]["ours_to_it"])
            rows.append(
                Row(
                    name, ours, f"{peer} {taken[peer]['calls_per_s']:,} /s", (ratio,),
                    "–" if least is None else f"≥ {least:g} ×",
                    None if least is None else ratio >= least,
                )
            )  # fmt: skip
        recorded = taken["ours+timeline"]
        rows.append(
            Row(
                f"AT round trip, {size} (with timeline)", f"{recorded['calls_per_s']:,} /s",
                f"raw {taken['raw']['calls_per_s']:,} /s", (float(recorded["of_raw"]),),
            )
        )  # fmt: skip
    return rows


BENCHMARKS = {
    "at": Benchmark("at_roundtrip.py", (5, 2), ("--with-labgrid",), quick_flag=False, read=at_rows),
    "ingestion": Benchmark("ingestion.py", (5, 2)),
    "soak": Benchmark("soak.py", (1, 1)),
    "two-days": Benchmark("two_days.py", (1, 1)),
    "sms": Benchmark("sms_schedules.py", (5, 2)),
    "capture": Benchmark("capture_loss.py", (5, 1)),
    "collection": Benchmark("collection.py", (5, 2)),
    "overhead": Benchmark("overhead.py", (5, 2)),
    "timeline": Benchmark("timeline.py", (7, 3)),
    "modems": Benchmark("modems.py", (1, 1)),
    "serve-start": Benchmark("serve_start.py", (7, 3)),
}


def run(benchmark: Benchmark, rounds: int | None, *, quick: bool) -> list[Row]:
    """Raises ``CalledProcessError`` or ``TimeoutExpired`` when the benchmark itself breaks."""
    count = benchmark.rounds[1 if quick else 0] if rounds is None else rounds
    command = [sys.executable, str(HERE / benchmark.file), "--json", "--rounds", str(count)]
    command += benchmark.more
    if quick and benchmark.quick_flag:
        command.append("--quick")
    done = subprocess.run(
        command, cwd=common.ROOT, stdout=subprocess.PIPE, text=True, timeout=900, check=True
    )
    return benchmark.read(json.loads(done.stdout.splitlines()[-1]))


def about() -> list[str]:
    """The machine and the versions, so that a table can be read later."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    versions = []
    for name in PEERS:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{name} not installed")
    return [
        f"{time.strftime('%Y-%m-%d %H:%M %Z')}, {platform.platform()}, {cpus} CPUs, "
        f"{platform.python_implementation()} {platform.python_version()}, load {load}",
        ", ".join(versions),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, help="of every benchmark (each has its own default)")
    parser.add_argument("--quick", action="store_true", help="rough figures in under two minutes")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.names) - set(BENCHMARKS)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    header, rows, broken = about(), [], []
    for name in options.names or BENCHMARKS:
        started = time.monotonic()
        print(f"{name} …", end=" ", file=sys.stderr, flush=True)
        try:
            rows += run(BENCHMARKS[name], options.rounds, quick=options.quick)
        except (subprocess.SubprocessError, ValueError, IndexError, KeyError) as error:
            broken.append(name)
            rows.append(Row(name, "broke", f"{type(error).__name__}: see above"))
        print(f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps({"about": header, "rows": [asdict(row) for row in rows]}))
    else:
        print("\n".join(["", *header, "", common.table(rows)]))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
