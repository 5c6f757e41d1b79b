"""The life of a downlink: which steps there are, what is remembered of them, and at what cost."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.evidence import Event
from harness.platform.downlink_model import HISTORY_LIMIT, NEXT
from harness.platform.downlinks import (
    Downlink,
    DownlinkQueue,
    DownlinkStatus,
    Transition,
    TransitionRefused,
    UnknownDownlink,
    Way,
)
from harness.platform.faults import CloseAfterHeader
from harness.platform.settings import PlatformSettings
from tests.platform.bench import Rig, request, running

QUEUED, EXECUTING = DownlinkStatus.QUEUED, DownlinkStatus.EXECUTING
SUCCEEDED, FAILED = DownlinkStatus.SUCCEEDED, DownlinkStatus.FAILED
RECORDS = [{"n": "a", "v": 1}]


def a_queue(keep: int = 1000) -> DownlinkQueue:
    moments = itertools.count(1)
    return DownlinkQueue(lambda downlink, step: None, lambda: next(moments), keep)


def steps(rig: Rig) -> list[tuple[str | None, str, str]]:
    """The transitions on the timeline: from, to, reason."""
    return [
        (event.data["from"], event.data["status"], event.data["reason"])
        for event in rig.timeline.events()
        if event.kind == "downlink"
    ]


def test_every_transition_is_on_the_timeline(rig: Rig) -> None:
    """Submitted, sent, lost, sent again, delivered: from, to, reason, at the scenario's moment."""
    rig.platform.queue_downlink("tracker-1", RECORDS)
    rig.platform.faults.add(CloseAfterHeader())
    rig.post(request())
    rig.wait(1)
    rig.clock.advance(60)
    rig.post(request())
    rig.wait(2)
    expected = [
        (None, "Executing", "submitted"),
        ("Executing", "Executing", "sent in the response to exchange 1"),
        (
            "Executing",
            "Executing",
            "connection lost in exchange 1: it goes with the next uplink",
        ),
        ("Executing", "Executing", "sent in the response to exchange 2"),
        ("Executing", "Succeeded", "delivered in exchange 2"),
    ]
    assert steps(rig) == expected
    (downlink,) = rig.platform.downlinks()
    assert [(step.before, step.after, step.reason) for step in downlink.history] == expected
    assert downlink.modified_ns - downlink.created_ns == 60_000_000_000
    assert downlink.history[-1].at_ns == rig.clock.now_ns()


def test_an_answered_uplink_has_its_downlink_behind_it(rig: Rig) -> None:
    """Whoever waits for the answer finds the downlink done, and its delivery on the timeline."""
    early: list[str] = []

    def look(event: Event) -> None:
        if any(uplink.answered for uplink in rig.platform.uplinks):
            early.append(event.kind)

    rig.timeline.listen(look)
    rig.platform.queue_downlink("tracker-1", RECORDS)
    rig.platform.faults.add(CloseAfterHeader())
    rig.post(request())
    rig.wait(1)
    assert early == []
    assert steps(rig)[-1][2].startswith("connection lost in exchange 1")
    assert rig.timeline.events("http.response")


def test_an_order_is_a_transition_with_its_reason(rig: Rig) -> None:
    """Queued, released, put back, given up: each with who asked for it."""
    waiting = rig.platform.queue_downlink("tracker-1", RECORDS, status="Queued")
    for status in ("Executing", "Queued", "Failed"):
        rig.platform.set_downlink_status(waiting.id, status, f"because of {status}")
    assert steps(rig)[1:] == [
        ("Queued", "Executing", "because of Executing"),
        ("Executing", "Queued", "because of Queued"),
        ("Queued", "Failed", "because of Failed"),
    ]
    assert b'"a"' not in rig.post(request())


@pytest.mark.parametrize(
    ("before", "after"),
    [(a, b) for a in DownlinkStatus for b in DownlinkStatus if b not in NEXT[a]],
)
def test_a_step_that_there_is_not_is_refused(before: DownlinkStatus, after: DownlinkStatus) -> None:
    """The refusal names both ends and what is possible; nothing changes."""
    queue = a_queue()
    ident = queue.add("d", RECORDS, QUEUED, "separate").id
    for status in {SUCCEEDED: (EXECUTING, SUCCEEDED), QUEUED: ()}.get(before, (before,)):
        queue.set_status(ident, status)
    with pytest.raises(TransitionRefused) as refused:
        queue.set_status(ident, after)
    assert ident in str(refused.value)
    assert before.value in str(refused.value)
    assert queue.get(ident).status is before


def test_a_downlink_begins_alive_and_is_known() -> None:
    """Nothing begins at its end, and identifiers that are none are refused."""
    queue = a_queue()
    with pytest.raises(UsageError, match="cannot begin as Failed"):
        queue.add("d", RECORDS, FAILED, "separate")
    for ident in ("dl-1", "dl-0", "dl-", "1", "dl-٣", "dl-" + "9" * 30):
        with pytest.raises(UnknownDownlink):
            queue.get(ident)


def test_what_is_on_its_way_is_not_put_back_but_may_be_given_up() -> None:
    """In flight: Queued is refused; Failed stays Failed when the response was written after all."""
    queue = a_queue()
    ident = queue.add("d", RECORDS, EXECUTING, "separate").id
    assert queue.take("d", 1) is not None
    assert queue.take("d", 2) is None
    with pytest.raises(TransitionRefused, match="exchange 1"):
        queue.set_status(ident, QUEUED)
    queue.set_status(ident, FAILED)
    queue.settle(ident, SUCCEEDED, "delivered")
    assert queue.get(ident).status is FAILED
    assert queue.waiting == 0


