"""An attempt that ends in the very moment of its time-out (DEST-RETRY)."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.clock import NO_WORK, VirtualClock
from harness.clock.scenario import to_ns
from harness.evidence import Timeline
from harness.network.loop import LoopThread
from harness.platform.destination import delivery
from harness.platform.destination.delivery import Destinations
from harness.platform.destination.sender import Sent
from harness.platform.destination.settings import DestinationSettings
from harness.senml import parse, resolve
from tests.destination.bench import destination
from tests.platform.bench import BODY, NOW


def test_an_answer_in_the_moment_of_the_time_out_is_no_attempt_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first attempt has timed out, whatever came just then; the second one is delivered."""
    answers = [asyncio.Event(), asyncio.Event()]
    waiting = iter(answers)

    async def send(*_: object) -> Sent:
        await next(waiting).wait()
        return Sent("delivered", status=200)

    monkeypatch.setattr(delivery, "send", send)
    clock, loop, settings = VirtualClock(NOW), LoopThread(), DestinationSettings()
    timeline, changed = Timeline(None, clock), threading.Semaphore(0)
    all_of_them = Destinations(clock, timeline, loop, NO_WORK, settings, changed.release)
    hook = all_of_them.add(destination())
    uplink = cast(Any, SimpleNamespace(device="d", exchange=1, received_ns=to_ns(NOW)))
    try:
        loop.call(lambda: all_of_them.send_to(hook, uplink, resolve(parse(BODY), NOW)))
        (sent,) = all_of_them.deliveries()

        def answered_and_timed_out() -> None:
            answers[0].set()
            clock.advance(settings.timeouts_s[0])

        loop.call(answered_and_timed_out)
        assert changed.acquire(timeout=10)
        loop.call(answers[1].set)
        assert changed.acquire(timeout=10)
    finally:
        all_of_them.close()
        loop.close()
        clock.close()
    assert [(one.number, one.sent.outcome) for one in sent.attempts] == [
        (1, "timed-out"), (2, "delivered"),
    ]  # fmt: skip
    assert sent.status == "delivered"
    kinds = [event.kind for event in timeline.events("destination.")]
    assert kinds == ["destination.attempt", "destination.attempt", "destination.status"]
