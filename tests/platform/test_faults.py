"""Response faults: what each does to the bytes."""

from __future__ import annotations

import contextlib

import pytest

from harness.clock import Deadline
from harness.errors import UsageError
from harness.platform.faults import (
    CloseAfterHeader,
    Empty,
    FaultPlan,
    Late,
    LowerCaseHeaders,
    NoReasonPhrase,
    Refuse,
    Reset,
    Split,
    Status,
    TruncateBody,
    altered,
    deliver,
    make_fault,
)
from harness.platform.findings import Outcome
from harness.platform.responses import Response
from harness.platform.settings import ResponseCodes
from tests.platform.bench import Rig, request

PLAIN = Response(202, b"[]", "application/json")
WHOLE = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


def test_each_fault_byte_by_byte() -> None:
    """The bytes of a response under each fault are exactly these."""
    assert deliver(PLAIN, []).data == WHOLE
    assert deliver(PLAIN, [NoReasonPhrase()]).data == WHOLE.replace(b" Accepted", b"")
    lower = WHOLE.replace(b"Content-Type", b"content-type").replace(b"Content-L", b"content-l")
    assert deliver(PLAIN, [LowerCaseHeaders()]).data == lower
    assert deliver(PLAIN, [CloseAfterHeader()])[1:] == ("close", False)
    assert deliver(PLAIN, [CloseAfterHeader()]).data == WHOLE[:-2]
    assert deliver(PLAIN, [TruncateBody(1)]).data == WHOLE[:-1]
    assert deliver(PLAIN, [Empty()]) == (((0, b""),), "close", False)
    assert deliver(PLAIN, [Reset()]) == (((0, b""),), "reset", False)
    assert deliver(PLAIN, [Late(2.5)]).steps == ((2.5, WHOLE),)


def test_split_keeps_all_bytes_in_order() -> None:
    """The pieces together are the response; every gap but the first is the one asked for."""
    steps = deliver(PLAIN, [Split(5, 0.25)]).steps
    assert [step.delay_s for step in steps] == [0, 0.25, 0.25, 0.25, 0.25]
    assert b"".join(step.data for step in steps) == WHOLE
    assert all(step.data for step in steps)


def test_refuse_and_status_change_what_is_said() -> None:
    """A refusal is that of its outcome, without body."""
    codes = ResponseCodes()
    assert altered(PLAIN, [Refuse(Outcome.UNVERIFIED)], codes) == Response(401)
    assert altered(PLAIN, [Status(503)], codes) == Response(503)


def test_faults_from_plain_data() -> None:
    """Names and parameters as a scenario writes them; mistakes are named."""
    assert make_fault("late", {"seconds": 5}) == Late(5)
    assert make_fault("refuse", {"outcome": "malformed"}) == Refuse(Outcome.MALFORMED)
    for name, parameters in [
        ("nope", {}),
        ("late", {}),
        ("late", {"seconds": -1}),
        ("late", {"seconds": "5"}),
        ("split", {"parts": 2}),
        ("refuse", {"outcome": "maybe"}),
        ("status", {"code": 20.5}),
    ]:
        with pytest.raises(UsageError):
            make_fault(name, parameters)


def test_a_plan_applies_to_the_device_it_names_and_runs_out() -> None:
    """A fault waits for its device and is used up."""
    plan = FaultPlan()
    plan.add(Empty(), device="a", count=2)
    assert [plan.take(who) for who in ("b", "a", "a", "a")] == [(), (Empty(),), (Empty(),), ()]
    assert plan.pending == 0


def test_reset_reaches_the_client_as_a_reset(rig: Rig) -> None:
    """The client sees ECONNRESET, and the uplink says that nothing was answered."""
    rig.platform.faults.add(Reset())
    with pytest.raises(ConnectionResetError):
        rig.post(request())
    rig.wait(1)
    (uplink,) = rig.platform.uplinks
    assert (uplink.status, uplink.sent, uplink.whole) == (None, b"", False)


def test_late_and_split_hold_back_pipelined_requests(rig: Rig) -> None:
    """Answers keep the order of the requests, whatever holds the first one back."""
    rig.platform.faults.add(Late(0.05), Split(3, 0.01), Status(503))
    with rig.connect() as sock:
        sock.sendall(request() + request(token="0" * 64))
        data = b""
        while b"401" not in data:
            data += sock.recv(4096)
    assert data.startswith(b"HTTP/1.1 503")
    assert rig.clock.work.wait_idle(5)


def test_answers_under_way_when_the_platform_stops_are_accounted_for(rig: Rig) -> None:
    """Once stop() is back, every one of them is known and on the timeline: none comes later."""
    count = 40
    rig.platform.faults.add(Late(60), count=count)
    with contextlib.ExitStack() as held:
        for _ in range(count):
            held.enter_context(rig.connect()).sendall(request())
        taken = rig.platform.wait(lambda: len(rig.platform.uplinks) == count, Deadline.after(60))
        assert taken
        rig.platform.stop()
        told = rig.timeline.events("http.response")
        assert sum(uplink.answered for uplink in rig.platform.uplinks) == count
        assert not any(uplink.whole for uplink in rig.platform.uplinks)
    assert len(told) == count
