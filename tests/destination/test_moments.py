"""What happens to destinations in one moment: an attempt's end and its time-out, two orders."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.clock import NO_WORK, VirtualClock
from harness.clock.scenario import to_ns
from harness.errors import UsageError
from harness.evidence import Timeline
from harness.network.loop import LoopThread
from harness.platform.destination import delivery
from harness.platform.destination.delivery import Destinations
from harness.platform.destination.sender import Sent
from harness.platform.destination.settings import DestinationSettings
from harness.senml import parse, resolve
from tests.destination.bench import SECRET, destination
from tests.interleaved import Elsewhere, at_every_line
from tests.platform.bench import BODY, NOW


def test_of_two_orders_with_one_name_one_is_refused() -> None:
    """Whichever comes in between: nobody's destination is replaced by another's."""
    loop = LoopThread()
    given: list[str] = []
    made: list[tuple[Destinations, Elsewhere]] = []

    def make() -> tuple[Callable[[], object], Callable[[], object]]:
        clock = VirtualClock(NOW)
        all_of_them = Destinations(
            clock, Timeline(None, clock), loop, NO_WORK, DestinationSettings(), lambda: None
        )
        given.clear()

        def add(secret: str) -> None:
            with contextlib.suppress(UsageError):  # there is one already
                given.append(all_of_them.add(destination(secret=secret)).secret)

        made[:] = [(all_of_them, Elsewhere(lambda: add(f"{SECRET}-2")))]
        return lambda: add(SECRET), made[0][1]

    try:
        for _ in at_every_line(Destinations.add, make):
            all_of_them, other = made[0]
            other.over()
            assert [one.secret for one in all_of_them.list()] == given
    finally:
        loop.close()


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
        assert changed.acquire(timeout=60)
        loop.call(answers[1].set)
        assert changed.acquire(timeout=60)
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
