"""Whose doing a downlink is that is not as a scenario wants it: never that of a device that did
right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.rig.rig import load_rig
from harness.rig.session import RigSession, Unfit
from harness.scenario.load import load_cases
from harness.scenario.play import play
from harness.scenario.verdict import Verdict
from tests.faults.place import ROOT, case_file

RECORDS = "records: [{n: interval, v: 600}]"
QUEUED = f"downlink: {{{RECORDS}, status: Queued}}"
EXECUTING = f"downlink: {{{RECORDS}}}"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RigSession]:
    """The simulated rig, used by all tests of this file."""
    made = RigSession(load_rig(ROOT / "rigs" / "sim.yaml"), tmp_path_factory.mktemp("run"))
    yield made
    made.close()


def verdict_of(session: RigSession, folder: Path, *steps: str) -> Verdict:
    """What a scenario with these steps comes to."""
    (case,) = load_cases(case_file(folder, "power: on", *steps))
    device = session.choose(case.needs)
    assert not isinstance(device, Unfit)
    return play(session, device, case, folder.name).verdict


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ((QUEUED, "report: {}", "expect: {downlink: {count: 1}}"), "dl-1 is Queued"),
        ((QUEUED, "report: {}", f"expect: {{downlink: {{{RECORDS}}}}}"), "dl-1 is Queued"),
        (("report: {}", "expect: {downlink: {count: 1}}"), "the platform sent 0"),
        ((EXECUTING, "report: {}", "expect: {downlink: {count: 0}}"), "the platform sent 1"),
        (
            (EXECUTING, "report: {}", "expect: {downlink: {records: [{n: interval, v: 601}]}}"),
            "the platform sent 1",
        ),
    ],
    ids=["queued", "queued-records", "none", "one-too-many", "other-records"],
)
def test_a_device_that_got_what_was_sent(
    session: RigSession, tmp_path: Path, steps: tuple[str, ...], told: str
) -> None:
    """It has received exactly what was sent: the platform is named, and what it sent."""
    verdict = verdict_of(session, tmp_path, *steps)
    assert (verdict.outcome, verdict.blame) == ("failed", "platform")
    assert told in verdict.message


@pytest.mark.parametrize(
    "steps",
    [
        (EXECUTING, "expect: {downlink: {count: 1}}"),
        (
            EXECUTING,
            "response-fault: {kind: truncate-body, missing: 3}",
            "report: {}",
            "expect: {downlink: {count: 1}}",
        ),
        (EXECUTING, "report: {token: trailing-nul}", "expect: {downlink: {count: 1}}"),
    ],
    ids=["no-uplink", "lost", "refused-uplink"],
)
def test_a_device_that_did_not_get_it(
    session: RigSession, tmp_path: Path, steps: tuple[str, ...]
) -> None:
    """Where a downlink waits for its uplink, was on its way or was turned away, that stays so."""
    verdict = verdict_of(session, tmp_path, *steps)
    assert (verdict.outcome, verdict.blame) == ("failed", "device")
