"""How long ``hil serve`` takes from its command line to its first answer: it is started all day.

Each start is a process of its own, timed until ``--ready`` names the bound addresses. Rounds are
interleaved; the interpreter's own start, with nothing imported, is in every figure.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import common

LIMIT_MS = 1000.0
FIRST_IMEI = 35_000_000_000_000  # without its check digit
POLL_S, PATIENCE_S = 0.001, 60.0


@dataclass(frozen=True, slots=True)
class Case:
    """One way to start."""

    name: str
    devices: int
    options: tuple[str, ...] = ("--json",)
    terminal: bool = False


CONTROL = ("--control", "127.0.0.1:0")


def cases(many: int) -> tuple[Case, ...]:
    return (
        Case("one device", 1),
        Case("one device, control address", 1, ("--json", *CONTROL)),
        Case("one device, control and HTTPS", 1, ("--json", *CONTROL, "--https", "127.0.0.1:0")),
        Case("one device, control, on a terminal", 1, CONTROL, terminal=True),
        Case(f"{many:,} devices", many),
        Case(f"{many:,} devices, control, on a terminal", many, CONTROL, terminal=True),
    )


def with_check_digit(number: int) -> str:
    """An IMEI: 14 digits and theirs (Luhn)."""
    total = 0
    for place, digit in enumerate(map(int, reversed(f"{number:014d}"))):
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return f"{number:014d}{-total % 10}"


def write_devices(folder: Path, count: int) -> Path:
    """A file as people write it, each device with an IMEI and a secret."""
    file = folder / f"devices-{count}.yaml"
    lines = (
        f'  meter-{n}:\n    imei: "{with_check_digit(FIRST_IMEI + n)}"\n'
        f"    secret: 0123456789ABCDEFGHIJabcd{n:06d}\n"
        for n in range(count)
    )
    file.write_text("devices:\n" + "".join(lines))
    return file


def milliseconds(case: Case, devices: Path, ready: Path) -> float:
    """One start. Raises ``RuntimeError`` when it does not come up."""
    command = [sys.executable, "-m", "harness", "serve", "--devices", str(devices)]
    with ExitStack() as closing:
        output: int = subprocess.DEVNULL
        if case.terminal:
            master, output = pty.openpty()
            closing.callback(os.close, master)
            closing.callback(os.close, output)
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--ready", str(ready), *case.options], cwd=common.ROOT, stdout=output,
            stdin=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm-256color"},
        )  # fmt: skip
        try:
            while not ready.exists():
                if process.poll() is not None or time.perf_counter() - started > PATIENCE_S:
                    raise RuntimeError(f"hil serve did not start: {case.name}")
                time.sleep(POLL_S)
            return (time.perf_counter() - started) * 1000
        finally:
            process.kill()
            process.wait()
            ready.unlink(missing_ok=True)


def measure(rounds: int, many: int) -> list[common.Row]:
    """Every case, after one round to warm up."""
    every = {case.name: case for case in cases(many)}
    taken: dict[str, list[float]] = {name: [] for name in every}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {case.devices: write_devices(folder, case.devices) for case in every.values()}
        for number in range(rounds + 1):
            for one in common.rotated(list(every), number):
                took = milliseconds(every[one], files[every[one].devices], folder / "ready.json")
                if number:
                    taken[one].append(took)
    return [
        common.alone(f"hil serve is ready: {name}", took, "ms", at_most=LIMIT_MS)
        for name, took in taken.items()
    ]


def main(argv: Sequence[str] | None = None) -> int:
    parser = common.options(__doc__, 7)
    parser.add_argument("--devices", type=int, default=10_000, help="in the large file")
    arguments = parser.parse_args(argv)
    return common.show(measure(arguments.rounds, arguments.devices), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
