"""10,000 devices times 48 hours of SMS attempts that nobody answers, side by side.

Candidates: the real :class:`SmsCentre` on a :class:`VirtualClock` (without timeline), a bare heapq
of tuples (lower bound for a common order of events in Python), and simpy when it is installed.
Rounds are interleaved; medians and the ratios within rounds are printed. Use the ratios.

    python benchmarks/sms_schedules.py --devices 10000 --rounds 5 --json
"""

from __future__ import annotations

import argparse
import heapq
import importlib
import importlib.util
import itertools
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from harness.backoff import attempts, discard_after
from harness.clock import VirtualClock
from harness.platform.registry import Registration
from harness.platform.sms import SmsCentre

START = datetime(2026, 3, 1, tzinfo=UTC)


def sms_centre(devices: int) -> int:
    """Attempts made by the SMS centre itself."""
    clock = VirtualClock(START)
    centre = SmsCentre(clock)
    for number in range(devices):
        centre.submit(
            Registration(str(number), iccid="8931", msisdn=f"+31{number}", sim="plus"), "hello"
        )
    clock.advance(discard_after())
    if any(sms.status != "FAILED" for sms in centre.list()):
        raise SystemExit("an SMS was not discarded: the measurement is void")
    return sum(len(sms.log) for sms in centre.list())


def bare_heapq(devices: int) -> int:
    """The same events as tuples on one heap, with nothing done at each."""
    moments = (*attempts(), discard_after())
    last = len(moments) - 1
    heap = [(0, device, 0) for device in range(devices)]
    made = 0
    while heap:
        _, device, index = heapq.heappop(heap)
        if index == last:
            continue
        made += 1
        heapq.heappush(heap, (moments[index + 1], device, index + 1))
    return made


def simpy_processes(devices: int) -> int:
    """A simpy process per device."""
    simpy: Any = importlib.import_module("simpy")
    moments = (*attempts(), discard_after())
    environment = simpy.Environment()
    made = 0

    def device() -> Any:
        nonlocal made
        for at, following in itertools.pairwise(moments):
            made += 1
            yield environment.timeout(following - at)

    for _ in range(devices):
        environment.process(device())
    environment.run()
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    candidates: dict[str, Callable[[int], int]] = {
        "sms-centre": sms_centre,
        "heapq": bare_heapq,
    }
    if importlib.util.find_spec("simpy") is not None:
        candidates["simpy"] = simpy_processes
    expected = args.devices * len(attempts())
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    names = list(candidates)
    for turn in range(args.rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            started = time.perf_counter()
            made = candidates[name](args.devices)
            seconds[name].append(time.perf_counter() - started)
            if made != expected:
                raise SystemExit(f"{name} made {made} attempts instead of {expected}")
    report = {
        name: {
            "median_s": statistics.median(taken),
            "min_s": min(taken),
            "max_s": max(taken),
            "attempts_per_s": expected / statistics.median(taken),
            "times_as_long_as_heapq": statistics.median(
                one / other for one, other in zip(taken, seconds["heapq"], strict=True)
            ),
        }
        for name, taken in seconds.items()
    }
    if args.json:
        print(json.dumps({"devices": args.devices, "rounds": args.rounds, "results": report}))
        return
    print(f"{args.devices} devices x 48 h, {expected} attempts, {args.rounds} rounds")
    for name, row in report.items():
        print(
            f"{name:<12} {row['median_s']:8.3f} s ({row['min_s']:.3f}-{row['max_s']:.3f})  "
            f"{row['attempts_per_s']:>10,.0f} attempts/s  "
            f"{row['times_as_long_as_heapq']:.1f} x heapq"
        )
    if "simpy" not in candidates:
        print("simpy        not installed")


if __name__ == "__main__":
    main()
