"""``hil sms-plan``: does a power cycle meet the SMS retries?"""

from __future__ import annotations

import argparse
import json
from datetime import timedelta

from harness.backoff import (
    READINGS,
    PhaseRange,
    SmsPlan,
    attempts,
    describe,
    discard_after,
    parse_duration,
    plan,
    with_reading,
)

EXAMPLE = "hil sms-plan --on 11m --every 1h --attach 30s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Does a device that is on for ON out of EVERY get its SMS downlinks? Exact over all "
        "moments of the cycle at which an SMS may be submitted. Exit code 1 when some are missed."
    )
    add = parser.add_argument
    add("--on", required=True, metavar="DURATION", help="on-time per cycle, such as 10m")
    add("--every", required=True, metavar="DURATION", help="length of the cycle, such as 6h")
    add(
        "--attach",
        default="0",
        metavar="DURATION",
        help="from power-up until SMS can reach it (default 0)",
    )
    add(
        "--reading",
        choices=READINGS,
        default="discard-wins",
        help="which of the documents' contradicting statements holds (default %(default)s)",
    )
    add("--json", action="store_true", help="machine-readable output")


def run(args: argparse.Namespace) -> int:
    result = plan(
        parse_duration(args.on),
        parse_duration(args.every),
        parse_duration(args.attach),
        with_reading(args.reading),
    )
    if args.json:
        print(json.dumps(_as_dict(result)))
    else:
        print("\n".join(describe(result)))
    return 0 if result.always_met else 1


def _as_dict(result: SmsPlan) -> dict[str, object]:
    return {
        "on_s": result.on.total_seconds(),
        "every_s": result.every.total_seconds(),
        "attach_s": result.attach.total_seconds(),
        "reading": result.settings.reading,
        "attempts_s": list(attempts(result.settings)),
        "discard_s": discard_after(result.settings),
        "always_met": result.always_met,
        "missed_share": result.missed_share,
        "missed": _spans(result.missed),
        "worst_delay_s": _seconds(result.worst_delay),
        "worst_phases": _spans(result.worst_phases),
        "mean_delay_s": _seconds(result.mean_delay),
        "on_needed_s": result.on_needed.total_seconds(),
        "deliveries": [
            {"number": one.number, "at_s": one.at.total_seconds(), "share": one.share}
            for one in result.deliveries
        ],
    }


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _spans(ranges: tuple[PhaseRange, ...]) -> list[dict[str, float]]:
    return [
        {"start_s": span.start.total_seconds(), "end_s": span.end.total_seconds()}
        for span in ranges
    ]
