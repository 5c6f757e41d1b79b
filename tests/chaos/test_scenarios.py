"""The step ``chaos`` and the expectation of the same name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from harness.errors import FileError
from harness.platform.control.chaos_orders import ChaosOrder
from harness.scenario.load import load_cases
from tests.faults.place import CASE, ROOT, Place, case_file
from tests.platform.bench import Rig


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("chaos: {kind: earthquake}", "'earthquake'"),
        ("chaos: {by: 1s}", "kind"),
        ("chaos: {kind: latency}", "missing key 'by'"),
        ("chaos: {kind: latency, by: 1s, median: 2s}", "unknown key 'median'"),
        ("chaos: {kind: latency, by: 5}", "unit"),
        ("chaos: {kind: latency, by: 2h}", "latency: seconds is more than 0 and at most 3600"),
        ("chaos: {kind: log-normal-latency, median: 2s, sigma: 9}", "sigma"),
        ("chaos: {kind: log-normal-latency, median: 2s, sigma: 1, at-most: 1s}", "maximum"),
        ("chaos: {kind: reset, probability: 1.5}", "probability"),
        ("chaos: {kind: reset, seed: -1}", "seed"),
        ("chaos: {kind: refuse, answers: []}", "answers"),
        ("chaos: {kind: refuse, answers: [202]}", "answers"),
        ("chaos: {kind: maintenance}", "exactly one of end: MOMENT and lasts: DURATION"),
        ("chaos: {kind: maintenance, lasts: 5m, answer: 202}", "answer"),
        (
            "chaos: {kind: maintenance, lasts: 5m, starts-in: 5m, start: 2026-03-01T12:00:00Z}",
            "at most one of start",
        ),
        (
            'chaos: {kind: maintenance, lasts: 5m, answer: refuse-connections, device: "${name}"}',
            "to all devices",
        ),
        ("chaos: {kind: clock-jump}", "exactly one of by: DURATION and to: MOMENT"),
        ("expect: {chaos: {struck: -1}}", "struck"),
    ],
)
def test_mistakes_are_named_at_their_place(tmp_path: Path, step: str, message: str) -> None:
    """One error at file:line:column before anything runs."""
    with pytest.raises(FileError) as refused:
        load_cases(case_file(tmp_path, "power: on", step))
    assert "case.yaml:6:" in str(refused.value)
    assert message in str(refused.value)


def test_what_chaos_needs(tmp_path: Path) -> None:
    """Rules need an uplink to hit, a jump a clock that can be stepped."""
    (rules,) = load_cases(case_file(tmp_path, "chaos: reset"))
    (jump,) = load_cases(case_file(tmp_path, "chaos: {kind: clock-jump, by: 1d}"))
    assert sorted(rules.needs) == ["m2m", "uplink"]
    assert sorted(jump.needs) == ["m2m", "stepped-clock"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_goes_wrong_in_a_run_is_told(place: Place) -> None:
    """A rule that struck less than expected, a jump back, and a device that nobody knows."""
    place.scenario(
        "power: on\nchaos: {kind: reset, probability: 0}\nreport: {}\nexpect: {chaos: {struck: 1}}",
        "spared",
    )
    place.scenario("chaos: {kind: clock-jump, to: 2020-01-01T00:00:00Z}", "back")
    place.scenario("chaos: {kind: latency, by: 1s, device: nobody}", "whom")
    place.scenario("expect: {chaos: {struck-at-least: 1}}", "nothing")
    ended = place.run("scenarios")
    assert ended.code == 1
    for told in (
        "to have struck 1 times",
        "0 times",
        "the scenario clock does not go backwards",
        "no device 'nobody' is registered",
        "a rule of chaos 1",
    ):
        assert told in ended.text, ended.text


def test_the_examples_of_the_documentation_hold(tmp_path: Path, rig: Rig) -> None:
    """The scenario's steps are valid, and the order shown is answered as shown."""
    text = (ROOT / "docs" / "chaos.md").read_text(encoding="utf-8")
    (steps,) = re.findall(r"```yaml\nsteps:\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "case.yaml"
    path.write_text(CASE + steps, encoding="utf-8")
    assert len(load_cases(path)) == 1
    (order,) = re.findall(r"-d '(.*?)'", text)
    (shown,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    orders: TypeAdapter[Any] = TypeAdapter(ChaosOrder)
    made = orders.validate_json(order)
    disturbance = made.disturbance(rig.clock.now(), 503)
    rule = rig.platform.chaos.add(disturbance, device=made.device, seed=made.seed)
    assert rule.as_dict() == json.loads(shown)


@pytest.mark.parametrize(
    ("fault", "scenario", "broken"),
    [
        ("never-retries", "lost", "RESP-ROBUST"),
        ("tight-retry", "refused-for-good", "RESP-UNVERIFIED"),
        ("resends-accepted", "latency", "RESP-ACCEPTED"),
    ],
)
def test_chaos_shows_what_a_bad_device_does(
    place: Place, fault: str, scenario: str, broken: str
) -> None:
    """A seeded fault fails the scenario that a good device passes, for the right requirement."""
    firmware = (ROOT / "rigs" / "firmware.yaml").read_text(encoding="utf-8")
    seeded = firmware.replace("--retry-base,", f"--faults, {fault}, --retry-base,")
    assert seeded != firmware
    rig = place.rig(seeded, "seeded")
    text = (ROOT / "scenarios" / "chaos" / f"{scenario}.yaml").read_text(encoding="utf-8")
    place.raw_scenario(text, scenario)
    ended = place.run("scenarios", "--rig", str(rig))
    assert ended.code == 1, ended.text
    assert f"broken   {broken}" in ended.text, ended.text
