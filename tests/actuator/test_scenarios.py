"""The steps and expectations of scenarios that speak of downlinks, applications, registration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.errors import FileError
from harness.scenario.load import load_cases
from tests.faults.place import CASE, ROOT, Place, case_file


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("actuator: {tag: a}", "exactly one of records and message"),
        ("actuator: {message: a, records: [{n: a, v: 1}]}", "exactly one of records and message"),
        ("actuator: {message: a, via: fax}", "'lora'"),
        ("actuator: {message: a, says: b}", "says belongs to refused"),
        ("registration: {imei: '1', says: b}", "says belongs to refused"),
        ("registration: {imei: '1', refused: true, advice: b}", "gets no advice"),
        ("registration: {colour: red}", "unknown key 'colour'"),
        ("secret: {length: 10}", "30"),
        ("expect: {actuator: {number: 0}}", "number"),
        ("expect: {downlink-life: {steps: [Sent]}}", "'Queued'"),
    ],
)
def test_mistakes_are_named_at_their_place(tmp_path: Path, step: str, message: str) -> None:
    """One error at file:line:column before anything runs."""
    with pytest.raises(FileError) as refused:
        load_cases(case_file(tmp_path, "power: on", step))
    assert "case.yaml:6:" in str(refused.value)
    assert message in str(refused.value)


def test_what_they_need(tmp_path: Path) -> None:
    """An SMS needs a bench that delivers it, a secret in the device one that the harness plays."""
    for step, needs in (
        ("actuator: {message: a, via: sms}", {"m2m", "sms"}),
        ("actuator: {message: a, via: sms, refused: true}", {"m2m"}),
        ("secret: {length: 40}", {"m2m", "token", "scripted-uplink"}),
        ("secret: {length: 40, both: false}", {"m2m", "token"}),
    ):
        (case,) = load_cases(case_file(tmp_path, step))
        assert case.needs == needs


def test_what_is_not_as_expected_is_told(tmp_path: Path) -> None:
    """Each expectation that fails says what was wanted and what was seen."""
    place = Place(tmp_path)
    submit = "actuator: {records: [{n: interval, v: 600}], tag: fleet}\n"
    told = {
        "status": (submit + "expect: {actuator: {status: FAILED}, within: 0s}",
                   "dl-1 with status 'FAILED'"),
        "steps": (submit + "expect: {actuator: {steps: [QUEUED]}, within: 0s}",
                  "QUEUED → EXECUTING"),
        "count": ("expect: {actuator: {count: 1}, within: 0s}", "1 downlinks in the listing"),
        "number": (submit + "expect: {actuator: {number: 2, tag: a}, within: 0s}",
                   "downlink 2 in the listing"),
        "more": (submit + "expect: {actuator: {more: true}, within: 0s}", "a further page"),
        "query": ("expect: {actuator: {query: {limit: none}, count: 0}, within: 0s}",
                  "the Actuator API to answer"),
        "good-query": ("expect: {actuator: {refused: limit}, within: 0s}", "to refuse the query"),
        "life": (submit + "expect: {downlink-life: {reason: delivered}, within: 0s}",
                 "dl-1 because of 'delivered'"),
        "no-life": ("expect: {downlink-life: {number: 1}, within: 0s}", "0 were queued"),
        "taken": (submit.replace("tag: fleet", "refused: true"), "the platform to refuse the down"),
        "refused": ("actuator: {message: switch=on}", "array of SenML records"),
        "why": ("actuator: {message: a, refused: true, says: rain}", "because of 'rain'"),
        "transition": (submit + "downlink-status: {number: 1, status: Failed, refused: true}",
                       "the platform to refuse the new status"),
        "registered": ("registration: {imei: '490154203237518', refused: true}",
                       "to refuse the registration"),
        "not-registered": ("registration: {imei: '490154203237517'}", "should be 8, not 7"),
        "advice": ("registration: {imei: '490154203237518', advice: version 4}",
                   "advice about 'version 4'"),
        "no-advice": ("registration: {imei: '490154203237518', sim: plus, advice: ''}",
                      "not without its ICCID"),
        "gone": ("unregister: nobody", "no device 'nobody' is registered"),
    }  # fmt: skip
    for name, (steps, _) in told.items():
        place.scenario(steps, name)
    ended = place.run("scenarios")
    assert ended.code == 1
    for _, message in told.values():
        assert message in ended.text, (message, ended.text)


def test_the_example_of_the_documentation_holds(tmp_path: Path) -> None:
    """It runs as it stands, on the simulated rig."""
    text = (ROOT / "docs" / "downlinks-and-actuator.md").read_text(encoding="utf-8")
    (steps,) = re.findall(r"```yaml\nsteps:\n(.*?)```", text, re.DOTALL)
    place = Place(tmp_path)
    place.raw_scenario(CASE + steps)
    ended = place.run("scenarios")
    assert ended.code == 0, ended.text
