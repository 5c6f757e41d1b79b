"""What it costs to record one event: by kind of event, in a file and in memory."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import common

from harness.clock import RealClock, ScenarioClock, VirtualClock
from harness.evidence import Redactor, Timeline

LIMIT_US = 10.0
BODY = b'[{"bn":"urn:dev:IMEI:356726104408422:"},{"n":"temperature","u":"Cel","v":21.5}]'
HEAD = b"POST /ingestion/m2m/senml/v1 HTTP/1.1\r\nHost: m.m\r\nContent-Length: 79\r\n\r\n"
SECRETS = [(f"secret of tracker-{n}", f"0123456789ABCDEFGHIJabcdefg{n:03d}") for n in range(3)]


def serial_line(timeline: Timeline, count: int) -> None:
    for _ in range(count):
        timeline.record("modem:tracker-1", "at.tx", data=b"AT+CEREG?\r")


def http_request(timeline: Timeline, count: int) -> None:
    for number in range(count):
        timeline.record("platform", "http.request", connection=number, head=HEAD, body=BODY)


def microseconds(
    record: Callable[[Timeline, int], None], clock: ScenarioClock, path: Path | None, count: int
) -> float:
    timeline = Timeline(path, clock, Redactor(SECRETS), keep=1000)
    started = time.perf_counter()
    record(timeline, count)
    taken = time.perf_counter() - started
    timeline.close()
    return taken / count * 1e6


def main(argv: Sequence[str] | None = None) -> int:
    arguments = common.options(__doc__, 7).parse_args(argv)
    count = 3_000 if arguments.quick else 20_000
    virtual, real = VirtualClock(datetime(2026, 3, 1, tzinfo=UTC)), RealClock()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.jsonl"
        cases: dict[str, Callable[[], float]] = {
            "serial bytes, file": lambda: microseconds(serial_line, virtual, file, count),
            "serial bytes, file, real clock": lambda: microseconds(serial_line, real, file, count),
            "HTTP request, file": lambda: microseconds(http_request, virtual, file, count),
            "serial bytes, memory": lambda: microseconds(serial_line, virtual, None, count),
        }
        taken: dict[str, list[float]] = {name: [] for name in cases}
        for turn in range(arguments.rounds):
            for name in common.rotated(list(cases), turn):
                taken[name].append(cases[name]())
    rows = [
        common.alone(f"record one event: {name}", values, "µs", at_most=LIMIT_US)
        for name, values in taken.items()
    ]
    return common.show(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
