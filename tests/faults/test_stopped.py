"""A run that is stopped or killed: nothing lives on, and the timeline is whole up to there."""

from __future__ import annotations

import os
import signal

import pytest

from tests.faults.place import Place
from tests.faults.programs import rig_of

HOLDER = "harness.network.holder"
WAITING = "power: on\nnever: {uplinks: 7, during: 50s}"
REAL = "clock: real\n"


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["Ctrl-C", "SIGTERM", "SIGHUP"]
)
@pytest.mark.parametrize(
    ("steps", "sign"),
    [
        (WAITING, "never"),
        ("power: on\nexpect: {uplink: {outcome: accepted}, within: 50s}", "expect"),
    ],
    ids=["nothing", "something"],
)
def test_stopped_while_waiting_for(
    place: Place, number: signal.Signals, steps: str, sign: str
) -> None:
    """It ends with exit code 130, its report and a timeline that says so."""
    place.scenario(steps, head=REAL)
    process = place.start("scenarios")
    place.await_event("step.start", text=sign)
    process.send_signal(number)
    ended = place.ended(process)
    assert ended.code == 130, ended.text
    assert (place.latest / "report.html").exists()
    assert (place.latest / "summary.json").exists()
    (events,) = place.timelines().values()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert any("interrupted" in str(event.data.get("text")) for event in events)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_stopped_while_firmware_starts(place: Place, number: signal.Signals) -> None:
    """The firmware program is gone with the run."""
    place.rig(rig_of(place.folder, "never-ready", ready_within="50s"))
    place.scenario("power: on")
    process = place.start("scenarios")
    place.await_event("device.console", text="still thinking")
    process.send_signal(number)
    ended = place.ended(process)
    assert ended.code == 130, ended.text
    assert place.await_nothing_left() == []


def test_killed(place: Place) -> None:
    """After SIGKILL the firmware and the namespaces go within seconds; the timeline is whole."""
    place.rig(rig_of(place.folder, "ignores-sigterm", network="auto"))
    place.scenario("power: on\nnever: {uplinks: 7, during: 50s}")
    process = place.start("scenarios")
    place.await_event("step.start", text="never")
    place.await_marked("ignores-sigterm.py")
    process.kill()
    assert place.ended(process, 60).code == -signal.SIGKILL
    assert place.await_nothing_left() == []
    (events,) = place.timelines().values()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    steps = [event for event in events if event.kind.startswith("step.")]
    assert steps[-1].kind == "step.start"  # the modem may have had its say after it


def test_the_holder_of_the_namespaces_is_killed(place: Place) -> None:
    """What still needs it is a rig error that says so, exit code 3; the run ends by itself."""
    place.scenario("power: on\nnever: {uplinks: 7, during: 5s}\nreport: {}", "a", head=REAL)
    place.scenario("power: on\nreport: {}", "b")
    process = place.start("scenarios", "--", "-p", "no:randomly")
    place.await_event("step.start", text="never")
    if not place.marked(HOLDER):
        process.kill()
        place.ended(process)
        pytest.skip("no network namespaces can be made here")
    os.kill(place.await_marked(HOLDER), signal.SIGKILL)
    ended = place.ended(process)
    assert ended.code == 3, ended.text
    assert "holder was killed by signal 9" in ended.text
    assert "Traceback" not in ended.text
