"""10,000 devices times 48 hours of SMS attempts that nobody answers, side by side.

Candidates: the real :class:`SmsCentre` on a :class:`VirtualClock` (without timeline), a bare heapq
of tuples (lower bound for a common order of events in Python), and simpy when it is installed.
Rounds are interleaved; medians and the ratios within rounds are printed. Use the ratios.
"""

from __future__ import annotations

import heapq
import importlib
import importlib.util
import itertools
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import common

from harness.backoff import attempts, discard_after
from harness.clock import VirtualClock
from harness.platform.registry import Registration
from harness.platform.sms import SmsCentre

LIMIT_S = 0.5
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


def main(argv: Sequence[str] | None = None) -> int:
    parser = common.options(__doc__, 5)
    parser.add_argument("--devices", type=int, default=10_000)
    args = parser.parse_args(argv)
    candidates: dict[str, Callable[[int], int]] = {"ours": sms_centre, "bare heapq": bare_heapq}
    if importlib.util.find_spec("simpy") is not None:
        candidates["simpy"] = simpy_processes
    expected = args.devices * len(attempts())
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(args.rounds):
        for name in common.rotated(list(candidates), turn):
            started = time.perf_counter()
            made = candidates[name](args.devices)
            seconds[name].append(time.perf_counter() - started)
            if made != expected:
                raise SystemExit(f"{name} made {made} attempts instead of {expected}")
    what = f"{args.devices:,} devices × 48 h of SMS"
    rows = [
        common.alone(what, seconds["ours"], "s", at_most=LIMIT_S * args.devices / 10_000),
        common.compared(what, seconds["ours"], "bare heapq", seconds["bare heapq"], "s"),
        common.compared(what, seconds["ours"], "simpy", seconds["simpy"], "s")
        if "simpy" in candidates
        else common.missing(what, "simpy"),
    ]
    return common.show(rows, as_json=args.json)


if __name__ == "__main__":
    sys.exit(main())
