"""Many virtual modems and the platform on one machine: is an uplink lost, and what does one cost?

Three processes: the modems of all families that have sockets on real PTYs, ``hil serve``, and the
drivers, a thread each. All attach; then each sends a tokened uplink per period, on a connection of
its own. In the end every one is looked up at the platform: there once, accepted, nothing found.
That is done for each number of modems; the cost should be linear in it. Exits 1 when an uplink got
lost, was doubled or found fault with.

    python benchmarks/modems.py --modems 25 50 100 --period 10 --minutes 5
"""

from __future__ import annotations

import json
import math
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import common
import modem_fleet as fleet
from modem_fleet import Device, Sent, Timetable

from harness.modem import FAMILIES
from harness.urn import luhn_digit

KEPT = 20_000  #: uplinks that the platform remembers
PROCESSES = ("modems", "platform", "drivers")
WITH_SOCKETS = [name for name, driver in FAMILIES.items() if driver.abilities.sockets]
START_S, SPARE_S = 180.0, 60.0
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Use:
    """What a process had used or was using at a moment."""

    cpu_s: float
    rss_kib: int
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> Use:
        status = Path(f"/proc/{pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        # The clock of another process, as clock_getcpuclockid(3) makes it: in ns, not in ticks.
        cpu_s = time.clock_gettime((~pid << 3) | 2)
        files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
        return cls(cpu_s, int(fields["VmRSS"].split()[0]), int(fields["Threads"]), files)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run. ``good`` of ``planned`` uplinks were accepted once, and ``wrong`` tells of the rest.

    By process: ``cpu_s`` while it was sent, and ``idle_s``, CPU seconds per second, before.
    """

    modems: int
    planned: int
    sent: list[Sent]
    good: int
    wrong: list[str]
    attach_s: float
    idle_s: dict[str, float]
    cpu_s: dict[str, float]
    use: dict[str, Use]


def make_devices(count: int, families: Sequence[str]) -> list[Device]:
    """Families in turn, IMEIs with a valid check digit, a secret for each."""
    made = []
    for number in range(count):
        digits = f"35672610{number:06d}"
        made.append(
            Device(
                f"modem-{number}", families[number % len(families)],
                f"{digits}{luhn_digit(digits)}", f"ScaleSecret0123456789{number:010d}",
            )
        )  # fmt: skip
    return made


@contextmanager
def platform(devices: list[Device], folder: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """``hil serve`` for these devices: its process and its addresses."""
    file, ready = folder / "devices.yaml", folder / "ready.json"
    lines = [f'  {one.name}: {{imei: "{one.imei}", secret: {one.secret}}}' for one in devices]
    file.write_text("\n".join(["devices:", *lines, ""]))
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "harness", "serve", "--devices", str(file)]
    command += ["--control", "127.0.0.1:0", "--ready", str(ready)]
    process = subprocess.Popen(command, cwd=common.ROOT, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_S
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("hil serve did not come up: see above")
            time.sleep(0.02)
        yield process.pid, json.loads(ready.read_text())
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def part(target: Any, *arguments: object) -> Iterator[tuple[int, Connection]]:
    """A process of :mod:`modem_fleet` and the pipe to it."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    try:
        yield process.pid or 0, here
    finally:
        process.join(5)
        process.terminate()


def take(pipe: Connection, within_s: float) -> Any:
    if not pipe.poll(within_s):
        raise SystemExit(f"a process of the benchmark said nothing for {within_s:.0f} s")
    return pipe.recv()


def checked(failure: str) -> None:
    if failure:
        raise SystemExit(failure)


def used(pids: dict[str, int]) -> dict[str, Use]:
    return {name: Use.of(pid) for name, pid in pids.items()}


def spent(before: dict[str, Use], after: dict[str, Use], per_s: float = 1.0) -> dict[str, float]:
    return {name: (after[name].cpu_s - before[name].cpu_s) / per_s for name in PROCESSES}


def run(count: int, families: Sequence[str], times: Timetable, idle_s: float) -> Outcome:
    devices = make_devices(count, families)
    with tempfile.TemporaryDirectory() as name, platform(devices, Path(name)) as (serve, bound):
        host, _, port = bound["http"].partition(":")
        with part(fleet.run_modems, devices, (host, int(port))) as (modems, modem_pipe):
            paths = take(modem_pipe, START_S)
            begun = time.monotonic()
            with part(fleet.run_drivers, devices, paths, times) as (drivers, pipe):
                checked(take(pipe, START_S))
                attach_s = time.monotonic() - begun
                pids = {"modems": modems, "platform": serve, "drivers": drivers}
                resting = used(pids)
                time.sleep(idle_s)
                before = used(pids)
                pipe.send("go")
                checked(take(pipe, times.period_s * times.uplinks + SPARE_S))
                after = used(pids)
                pipe.send("tell")
                sent = take(pipe, SPARE_S)
            seen = uplinks(bound["control"])
            modem_pipe.send("stop")
            wrong = take(modem_pipe, SPARE_S)
    planned = count * times.uplinks
    good, found = judge(sent, seen, planned)
    cpu_s, idle = spent(before, after), spent(resting, before, idle_s)
    return Outcome(count, planned, sent, good, wrong + found, attach_s, idle, cpu_s, after)


def uplinks(control: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"http://{control}/api/uplinks", timeout=60) as response:
        found: list[dict[str, Any]] = json.load(response)
    return found


def judge(sent: list[Sent], seen: list[dict[str, Any]], planned: int) -> tuple[int, list[str]]:
    """How many uplinks are good, and what is wrong with the others, as sentences."""
    wrong = [f"{planned} uplinks were planned, {len(sent)} sent"] if len(sent) != planned else []
    there = Counter((one["device"], one["body"]) for one in seen)
    refused = set()
    for one in seen:
        if one["outcome"] != "accepted" or one["token"]["code"] != "ok" or one["findings"]:
            refused.add((one["device"], one["body"]))
            wrong.append(f"{one['device']}: {one['outcome']}, {one['token']}, {one['findings']}")
    good = 0
    for sending in sent:
        key = (sending.device, sending.body)
        told = sending.status is not None and sending.status // 100 == 2
        good += told and there[key] == 1 and key not in refused
        if not told:
            answer = sending.status or sending.error
            wrong.append(f"{sending.device} was told {answer} for {sending.body}")
        if there[key] != 1:
            wrong.append(f"{sending.device}: {there[key]} times at the platform: {sending.body}")
    for device, body in there.keys() - {(one.device, one.body) for one in sent}:
        wrong.append(f"at the platform, but never sent: {device} {body}")
    return good, wrong


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def rows_of(outcomes: list[Outcome]) -> list[common.Row]:
    """Of the rounds with one number of modems."""
    name = f"{outcomes[0].modems} modems"
    sent = [one for outcome in outcomes for one in outcome.sent]
    good, planned = (sum(getattr(one, what) for one in outcomes) for what in ("good", "planned"))
    clean = not any(outcome.wrong for outcome in outcomes)
    taken = [one.taken_s * 1000 for one in sent]
    latency = [percentile(taken, percent) for percent in (50, 99)]
    late = max(one.late_s for one in sent) * 1000
    cpu, idle = {}, {}
    for process in PROCESSES:
        cpu[process] = statistics.median(outcome.cpu_s[process] for outcome in outcomes)
        idle[process] = statistics.median(outcome.idle_s[process] for outcome in outcomes)
    use = outcomes[-1].use
    per_uplink = sum(cpu.values()) / len(sent) * len(outcomes) * 1000
    return [
        common.Row(f"{name}: uplinks accepted once", f"{good:,} of {planned:,}",
                   target="all", met=clean),
        common.Row(f"{name}: latency p50, p99, max",
                   f"{latency[0]:.1f}, {latency[1]:.1f}, {max(taken):.1f} ms "
                   f"(begun at most {late:.1f} ms late)"),
        common.Row(f"{name}: CPU while sending",
                   f"{_each(cpu, '{:.2f}')} s; {per_uplink:.2f} ms per uplink"),
        common.Row(f"{name}: CPU when idle",
                   _each({k: v * 1000 for k, v in idle.items()}, "{:.1f}") + " ms/s"),
        common.Row(f"{name}: memory",
                   _each({k: v.rss_kib / 1024 for k, v in use.items()}, "{:.1f}") + " MiB"),
        common.Row(f"{name}: threads; descriptors",
                   "; ".join(_each({k: float(getattr(v, what)) for k, v in use.items()}, "{:.0f}")
                             for what in ("threads", "files"))),
        common.alone(f"{name}: all attached after", [one.attach_s for one in outcomes], "s"),
    ]  # fmt: skip


def _each(values: dict[str, float], form: str) -> str:
    return ", ".join(f"{name} {form.format(value)}" for name, value in values.items())


def linear_rows(rounds: dict[int, list[Outcome]]) -> list[common.Row]:
    """Cost against number: per modem at both ends, and a line through all runs."""
    least, most = min(rounds), max(rounds)
    if least == most:
        return []

    def each(count: int) -> list[float]:
        return [sum(outcome.cpu_s.values()) / count * 1000 for outcome in rounds[count]]

    rows = [
        common.compared(
            f"CPU per modem: {most}, against {least}", each(most), f"{least} modems",
            each(least), "ms", at_most=1.2,
        )
    ]  # fmt: skip
    runs = [outcome for outcomes in rounds.values() for outcome in outcomes]
    counts = [float(outcome.modems) for outcome in runs]
    for process in PROCESSES:
        cpu = [outcome.cpu_s[process] * 1000 for outcome in runs]
        memory = [outcome.use[process].rss_kib for outcome in runs]
        rows.append(common.Row(
            f"{process}: a line through the runs",
            f"CPU {_line(counts, cpu)} ms; memory {_line(counts, memory)} KiB",
        ))  # fmt: skip
    return rows


def _line(counts: list[float], values: Sequence[float]) -> str:
    slope, start = statistics.linear_regression(counts, values)
    fit = statistics.correlation(counts, values) ** 2 if len(set(values)) > 1 else 1.0
    return f"{start:,.0f} + {slope:,.1f} per modem (R² {fit:.4f})"


def main(argv: Sequence[str] | None = None) -> int:
    parser = common.options(__doc__, 1)
    parser.add_argument("--modems", type=int, nargs="+", metavar="N", help="so many, each in turn")
    parser.add_argument("--period", type=float, default=1.0, help="seconds between uplinks")
    parser.add_argument("--minutes", type=float, help="of sending (default: 20 s)")
    parser.add_argument("--family", action="append", choices=WITH_SOCKETS, help="only this one")
    parser.add_argument("--together", action="store_true", help="all send at the same moment")
    arguments = parser.parse_args(argv)
    counts = arguments.modems or ([5, 10, 20] if arguments.quick else [10, 20, 40])
    minutes = arguments.minutes or (6 if arguments.quick else 20) / 60
    if min(counts) < 1 or arguments.period <= 0 or minutes <= 0:
        parser.error("--modems, --period and --minutes are more than 0")
    times = Timetable(
        arguments.period, max(1, round(minutes * 60 / arguments.period)), arguments.together
    )
    if max(counts) * times.uplinks > KEPT:
        parser.error(f"the platform remembers {KEPT} uplinks: fewer modems, or a shorter time")
    rounds: dict[int, list[Outcome]] = {count: [] for count in counts}
    for turn in range(arguments.rounds):
        for count in common.rotated([str(count) for count in rounds], turn):
            outcome = run(int(count), arguments.family or WITH_SOCKETS, times, idle_s=2.0)
            rounds[int(count)].append(outcome)
            for text in outcome.wrong[:SHOWN]:
                print(f"{count} modems: {text}", file=sys.stderr, flush=True)
    rows = [row for outcomes in rounds.values() for row in rows_of(outcomes)] + linear_rows(rounds)
    common.show(rows, as_json=arguments.json)
    return 1 if any(outcome.wrong for outcomes in rounds.values() for outcome in outcomes) else 0


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.exit(main())
