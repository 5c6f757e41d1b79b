"""Control routes of the platform as a whole: what it is, what it assumes, and its clock."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Response

from harness.backoff import attempts, discard_after
from harness.clock import ClockError, ScenarioClock, VirtualClock
from harness.evidence import isoformat
from harness.platform.control.answers import Answers
from harness.platform.control.orders import ClockOrder
from harness.platform.facade import Platform


def add_state(app: FastAPI, platform: Platform, answers: Answers) -> None:
    """``/api/state``."""
    instance = uuid4().hex

    @app.get("/api/state")
    def state() -> Response:
        """Addresses, clock, the SMS schedule in force, and everything that is assumed.
        `instance` is another one after a restart."""
        schedule = platform.settings.sms_settings().backoff
        return answers(
            {
                "instance": instance,
                "addresses": {
                    name: f"{host}:{port}" for name, (host, port) in platform.addresses.items()
                },
                "clock": time_of(platform.clock),
                "sms": {
                    "attempts_s": attempts(schedule),
                    "discard_s": discard_after(schedule),
                    "phases": [
                        {
                            "requirement": phase.requirement,
                            "every_s": phase.every_s,
                            "retries": phase.retries,
                        }
                        for phase in schedule.phases
                    ],
                },
                "assumed": [item._asdict() for item in platform.assumptions()],
            }
        )


def add_clock(app: FastAPI, platform: Platform) -> None:
    """``/api/clock``."""
    clock = platform.clock
    one_at_a_time = threading.Lock()

    @app.get("/api/clock")
    def read_clock() -> dict[str, Any]:
        """The scenario clock, and whether it stands still until it is moved."""
        return time_of(clock)

    @app.post("/api/clock")
    def move_clock(order: ClockOrder) -> dict[str, Any]:
        """Move the scenario clock forward; what falls due happens on the way."""
        if not one_at_a_time.acquire(blocking=False):
            raise ClockError("the clock is being moved by another order")
        try:
            if order.advance is not None:
                clock.advance(order.advance)
            elif order.set is not None:
                clock.advance_to(order.set)
        finally:
            one_at_a_time.release()
        return time_of(clock)


def time_of(clock: ScenarioClock) -> dict[str, Any]:
    """``now`` of the scenario clock, and whether it is ``frozen``."""
    return {"now": isoformat(clock.now()), "frozen": isinstance(clock, VirtualClock)}
