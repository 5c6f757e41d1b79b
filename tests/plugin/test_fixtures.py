"""The fixtures for tests written in Python, used as a firmware team would in its own repository."""

from __future__ import annotations

from pathlib import Path

import pytest

SIM = Path(__file__).parents[2] / "rigs" / "sim.yaml"

TEST_MODULE = """
import datetime
import pytest
from harness.rig.dut import UplinkOrder


@pytest.mark.hil(at="2026-03-01T12:00:00+00:00")
def test_uplink(bench, platform, scenario_clock, frozen_wall):
    bench.dut.power_on()
    scenario_clock.advance(90.0, bench.dut.drain)
    bench.dut.report(UplinkOrder())
    (uplink,) = platform.uplinks
    assert str(uplink.outcome) == "accepted"
    assert uplink.received.isoformat() == "2026-03-01T12:01:30+00:00"
    assert datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) == datetime.datetime(
        2026, 3, 1, 12, 1, 30
    )


@pytest.mark.hil(device="tracker-regular")
def test_modem(modem, virtual_modem, rig):
    assert modem.identify().imei == rig.devices[1].registration.imei
    assert virtual_modem.state.state == "ready"


def test_traffic(bench, traffic):
    bench.dut.power_on()
    bench.dut.report(UplinkOrder())
    assert traffic().peers == (("10.151.236.157", 80),)


@pytest.mark.hil(needs=["device-timers"])
def test_not_here(bench):
    raise AssertionError("the simulated rig has no device timers")
"""


def test_fixtures_open_a_bench(pytester: pytest.Pytester) -> None:
    """Each fixture does what its name says on the simulated rig; unmet needs skip."""
    pytester.makepyfile(TEST_MODULE)
    result = pytester.runpytest_subprocess("-rs", "--rig", str(SIM), "-p", "no:randomly")
    outcomes = result.parseoutcomes()
    skipped_for_capture = "capture" in result.stdout.str() and outcomes.get("skipped", 0) == 2
    assert outcomes["passed"] == (2 if skipped_for_capture else 3)
    result.stdout.fnmatch_lines(["*does not offer device-timers*"])


def test_a_rig_of_another_project_does_not_get_the_report(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    """It is left where the tests are run, though pytest takes the rig's project for its root."""
    (tmp_path / "rigs").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    rig = tmp_path / "rigs" / "sim.yaml"
    rig.write_text(SIM.read_text(encoding="utf-8"), encoding="utf-8")
    pytester.makepyfile(TEST_MODULE)
    done = pytester.runpytest_subprocess("--rig", str(rig), "-k", "uplink")
    done.stdout.fnmatch_lines([f"rootdir: {tmp_path}", "reports/latest/report.html"])
    assert (pytester.path / "reports" / "latest" / "summary.json").exists()
    assert not (tmp_path / "reports").exists()


def test_a_run_leaves_its_evidence(pytester: pytest.Pytester) -> None:
    """A test that uses the bench leaves a timeline in the run's folder."""
    pytester.makepyfile(TEST_MODULE)
    pytester.runpytest_subprocess("--rig", str(SIM), "-k", "uplink", "--reports", "out")
    (timeline,) = (pytester.path / "out" / "latest" / "timelines").glob("*.jsonl")
    text = timeline.read_text(encoding="utf-8")
    assert '"kind":"uplink"' in text
    assert "TrackerPlusSecret0123456789abc" not in text
