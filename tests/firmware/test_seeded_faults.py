"""Proof that the scenarios bite: each seeded fault of the reference device is caught and blamed.

The faults live in the reference device; the scenarios are the ones users run. A healthy device must
never be red.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.reference_device.faults import FAULTS
from harness.rig.rig import Rig, load_rig
from harness.rig.session import RigSession, Unfit
from harness.scenario.load import Case, load_cases
from harness.scenario.play import play
from harness.scenario.verdict import Verdict

ROOT = Path(__file__).parents[2]

# Which scenario meets which fault. Several faults break what `token.accepted` demands.
CAUGHT_BY = {
    "hash-stripped-body": "token.accepted",
    "hash-trailing-nul": "token.accepted",
    "token-previous-body": "token.accepted",
    "token-upper-case": "token.accepted",
    "token-missing": "token.accepted",
    "secret-before-body": "token.accepted",
    "secret-newline": "token.accepted",
    "spaced-body": "token.accepted",
    "wrong-imei": "token.accepted",
    "missing-colon": "token.accepted",
    "value-missing": "token.accepted",
    "bt-1970": "bt.absent",
    "bt-milliseconds": "bt.absent",
    "content-length-short": "token.accepted",
    "content-length-long": "token.accepted",
    "wrong-host": "token.accepted",
    "wrong-path": "token.accepted",
    "wrong-content-type": "token.accepted",
    "wrong-apn": "network.apn[plus]",
    "dns-lookup": "network.no-dns",
    "takes-any-certificate": "internet.certificates[kind=unknown-ca]",
    "resends-accepted": "responses.accepted-once",
    "tight-retry": "responses.outcome[unverified]",
    "never-retries": "responses.lost[kind=empty]",
    "first-segment-only": "responses.split[pieces=40]",
    "needs-reason-phrase": "responses.robust[kind=no-reason-phrase]",
    "case-sensitive-headers": "responses.robust[kind=lower-case-headers]",
    "acts-twice": "downlink.one[shape=separate]",
    "ignores-downlink": "downlink.one[shape=separate]",
    "first-record-is-base": "downlink.merged-shape",
    "obeys-any-sender": "sms.foreign-sender",
    "sleeps-through-retries": "sms.reachable",
    "firmware-ignores-crc": "fota.wrong-crc[kind=wrong-crc]",
    "firmware-no-token": "fota.update[status=206]",
    "firmware-one-connection": "fota.reuse-limit",
    "firmware-never-reports": "fota.update[status=206]",
    "firmware-loops-on-bad-part": "fota.bad-part",
    "firmware-wrong-offset": "fota.update[status=206]",
}

# Its radio is on for a tenth of a second each hour: less than a scenario needs to get going.
PARAMETERS = {"sleeps-through-retries": "=3600:0.1"}

HEALTHY_RUNS = 50


def all_cases() -> dict[str, Case]:
    cases = (case for path in (ROOT / "scenarios").rglob("*.yaml") for case in load_cases(path))
    return {case.id: case for case in cases}


CASES = all_cases()

Run = Callable[[str, str], Verdict]


def with_fault(rig: Rig, fault: str) -> Rig:
    """The firmware rig, its firmware started with one fault switched on."""
    device = rig.devices[0]
    assert device.firmware is not None
    command = [*device.firmware.command, *(["--faults", fault] if fault else [])]
    firmware = device.firmware.model_copy(update={"command": command})
    return dataclasses.replace(rig, devices=(dataclasses.replace(device, firmware=firmware),))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Play one case against the reference device with one fault."""
    sessions: list[RigSession] = []

    def play_one(case_id: str, fault: str) -> Verdict:
        internet = "internet" in CASES[case_id].needs
        name = "firmware-internet.yaml" if internet else "firmware.yaml"
        session = RigSession(with_fault(load_rig(ROOT / "rigs" / name), fault), tmp_path)
        sessions.append(session)
        device = session.choose(CASES[case_id].needs)
        if isinstance(device, Unfit):
            pytest.skip(device.reason)
        return play(session, device, CASES[case_id], case_id).verdict

    yield play_one
    for session in sessions:
        session.close()


def test_every_fault_has_a_scenario() -> None:
    """No seeded fault is without a scenario that is to catch it, and at least 15 exist."""
    assert set(CAUGHT_BY) == set(FAULTS)
    assert len(FAULTS) >= 15
    assert set(CAUGHT_BY.values()) <= set(CASES)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_seeded_fault_is_caught_and_blamed(run: Run, fault: str) -> None:
    """The scenario is red, names a requirement the fault breaks, and blames the device."""
    verdict = run(CAUGHT_BY[fault], fault + PARAMETERS.get(fault, ""))
    assert verdict.outcome == "failed", verdict
    assert set(verdict.requirements) & set(FAULTS[fault].requirements), verdict
    assert verdict.blame == "device"


@pytest.mark.parametrize(
    "case_id",
    ["responses.accepted-once", "downlink.none", "downlink.merged-shape", "downlink.two-in-order",
     "responses.late", "destination.several", "fota.update[status=206]"],
)  # fmt: skip
def test_a_refused_uplink_is_not_held_against_what_would_have_followed(
    run: Run, case_id: str
) -> None:
    """A wrong token alone is broken, not answers, downlinks, destinations and firmware as well."""
    verdict = run(case_id, "secret-newline")
    assert (verdict.outcome, verdict.requirements) == ("failed", ("TOKEN-FORMULA",)), verdict
    assert verdict.blame == "device"
    assert "with the secret and LF after it" in verdict.seen


@pytest.mark.parametrize(
    ("rig", "words"),
    [("firmware", "python -m harness.reference_device "), ("sim", "none: played by the harness")],
)
def test_the_timeline_says_what_was_under_test(tmp_path: Path, rig: str, words: str) -> None:
    """The firmware's command line, or that there was none: a report hands that on."""
    session = RigSession(load_rig(ROOT / "rigs" / f"{rig}.yaml"), tmp_path)
    try:
        case = CASES["downlink.none"]
        device = session.choose(case.needs)
        assert not isinstance(device, Unfit)
        result = play(session, device, case, case.id)
    finally:
        session.close()
    assert result.timeline is not None
    with (tmp_path / result.timeline).open(encoding="utf-8") as lines:
        context = next(event for event in map(json.loads, lines) if event["kind"] == "run.context")
    assert context["device"]["firmware"].startswith(words)


@pytest.mark.parametrize("case_id", sorted(set(CAUGHT_BY.values())))
def test_the_healthy_device_passes(run: Run, case_id: str) -> None:
    """Without a fault, each of those scenarios is green."""
    assert run(case_id, "") == Verdict("passed", requirements=tuple(CASES[case_id].model.verifies))


def test_the_healthy_device_is_never_red(tmp_path: Path) -> None:
    """In 50 runs of a scenario that exercises attach, uplink and downlink, none is red."""
    session = RigSession(load_rig(ROOT / "rigs" / "firmware.yaml"), tmp_path)
    try:
        case = CASES["downlink.two-in-order"]
        device = session.choose(case.needs)
        assert not isinstance(device, Unfit)
        verdicts = [play(session, device, case, case.id).verdict for _ in range(HEALTHY_RUNS)]
    finally:
        session.close()
    assert [verdict for verdict in verdicts if verdict.outcome != "passed"] == []