def test_a_downlink_that_is_done_by_hand_is_sent_until_somebody_says_so() -> None:
    """`downlink_done: manual`: delivered again and again, then Succeeded by an order."""
    with running(PlatformSettings(downlink_done="manual")) as rig:
        ident = rig.platform.queue_downlink("tracker-1", RECORDS).id
        for number in (1, 2):
            assert b'"a"' in rig.post(request())
            rig.wait(number)
        rig.platform.set_downlink_status(ident, "Succeeded", "the device said so")
        assert b'"a"' not in rig.post(request())
        assert steps(rig)[-1] == ("Executing", "Succeeded", "the device said so")


def test_a_long_history_keeps_its_newest_part() -> None:
    """A device that loses its connection for days costs bounded memory."""
    queue = a_queue()
    ident = queue.add("d", RECORDS, EXECUTING, "separate").id
    for number in range(HISTORY_LIMIT):
        assert queue.take("d", number) is not None
        queue.settle(ident, None, f"lost {number}")
    downlink = queue.get(ident)
    assert len(downlink.history) == HISTORY_LIMIT
    assert downlink.history[-1].reason == f"lost {HISTORY_LIMIT - 1}"
    assert downlink.sent == HISTORY_LIMIT


def test_of_those_that_have_ended_the_newest_are_remembered() -> None:
    """What still lives is never forgotten."""
    queue = a_queue(keep=2)
    alive = queue.add("d", RECORDS, QUEUED, "separate").id
    ended = [queue.add("d", RECORDS, QUEUED, "separate").id for _ in range(5)]
    for ident in ended:
        queue.set_status(ident, FAILED)
    assert [downlink.id for downlink in queue.all("d")] == [alive, *ended[-2:]]
    assert [downlink.id for downlink in queue.all()] == [alive, *ended[-2:]]


def test_the_downlinks_of_a_removed_device_fail() -> None:
    """All that had not ended, with the reason; those of others stay."""
    queue = a_queue()
    mine = [queue.add("d", RECORDS, status, "separate").id for status in (QUEUED, EXECUTING)]
    other = queue.add("e", RECORDS, EXECUTING, "separate").id
    queue.fail_all("d", "gone")
    assert {queue.get(ident).history[-1].reason for ident in mine} == {"gone"}
    assert queue.get(other).status is EXECUTING
    assert queue.waiting == 1


def test_a_restored_downlink_goes_on_where_it_was() -> None:
    """Executing ones are sent, numbers go on after the highest, nobody is told."""
    told: list[Downlink] = []
    before, after = a_queue(), DownlinkQueue(lambda downlink, _: told.append(downlink), lambda: 0)
    for status in (QUEUED, EXECUTING, EXECUTING):
        before.add("d", RECORDS, status, "separate")
    before.set_status("dl-2", FAILED)
    for downlink in before.all():
        after.restore(downlink)
    assert told == []
    assert after.waiting == 1
    taken = after.take("d", 9)
    assert taken is not None
    assert taken.id == "dl-3"
    assert after.add("d", RECORDS, QUEUED, "separate").id == "dl-4"
    with pytest.raises(UsageError, match="dl-4"):
        after.restore(after.get("dl-4"))


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["add", "raw", "set", "take", "settle"]),
        st.integers(0, 5),
        st.sampled_from(list(DownlinkStatus)),
    ),
    max_size=60,
)


@given(ORDERS)
def test_the_queue_does_what_a_plain_list_would(
    orders: list[tuple[str, int, DownlinkStatus]],
) -> None:
    """Whatever the orders: oldest Executing one first, no step outside its life, right count."""
    queue = a_queue()
    plain: list[Downlink] = []
    flying: list[str] = []
    for order, number, status in orders:
        device = f"d{number % 2}"
        way: Way = "mqtt" if number % 3 == 0 else "http"
        if order == "add" and not status.final:
            queue.add(device, RECORDS, status, "separate")
        elif order == "raw" and not status.final:
            queue.add_raw(device, b"on", status, only_by=way)
        elif order == "set" and plain:
            target = plain[number % len(plain)]
            if status in NEXT[target.status] and not (status is QUEUED and target.id in flying):
                queue.set_status(target.id, status)
            else:
                with pytest.raises(TransitionRefused):
                    queue.set_status(target.id, status)
        elif order == "take":
            ready = (
                d.id
                for d in plain
                if (d.device, d.status) == (device, EXECUTING) and d.only_by in (None, way)
            )
            expected = next((ident for ident in ready if ident not in flying), None)
            taken = queue.take(device, number, way)
            assert (taken.id if taken else None) == expected
            flying += [taken.id] if taken else []
        elif order == "settle" and flying:
            queue.settle(flying.pop(number % len(flying)), SUCCEEDED if number % 2 else None, "")
        plain = queue.all()
        assert queue.waiting == sum(d.status is EXECUTING for d in plain)
        for downlink in plain:
            assert _connected(downlink.history)


def _connected(history: tuple[Transition, ...]) -> bool:
    """Each step begins where the one before ended."""
    pairs = itertools.pairwise(history)
    return history[0].before is None and all(a.after == b.before for a, b in pairs)
