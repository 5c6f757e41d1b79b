"""Firmware that crashes, hangs, forks or floods: a verdict, never a hang, and nothing lives on."""

from __future__ import annotations

import pytest

from tests.faults.place import Place
from tests.faults.programs import rig_of


@pytest.mark.parametrize(
    ("program", "steps", "message"),
    [
        ("crashes-at-start", "power: on", "the firmware ended with exit code 3"),
        ("never-ready", "power: on", "still thinking"),
        ("ends-before-report", "power: on\nexpect: {exit: {code: 0}}\nreport: {}",
         "the firmware ended with exit code 0"),
        ("crashes-in-the-middle", "power: on\nreport: {}\nexpect: {uplinks: 1, within: 10s}",
         "uplinks"),
    ],
)  # fmt: skip
def test_firmware_that_fails(place: Place, program: str, steps: str, message: str) -> None:
    """Its crash or silence is a failed verdict blamed on the device, with exit code 1."""
    within = "700ms" if program == "never-ready" else "20s"
    place.rig(rig_of(place.folder, program, ready_within=within))
    place.scenario(steps)
    ended = place.run("scenarios")
    assert ended.code == 1, ended.text
    assert message in ended.text
    assert "Traceback" not in ended.text
    (events,) = place.timelines().values()
    (verdict,) = [event for event in events if event.kind == "verdict"]
    assert (verdict.data["outcome"], verdict.data["blame"]) == ("failed", "device")


@pytest.mark.parametrize(
    "program", ["ignores-sigterm", "forks", "floods", "not-utf8", "no-line-end"]
)
def test_firmware_that_is_rude(place: Place, program: str) -> None:
    """It is heard out and reaped with its children; the scenario passes."""
    place.rig(rig_of(place.folder, program))
    place.scenario("power: on\nexpect: {exit: {code: running}}\npower: off")
    ended = place.run("scenarios")
    assert ended.code == 0, ended.text


def test_a_crash_is_told_when_nothing_else_was_awaited(place: Place) -> None:
    """A crash that an expectation meets ends the wait at once and is named."""
    place.rig(rig_of(place.folder, "crashes-in-the-middle"))
    place.scenario("power: on\nreport: {}\nexpect: {uplinks: 1, within: 50s}")
    ended = place.run("scenarios")
    assert ended.code == 1, ended.text
    assert "SIGABRT" in ended.text


def test_a_program_that_is_not_there(place: Place) -> None:
    """A command that cannot be started is the bench's fault: exit code 3 and what to check."""
    text = rig_of(place.folder, "forks").replace('command: ["', 'command: ["/no')
    place.rig(text)
    place.scenario("power: on")
    ended = place.run("scenarios")
    assert ended.code == 3, ended.text
    assert "check `firmware: command`" in ended.text
