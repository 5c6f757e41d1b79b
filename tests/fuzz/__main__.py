"""Fuzz the host's AT engine and the virtual modem.

    python -m tests.fuzz [--target engine|modem|both] [--inputs N] [--seed S] [--family NAME]

Each input is made from the kept corpus and a dictionary, as the seed says. A crash, a broken
promise, an input that takes longer than --hang, or memory that goes on growing ends the run with
exit 1, and the input, made shorter, in a file. Put it into the corpus under a telling name: the
test suite plays all of it.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.fuzz import engine_target, modem_target
from tests.fuzz.mutate import Mutator, corpus, smaller

GROWTH_MIB = 48.0
Run = Callable[[bytes], None]


class Hang(Exception):
    """An input took too long."""


@contextlib.contextmanager
def watchdog(seconds: float) -> Iterator[Callable[[], None]]:
    """Gives a function that starts the time anew; when it is over, :class:`Hang` is raised."""

    def over(*_: object) -> None:
        raise Hang(f"no end after {seconds:g} s")

    def start() -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds)

    before = signal.signal(signal.SIGALRM, over)
    try:
        yield start
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def fuzz(name: str, run: Run, inputs: Iterator[bytes], count: int, hang_s: float) -> bytes | None:
    """The first input that fails; None when none does. Says how it goes on standard error."""
    begun, slowest = time.monotonic(), 0.0
    gc.collect()
    sizes = [resident_mib()]
    with watchdog(hang_s) as anew:
        for number in range(1, count + 1):
            data = next(inputs)
            started = time.monotonic()
            anew()
            try:
                run(data)
            except Exception as error:
                signal.setitimer(signal.ITIMER_REAL, 0)
                print(f"{name}: input {number}: {type(error).__name__}: {error}", file=sys.stderr)
                return data
            slowest = max(slowest, time.monotonic() - started)
            if number % max(1, count // 10) == 0:
                sizes.append(resident_mib())
                rate = number / (time.monotonic() - begun)
                print(
                    f"{name}: {number:,} inputs, {rate:,.0f} /s, "
                    f"slowest {slowest * 1000:.0f} ms, {sizes[-1]:.0f} MiB",
                    file=sys.stderr, flush=True,
                )  # fmt: skip
    # The first tenth fills caches and pools; what counts is whether it goes on after that.
    growth = sizes[-1] - sizes[min(1, len(sizes) - 1)]
    print(f"{name}: {count:,} inputs in {time.monotonic() - begun:,.0f} s, grew {growth:.1f} MiB "
          f"after the first tenth, slowest input {slowest * 1000:.0f} ms")  # fmt: skip
    if growth > GROWTH_MIB:
        print(f"{name}: memory grew by more than {GROWTH_MIB:g} MiB", file=sys.stderr)
        return b""
    return None


def endless(mutator: Mutator) -> Iterator[bytes]:
    while True:
        yield mutator.next()


def chosen(inputs: Iterator[bytes], first: int) -> Iterator[bytes]:
    """All for one family."""
    for data in inputs:
        yield bytes([first]) + data[1:]


def failing(target: Callable[[], Run], hang_s: float) -> Callable[[bytes], bool]:
    """Whether an input fails a target that nothing else has happened to."""

    def fails(data: bytes) -> bool:
        run = target()
        with watchdog(hang_s) as anew:
            anew()
            try:
                run(data)
            except Exception:
                return True
            return False

    return fails


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--target", choices=("engine", "modem", "both"), default="both")
    parser.add_argument("--inputs", type=int, default=100_000, help="of each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", choices=modem_target.NAMES, help="only this virtual modem")
    parser.add_argument("--hang", type=float, default=10.0, metavar="SECONDS")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # asyncio tells of every connection that was cut
    targets: dict[str, tuple[Callable[[], Run], tuple[bytes, ...]]] = {
        "engine": (lambda: engine_target.run, engine_target.WORDS),
        "modem": (lambda: modem_target.ModemTarget().run, modem_target.WORDS),
    }
    code = 0
    for name, (target, words) in targets.items():
        if options.target not in (name, "both"):
            continue
        inputs = endless(Mutator(corpus(name), words, options.seed))
        if name == "modem" and options.family:
            inputs = chosen(inputs, modem_target.mapping()[options.family])
        found = fuzz(name, target(), inputs, options.inputs, options.hang)
        if found is not None:
            code = 1
            if found:
                file = Path(f"fuzz-{name}-{options.seed}.bin")
                file.write_bytes(found)
                file.write_bytes(smaller(found, failing(target, min(2.0, options.hang))))
                print(f"{name}: kept in {file}: {file.read_bytes()!r}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
