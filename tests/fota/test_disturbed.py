"""What else can happen to the file server: chaos, hostile bytes, devices that leave."""

from __future__ import annotations

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.clock import Deadline
from harness.errors import UsageError
from harness.evidence import Event
from harness.platform.chaos import RefuseInSequence, ResetConnection
from harness.platform.faults import make_fault
from tests.examples import about
from tests.fota.bench import Client, offer, uplink
from tests.platform.bench import Rig


def parts(rig: Rig, count: int) -> list[Event]:
    """The events of the requests, once there are so many."""
    assert rig.platform.wait(lambda: len(_parts(rig)) >= count, Deadline.after(60))
    return _parts(rig)


def _parts(rig: Rig) -> list[Event]:
    return [event for event in rig.timeline.events() if event.kind == "fota.part"]


def test_chaos_hits_the_file_server_too(rig: Rig, client: Client) -> None:
    """A rule refuses in turn; the event names it, and such a part does not count as fetched."""
    rig.platform.chaos.add(
        RefuseInSequence(("normal", "unverified"), repeat=True), device="tracker-1"
    )
    statuses = [client.get("0-9").status for _ in range(4)]
    assert statuses.count(206) == statuses.count(401) == 2
    struck = [event for event in parts(rig, 4) if "chaos" in event.data]
    assert len(struck) == 2
    assert all("chaos-1" in event.data["chaos"][0] for event in struck)


def test_a_reset_is_no_answer(rig: Rig, client: Client) -> None:
    """The device gets nothing; the event has no status, and the bytes are still missing."""
    rig.platform.chaos.add(ResetConnection(1.0))
    with rig.connect() as sock:
        sock.sendall(client.part("0-9"))
        try:
            got = sock.recv(100)
        except ConnectionResetError:
            got = b""
    assert got == b""
    (event,) = parts(rig, 1)
    assert (event.data["status"], event.data["good"]) == (None, False)
    assert str(offer(rig).missing[0]) == "0-1023"


def test_a_device_that_leaves_does_not_have_the_part(rig: Rig, client: Client) -> None:
    """A late part whose device has gone is neither whole nor fetched."""
    rig.platform.firmware.faults.add(make_fault("late", {"seconds": 30}))
    with rig.connect() as sock:
        sock.sendall(client.part("0-9"))
        files, deadline = rig.platform.firmware, Deadline.after(60)
        assert rig.platform.wait(lambda: files.all()[0].requests > 0, deadline)
        assert not deadline.expired  # told at once, though the answer is not over
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    (event,) = parts(rig, 1)
    assert (event.data["whole"], event.data["good"]) == (False, False)


def test_the_urls_of_a_device_that_is_no_more_lead_nowhere(rig: Rig, client: Client) -> None:
    """404 from then on; what it fetched before stays readable."""
    assert client.get("0-9").good
    rig.platform.remove("tracker-1")
    assert client.get("0-9").status == 404
    assert len(offer(rig).parts) == 1


def test_an_offer_whose_downlink_is_refused_is_none(rig: Rig, client: Client) -> None:
    """Nothing has changed then: neither a new offer, nor the token of the one before."""
    files = rig.platform.firmware

    def refuse(device: str, records: object) -> str:
        raise UsageError("the disk is full")

    files._queue = refuse  # what a store does whose disk is full
    with pytest.raises(UsageError, match="full"):
        rig.platform.offer_firmware("tracker-1", b"image", "2.0.0")
    with pytest.raises(UsageError, match="full"):
        files.renew("fw-1")
    assert [made.version for made in files.all()] == ["1.1.0"]
    assert client.get("0-1023").good
    uplink(rig, '{"n":"firmware","vs":"1.1.0"}')
    assert offer(rig, 1).reported == "1.1.0"


@settings(max_examples=about(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["Range", "Authorization", "Host", "Content-Length", "X"]).flatmap(
            lambda name: st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
            .map(lambda value: f"{name}: {value}")
        ),
        max_size=6,
    )
)  # fmt: skip
def test_no_request_breaks_it(rig: Rig, client: Client, headers: list[str]) -> None:
    """Whatever the headers are, there is an answer, or the connection ends; then it serves on."""
    raw = "\r\n".join([f"GET {client.path} HTTP/1.1", *headers, "Connection: close", "", ""])
    with rig.connect() as sock:
        sock.sendall(raw.encode("latin-1"))
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
    assert client.get("0-9").status == 206
