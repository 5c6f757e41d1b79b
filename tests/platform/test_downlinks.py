"""Downlinks: which goes when, in which shape, and what a lost connection means."""

from __future__ import annotations

import json

import pytest

from harness.errors import UsageError
from harness.platform.faults import CloseAfterHeader, Late, Refuse
from harness.platform.findings import Outcome
from tests.platform.bench import Rig, request

BN = "urn:dev:IMEI:356726104408422:"


def body_of(answer: bytes) -> object:
    body = answer.partition(b"\r\n\r\n")[2]
    return json.loads(body) if body else None


def test_one_executing_downlink_per_response_in_order(rig: Rig) -> None:
    """DL-ONE, DL-EXECUTING: a queued one waits until it is made Executing."""
    queue = rig.platform.queue_downlink
    queue("tracker-1", [{"n": "a", "v": 1}])
    waiting = queue("tracker-1", [{"n": "b", "vb": True}], status="queued", shape="merged")
    queue("tracker-1", [{"n": "c", "vs": "x"}])
    assert body_of(rig.post(request())) == [{"bn": BN}, {"n": "a", "v": 1}]
    assert body_of(rig.post(request())) == [{"bn": BN}, {"n": "c", "vs": "x"}]
    assert body_of(rig.post(request())) is None
    rig.platform.set_downlink_status(waiting.id, "Executing")
    assert body_of(rig.post(request())) == [{"bn": BN, "n": "b", "vb": True}]
    rig.wait(4)
    assert {downlink.status.value for downlink in rig.platform.downlinks()} == {"Succeeded"}
    assert [downlink.exchange for downlink in rig.platform.downlinks()] == [1, 4, 2]


def test_only_accepted_uplinks_carry_one(rig: Rig) -> None:
    """A refusal, be it earned or a fault, leaves the downlink Executing."""
    rig.platform.queue_downlink("tracker-1", [{"n": "a", "v": 1}])
    assert body_of(rig.post(request(token="0" * 64))) is None
    rig.platform.faults.add(Refuse(Outcome.MALFORMED))
    assert rig.post(request()).startswith(b"HTTP/1.1 400 ")
    assert body_of(rig.post(request())) is not None


def test_a_downlink_cut_off_goes_with_the_next_uplink(rig: Rig) -> None:
    """The connection ends before the response does: still Executing, sent again."""
    rig.platform.queue_downlink("tracker-1", [{"n": "a", "v": 1}])
    rig.platform.faults.add(CloseAfterHeader())
    assert rig.post(request()).endswith(b"\r\n\r\n")
    rig.wait(1)
    assert rig.platform.downlinks()[0].status.value == "Executing"
    rig.platform.faults.add(Late(0.1))
    with rig.connect() as sock:
        sock.sendall(request())
    rig.wait(2)
    assert rig.platform.downlinks()[0].status.value == "Executing"
    assert body_of(rig.post(request())) is not None
    rig.wait(3)
    assert rig.platform.downlinks()[0].sent == 3


def test_a_large_downlink_arrives_whole(rig: Rig) -> None:
    """More than the socket's buffer holds: written on as the peer reads, then Succeeded."""
    rig.platform.queue_downlink("tracker-1", [{"n": "a", "vs": "x" * 4_000_000}])
    got = body_of(rig.post(request()))
    assert got == [{"bn": BN}, {"n": "a", "vs": "x" * 4_000_000}]
    rig.wait(1)
    assert rig.platform.downlinks()[0].status.value == "Succeeded"


@pytest.mark.parametrize(
    "records",
    [[], [{"v": 1}], [{"n": "a"}], [{"n": "a", "v": "1"}], [{"n": "a", "v": 1, "vs": "x"}],
     [{"n": "a", "v": True}], [{"bn": "urn:", "n": "a", "v": 1}], [{"n": "a", "v": float("nan")}],
     [{"n": "a", "vs": "\ud800"}], [{"n": "a", "v": 1, "u": None}], [{"n": "a", "v": 1, 7: 8}]],
)  # fmt: skip
def test_wrong_records_are_refused(rig: Rig, records: list[dict[str, object]]) -> None:
    """An order that would be no SenML is refused before it is queued."""
    with pytest.raises(UsageError):
        rig.platform.queue_downlink("tracker-1", records)
    assert rig.platform.downlinks() == []


def test_unknown_device_and_status(rig: Rig) -> None:
    """The message names what is known."""
    with pytest.raises(UsageError, match="tracker-1"):
        rig.platform.queue_downlink("nobody", [{"n": "a", "v": 1}])
    with pytest.raises(UsageError, match="Executing"):
        rig.platform.queue_downlink("tracker-1", [{"n": "a", "v": 1}], status="sent")
