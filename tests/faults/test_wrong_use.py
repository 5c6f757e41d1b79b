"""Wrong files and wrong options: one clear message, exit code 2, and nothing left behind."""

from __future__ import annotations

import re

import pytest

from tests.faults.place import SIM, Place
from tests.faults.programs import rig_of

TRACEBACK = "Traceback (most recent call last)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: fault.x\ntitle: [never closed\n", "case.yaml:"),
        ("id: fault.x\ntitle: What a test needs\nverifies: [RESP-ROBUST]\nsteps: []\n", "steps"),
        (
            "id: fault.x\ntitle: What a test needs\nverifies: [RESP-ROBUST]\n"
            "steps:\n  - power: on\n  - repot: {}\n",
            "case.yaml:6:5: ",
        ),
        (
            "id: fault.x\ntitle: What a test needs\nverifies: [RESP-ROBST]\n"
            "steps:\n  - power: on\n",
            "did you mean RESP-ROBUST?",
        ),
        ("", "case.yaml:1:1: "),
        ("\x00\x01", "case.yaml:1:1: "),
    ],
    ids=["not-yaml", "no-steps", "unknown-key", "unknown-requirement", "empty", "binary"],
)
def test_a_broken_scenario(place: Place, text: str, message: str) -> None:
    """The file, line and column are named, nothing runs, and the exit code is 2."""
    place.raw_scenario(text)
    ended = place.run("scenarios")
    assert ended.code == 2, ended.text
    assert message in ended.text
    assert TRACEBACK not in ended.text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--device", "nope"], "has no device 'nope'; it has tracker-plus, tracker-regular"),
        (["--rig", "rigs/absent.yaml"], "rigs/absent.yaml"),
        (["absent"], "absent"),
        (["--reports", "/dev/null/reports"], "use --reports DIR"),
        (["--", "-k", "nothing-has-this-name"], "deselected"),
        (["--", "-m", "NO-SUCH-THING("], "expression"),
    ],
    ids=["device", "rig", "folder", "reports", "nothing-collected", "marker"],
)
def test_wrong_options(place: Place, words: list[str], message: str) -> None:
    """A wrong option is told in one message with exit code 2."""
    place.good("one")
    path = [] if words == ["absent"] else ["scenarios"]
    ended = place.run(*path, *words)
    assert ended.code == 2, ended.text
    assert message in ended.text
    assert TRACEBACK not in ended.text


@pytest.mark.parametrize(
    ("change", "env", "message"),
    [
        (("secret: TrackerPlusSecret0123456789abc", "secret: {env: NOT_SET_HERE}"), {},
         "NOT_SET_HERE"),
        (("secret: TrackerPlusSecret0123456789abc", "secret: {env: SHORT}"), {"SHORT": "abc"},
         "30"),
        (("secret: TrackerPlusSecret0123456789abc", "secret: {file: absent.secret}"), {},
         "absent.secret"),
        (("sim: plus", "sim: purple"), {}, "sim.yaml:"),
        (("kind: auto", "kind: auto, colour: red"), {}, "colour"),
        (("devices:", "devices: ["), {}, "sim.yaml:"),
        (("family: quectel-bg, model: BG95-M3", "family: hayes"), {}, "hayes"),
    ],
    ids=["env-missing", "secret-short", "secret-file", "value", "key", "yaml", "family"],
)  # fmt: skip
def test_a_broken_rig(
    place: Place, change: tuple[str, str], env: dict[str, str], message: str
) -> None:
    """A wrong rig file is told once, before anything runs, with exit code 2."""
    text = SIM.replace(*change, 1)
    assert text != SIM
    place.rig(text)
    place.good("one")
    ended = place.run("scenarios", env=env)
    assert ended.code == 2, ended.text
    assert ended.text.count(message) == 1, ended.text
    assert TRACEBACK not in ended.text
    assert "abc\n" not in ended.text


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("report: {}", "tracker-plus is switched off; put `power: on` before this step"),
        ("power: on\npower: off\nradio: on", "tracker-plus is switched off"),
        ("power: reset", "tracker-plus is switched off"),
        ("power: on\ndownlink-status: {number: 7, status: Failed}", "there is no downlink 7"),
    ],
)
def test_a_scenario_that_cannot_be_followed(place: Place, steps: str, message: str) -> None:
    """An order that makes no sense is the scenario's fault: not the bench's, not ours."""
    place.scenario(steps)
    ended = place.run("scenarios")
    assert ended.code == 1, ended.text
    assert message in ended.text
    assert "scenario error" in ended.text
    (path,) = re.findall("all of them: (.+)", ended.text)
    assert (place.folder / path).is_file()
    summary = place.summary()
    assert summary["counts"] == {"scenario error": 1}
    assert summary["items"][0]["blame"] == "scenario"
    page = (place.latest / "report.html").read_text(encoding="utf-8")
    assert "defect of the harness" not in page


def test_a_rig_that_cannot_be_opened(place: Place) -> None:
    """What the rig file asks of a modem and no modem has is the rig's fault, with exit code 3."""
    place.rig(SIM.replace("model: BG95-M3", "model: BG1"))
    place.good("one")
    ended = place.run("scenarios")
    assert ended.code == 3, ended.text
    assert "the rig cannot be used: no model 'BG1' in quectel-bg" in ended.text


def test_firmware_that_is_off_cannot_report(place: Place) -> None:
    """The same goes for a firmware program: what is missing is power, not a line in the rig."""
    place.rig(rig_of(place.folder, "forks"))
    place.scenario("report: {}")
    ended = place.run("scenarios")
    assert ended.code == 1, ended.text
    assert "is switched off; put `power: on` before this step" in ended.text


def test_a_broken_file_is_told_in_full_on_the_page(place: Place) -> None:
    """What is wrong with a file is the file's fault, and everything that is wrong is told."""
    place.raw_scenario("id: a.b\ntitle: No\nsteps: []\n")
    assert place.run("scenarios").code == 2
    summary = place.summary()
    assert summary["counts"] == {"scenario error": 1}
    (item,) = summary["items"]
    assert "missing key 'verifies'" in item["message"]
    assert "title: " in item["message"]
