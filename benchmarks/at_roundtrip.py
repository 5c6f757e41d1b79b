"""AT round trips over a PTY: ours against raw I/O and pyserial, in interleaved rounds.

``python benchmarks/at_roundtrip.py [--rounds N] [--json]``
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import tty
from collections.abc import Callable
from pathlib import Path

import serial

from harness.clock import Deadline, RealClock, monotonic
from harness.evidence import Timeline
from harness.line import AtChannel

ANSWERS = {
    b"AT\r": b"\r\nOK\r\n",
    b"AT+DATA\r": b"\r\n+DATA: " + b"x" * (1024 - 18) + b"\r\n\r\nOK\r\n",
}


def respond(master: int) -> None:
    while True:
        os.write(master, ANSWERS[os.read(master, 4096)])


def rate(call: Callable[[], object], seconds: float = 0.4) -> float:
    for _ in range(20):
        call()
    start, count = monotonic(), 0
    deadline = Deadline.after(seconds)
    while not deadline.expired:
        call()
        count += 1
    return count / (monotonic() - start)


def measure(path: str, raw_fd: int, command: bytes, folder: Path) -> dict[str, float]:
    def raw() -> None:
        os.write(raw_fd, command)
        seen = b""
        while not seen.endswith(b"OK\r\n"):
            seen += os.read(raw_fd, 4096)

    text = command.decode().strip()
    rates = {"raw": rate(raw)}
    with AtChannel(path) as channel:
        os.set_blocking(raw_fd, True)
        rates["ours"] = rate(lambda: channel.execute(text))
    timeline = Timeline(folder / "bench.jsonl", RealClock())
    with AtChannel(path, recorder=timeline) as channel:
        rates["ours+timeline"] = rate(lambda: channel.execute(text))
    timeline.close()
    with serial.Serial(path, timeout=5) as port:
        rates["pyserial"] = rate(lambda: (port.write(command), port.read_until(b"OK\r\n")))
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    master, slave = os.openpty()
    tty.setraw(slave)
    pid = os.fork()
    if pid == 0:
        respond(master)
    out = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, command in (("AT", b"AT\r"), ("1 KiB", b"AT+DATA\r")):
                rounds = [
                    measure(os.ttyname(slave), slave, command, Path(folder))
                    for _ in range(options.rounds)
                ]
                out[name] = {
                    key: {
                        "calls_per_s": round(statistics.median(r[key] for r in rounds)),
                        "of_raw": round(statistics.median(r[key] / r["raw"] for r in rounds), 2),
                    }
                    for key in rounds[0]
                }
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    print(json.dumps(out, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
