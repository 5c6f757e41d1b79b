"""What the live table shows, event by event, and that it fits any window."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from harness.cli.serve_board import Board
from harness.cli.serve_picture import Header, Window, moment, picture
from harness.clock import VirtualClock
from harness.evidence import Timeline
from tests.examples import about

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def board(*names: str, changed: Callable[[], object] = lambda: None) -> tuple[Board, Timeline]:
    made = Board(names, changed)
    timeline = Timeline(None, VirtualClock(NOW))
    timeline.listen(made.take)
    return made, timeline


def uplink(timeline: Timeline, device: str | None, outcome: str = "accepted", **more: Any) -> None:
    fields: dict[str, Any] = {"exchange": 7, "findings": [], **more}
    timeline.record("platform", "uplink", device=device, outcome=outcome, **fields)


def finding(severity: str, message: str = "said") -> dict[str, str]:
    return {"requirement": "SENML-PACK", "severity": severity, "message": message}


def test_the_newest_active_device_comes_first() -> None:
    """Then those to which nothing happened, as they were registered; never more than asked for."""
    made, timeline = board("a", "b", "c", "d")
    for name in ("c", "b", "c"):
        uplink(timeline, name)
    assert [row.name for row in made.look(9, 0).devices] == ["c", "b", "a", "d"]
    assert [row.name for row in made.look(3, 0).devices] == ["c", "b", "a"]
    assert [row.uplinks for row in made.look(3, 0).devices] == [2, 1, 0]
    assert made.look(0, 0).counts.devices == 4


def test_a_device_that_is_registered_later_is_shown() -> None:
    """As soon as it says something."""
    made, timeline = board("a")
    uplink(timeline, "late")
    look = made.look(9, 9)
    assert ([row.name for row in look.devices], look.counts.devices) == (["late", "a"], 2)


def test_a_device_that_is_removed_is_gone() -> None:
    """Also when what waited for it ends only afterwards."""
    made, timeline = board("a", "b")
    timeline.record("platform", "downlink", id="one", device="a", status="Queued")
    timeline.record("platform", "device.removed", device="a")
    timeline.record("platform", "downlink", id="one", device="a", status="Failed")
    look = made.look(9, 9)
    assert [row.name for row in look.devices] == ["b"]
    assert look.happenings[0].outcome == "is no longer registered"
    timeline.record("platform", "device.registered", device="a", identifier="356726104408422")
    assert [row.name for row in made.look(9, 9).devices] == ["a", "b"]


def test_counts_and_the_gravest_finding() -> None:
    """Every finding counts, the gravest is shown; an unknown device is no row."""
    made, timeline = board("a")
    uplink(timeline, "a", findings=[finding("info"), finding("warning", "beware")])
    uplink(timeline, None, "unknown-device", findings=[finding("error")])
    look = made.look(9, 9)
    counts = look.counts
    assert (counts.uplinks, counts.accepted, counts.refused, counts.findings) == (2, 1, 1, 3)
    newest, oldest = look.happenings
    assert (newest.who, newest.bad, oldest.findings) == ("unknown", True, 2)
    assert oldest.finding is not None
    assert oldest.finding.message == "beware"


def test_downlinks_and_sms_wait_until_they_end() -> None:
    """Each counts once, however often its status is told."""
    made, timeline = board("a")

    def waiting() -> tuple[int, int]:
        (row,) = made.look(1, 0).devices
        return row.downlinks, row.sms

    for ident in ("one", "two"):
        for status in ("Queued", "Executing", "Executing"):
            timeline.record("platform", "downlink", id=ident, device="a", status=status)
    for ident in (1, 2):
        timeline.record("sms-centre", "sms.status", id=ident, device="a", status="PENDING")
    assert waiting() == (2, 2)
    timeline.record("platform", "downlink", id="one", device="a", status="Succeeded")
    timeline.record("sms-centre", "sms.status", id=1, device="a", status="DELIVERED")
    timeline.record("sms-centre", "sms.status", id=2, device="a", status="FAILED")
    assert waiting() == (1, 0)


def test_other_happenings_are_told_too() -> None:
    """Aborted requests, handshakes, deliveries and notes; other kinds change nothing."""
    made, timeline = board("a")
    timeline.record("platform", "http.aborted", exchange=1, peer="127.0.0.1:1", why="closed")
    timeline.record(
        "platform", "tls.handshake", peer="127.0.0.1:2", outcome="established",
        certificate="expired", findings=[finding("error")],
    )  # fmt: skip
    timeline.record(
        "platform", "destination.attempt", exchange=3, device="a", destination="hook",
        outcome="refused", why="500", findings=[],
    )  # fmt: skip
    timeline.record("control", "note", text="a sentence")
    timeline.record("line:a", "serial", dir="tx", bytes=b"AT\r")
    assert [one.outcome for one in made.look(0, 9).happenings] == [
        "a sentence",
        "to hook: refused (500)",
        "TLS established (expired certificate)",
        "aborted: closed",
    ]
    assert made.look(0, 0).counts.findings == 1


def test_a_change_is_told_once_until_somebody_looks() -> None:
    """A flood of uplinks does not fill a queue."""
    told: list[None] = []
    made, timeline = board("a", changed=lambda: told.append(None))
    for _ in range(100):
        uplink(timeline, "a")
    assert len(told) == 1
    made.look(1, 1)
    uplink(timeline, "a")
    assert len(told) == 2


def test_moments_of_another_day_have_their_date() -> None:
    """A device last seen yesterday is not taken for one seen just now."""
    now = "2026-03-02T00:00:01"
    assert moment("2026-03-02T00:00:00.000Z", now) == "00:00:00"
    assert moment("2026-03-01T23:59:59.000Z", now) == "03-01 23:59"


_TEXT = st.text(max_size=200)


@settings(max_examples=about(60))
@given(
    width=st.integers(1, 200), height=st.integers(1, 60), devices=st.integers(1, 70),
    said=st.lists(st.tuples(_TEXT, _TEXT, st.sampled_from(["error", "info"])), max_size=20),
)  # fmt: skip
def test_the_picture_fits_whatever_is_said(
    width: int, height: int, devices: int, said: list[tuple[str, str, str]]
) -> None:
    """No more rows than there are, none wider than the window, nothing a terminal would obey."""
    made, timeline = board(*(f"device-{n}" for n in range(devices)))
    for name, message, severity in said:
        uplink(timeline, name, "malformed", findings=[finding(severity, message)] * 2)
    header = Header({"http": "http://127.0.0.1:1"}, "2026-03-01T12:00:00", True, "hint")
    output = io.StringIO()
    console = Console(file=output, width=width, height=height, highlight=False)
    console.print(picture(made, header, Window(width, height)))
    lines = output.getvalue().removesuffix("\n").split("\n")
    assert len(lines) == height or (height < 4 and len(lines) == 4)
    assert all(cell_len(line) <= width for line in lines)
    assert all(line.isprintable() for line in lines)


def test_a_clock_that_goes_from_timer_to_timer_is_told_once() -> None:
    """Where it got to; what happened between two steps is not lost."""
    made, timeline = board("a")
    for minute in (1, 2, 3):
        timeline.record("clock", "clock.jump", to=f"12:0{minute}")
    uplink(timeline, "a")
    for minute in (4, 5):
        timeline.record("clock", "clock.jump", to=f"12:0{minute}")
    said = [happening.outcome for happening in made.look(1, 9).happenings]
    assert said == ["moved to 12:05", "accepted", "moved to 12:03"]
