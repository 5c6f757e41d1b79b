"""AT round trips over a PTY: ours against raw I/O, pyserial and labgrid.

``python benchmarks/at_roundtrip.py [--rounds N] [--json] [--with-labgrid]``

Every candidate runs in a process of its own, against one responder (compiled C when there is a
compiler, else Python); the candidates take turns, and their order is rotated between rounds.
Ratios are taken within a round, and their median is printed: the machine's mood cancels out.
Targets: ours at least 0.75 of raw for both answers, and 6 times labgrid.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import tty
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time

ROOT = Path(__file__).parents[1]
LABGRID = ROOT / ".bench" / "labgrid-venv"
COMMANDS = {"AT": b"AT\r", "1 KiB": b"AT+DATA\r"}
BIG = b"\r\n+DATA: " + b"x" * (1024 - 17) + b"\r\n\r\nOK\r\n"
ANSWERS = {b"AT\r": b"\r\nOK\r\n", b"AT+DATA\r": BIG}
SECONDS, WARM_UP = 0.4, 50
RESPONDER = r"""
#include <string.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) {
    int fd = atoi(argv[1]);
    char in[4096], big[2048] = "\r\n+DATA: ";
    memset(big + 9, 'x', 1007);
    strcpy(big + 9 + 1007, "\r\n\r\nOK\r\n");
    for (;;) {
        ssize_t n = read(fd, in, sizeof in);
        if (n <= 0) return 0;
        if (n > 3) write(fd, big, strlen(big));
        else write(fd, "\r\nOK\r\n", 6);
    }
}
"""


# Candidates: each is run as ``at_roundtrip.py --candidate NAME PATH COMMAND`` and prints its rate.


Rate = tuple[float, float]


def rate(call: Callable[[], object]) -> Rate:
    """Calls per second, and microseconds of this process' CPU per call."""
    for _ in range(WARM_UP):
        call()
    start, busy, count = perf_counter(), process_time(), 0
    while perf_counter() - start < SECONDS:
        call()
        count += 1
    return count / (perf_counter() - start), (process_time() - busy) / count * 1e6


def raw(path: str, command: bytes) -> Rate:
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def call() -> None:
        os.write(fd, command)
        seen = b""
        while not seen.endswith(b"OK\r\n"):
            seen += os.read(fd, 4096)

    return rate(call)


def ours(path: str, command: bytes) -> Rate:
    from harness.line import AtChannel

    text = command.decode().strip()
    with AtChannel(path) as channel:
        return rate(lambda: channel.execute(text))


def ours_with_timeline(path: str, command: bytes) -> Rate:
    from harness.clock import RealClock
    from harness.evidence import Timeline
    from harness.line import AtChannel

    text = command.decode().strip()
    with tempfile.TemporaryDirectory() as folder:
        timeline = Timeline(Path(folder) / "bench.jsonl", RealClock(), keep=10_000)
        with AtChannel(path, recorder=timeline) as channel:
            result = rate(lambda: channel.execute(text))
        timeline.close()
    return result


def pyserial(path: str, command: bytes) -> Rate:
    import serial

    with serial.Serial(path, timeout=5) as port:

        def call() -> None:
            port.write(command)
            port.read_until(b"OK\r\n")

        return rate(call)


def labgrid(path: str, command: bytes) -> Rate:
    drivers, resources = import_module("labgrid.driver"), import_module("labgrid.resource")
    target = import_module("labgrid").Target("bench")
    resources.RawSerialPort(target, name=None, port=path, speed=115_200)
    driver = drivers.SerialDriver(target, name=None)
    target.activate(driver)

    def call() -> None:
        driver.write(command)
        driver.expect("OK\r\n", timeout=5)

    return rate(call)


CANDIDATES = {
    "raw": raw, "ours": ours, "ours+timeline": ours_with_timeline, "pyserial": pyserial,
    "labgrid": labgrid,
}  # fmt: skip


# The run


def start_responder(master: int, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    compiler = shutil.which("cc") or shutil.which("gcc")
    source, program = folder / "responder.c", folder / "responder"
    source.write_text(RESPONDER)
    if (
        compiler
        and not subprocess.run(
            [compiler, "-O2", "-w", "-o", program, source], capture_output=True, check=False
        ).returncode
    ):
        command, kind = [str(program), str(master)], "C"
    else:
        command, kind = [sys.executable, __file__, "--respond", str(master)], "Python"
    return subprocess.Popen(command, pass_fds=[master]), kind


def respond(master: int) -> None:
    while True:
        os.write(master, ANSWERS[os.read(master, 4096)])


def labgrid_python() -> tuple[str | None, str]:
    """The interpreter of labgrid's own environment (it replaces pyserial), or why there is none."""
    python = LABGRID / "bin" / "python"
    if not python.exists():
        for step in (
            [sys.executable, "-m", "venv", str(LABGRID)],
            [str(python), "-m", "pip", "install", "--quiet", "labgrid"],
        ):
            done = subprocess.run(step, capture_output=True, text=True, check=False)
            if done.returncode:
                shutil.rmtree(LABGRID, ignore_errors=True)
                return None, (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return str(python), ""


def measure(python: str, name: str, path: str, command: bytes) -> Rate:
    done = subprocess.run(
        [python, __file__, "--candidate", name, path, command.decode().strip()],
        stdout=subprocess.PIPE, text=True, timeout=60, check=True,
        env={**os.environ, "PYTHONPATH": "" if name == "labgrid" else str(ROOT)},
    )  # fmt: skip
    calls, cpu = done.stdout.split()[-2:]
    return float(calls), float(cpu)


def run(rounds: int, *, with_labgrid: bool) -> dict[str, object]:
    pythons = {name: sys.executable for name in CANDIDATES if name != "labgrid"}
    skipped = {"labgrid": "not asked for (--with-labgrid)"}
    if with_labgrid:
        python, reason = labgrid_python()
        skipped = {} if python else {"labgrid": reason}
        pythons |= {"labgrid": python} if python else {}
    master, slave = os.openpty()
    tty.setraw(slave)
    path, names = os.ttyname(slave), list(pythons)
    rates: dict[str, dict[str, list[Rate]]] = {size: {n: [] for n in names} for size in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        responder, kind = start_responder(master, Path(folder))
        try:
            for turn in range(rounds):
                order = names[turn % len(names) :] + names[: turn % len(names)]
                for size, command in COMMANDS.items():
                    for name in order:
                        rates[size][name].append(measure(pythons[name], name, path, command))
        finally:
            responder.kill()
            responder.wait()
            os.close(slave)
            os.close(master)
    return {
        "responder": kind, "rounds": rounds, "skipped": skipped,
        "results": {size: summary(found) for size, found in rates.items()},
    }  # fmt: skip


def summary(rates: dict[str, list[Rate]]) -> dict[str, dict[str, float]]:
    def ratio(name: str, other: str) -> float:
        pairs = zip(rates[name], rates[other], strict=True)
        return round(statistics.median(one[0] / two[0] for one, two in pairs), 2)

    return {
        name: {
            "calls_per_s": round(statistics.median(calls for calls, _ in found)),
            "cpu_us_per_call": round(statistics.median(cpu for _, cpu in found), 1),
            "of_raw": ratio(name, "raw"),
            "ours_to_it": ratio("ours", name),
        }
        for name, found in rates.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--with-labgrid", action="store_true", help="in an environment of its own")
    parser.add_argument("--candidate", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--respond", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.candidate:
        name, path, command = options.candidate
        print(*CANDIDATES[name](path, command.encode() + b"\r"))
    elif options.respond is not None:
        respond(options.respond)
    else:
        found = run(options.rounds, with_labgrid=options.with_labgrid)
        print(json.dumps(found, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
