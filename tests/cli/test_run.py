"""``hil run`` as a door to pytest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.modem import FAMILIES
from harness.rig.rig import load_rig

ROOT = Path(__file__).parents[2]


def hil_run(*words: str, reports: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", "run", "--reports", str(reports), *words],
        cwd=ROOT, capture_output=True, text=True, timeout=220, check=False,
    )  # fmt: skip


def test_what_follows_the_dashes_goes_to_pytest(tmp_path: Path) -> None:
    """`-- -k …` selects as in pytest, and the last line names the report."""
    done = hil_run("scenarios/downlink", "--", "-k", "two-in-order", reports=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    last = done.stdout.rstrip().splitlines()[-1]
    assert last.endswith("latest/report.html")
    assert (tmp_path / "latest" / "report.html").is_file()


def test_json_ends_with_the_summary(tmp_path: Path) -> None:
    """With --json the last line is the run's summary as one JSON object."""
    done = hil_run("scenarios/downlink/none.yaml", "--json", reports=tmp_path)
    summary = json.loads(done.stdout.rstrip().splitlines()[-1])
    assert (summary["exit"], summary["counts"]) == (0, {"passed": 1})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rig", "nope.yaml"], "cannot read nope.yaml"),
        (["--device", "nope"], "has no device 'nope'"),
        (["--rig", ""], "--rig names no file"),
        (["--device", ""], "has no device ''"),
        (["scenarios/nowhere"], "not found: scenarios/nowhere"),
    ],
)
def test_wrong_use_is_said_once(words: list[str], message: str, tmp_path: Path) -> None:
    """A wrong rig, device or path ends with one message and exit code 2, nothing is run."""
    done = hil_run(*words, reports=tmp_path)
    assert done.returncode == 2
    assert (done.stdout + done.stderr).count(message) == 1
    assert "Traceback" not in done.stdout + done.stderr


def test_the_same_scenarios_on_every_family(tmp_path: Path) -> None:
    """Token, downlink, SMS and codes at any place are green on all that have sockets."""
    chosen = ("token/accepted", "downlink/large", "sms/power-cycle", "line/code-anywhere")
    done = hil_run(
        "--rig", "rigs/families.yaml", "--all-devices", "--json",
        *(f"scenarios/{name}.yaml" for name in chosen), reports=tmp_path,
    )  # fmt: skip
    summary = json.loads(done.stdout.rstrip().splitlines()[-1])
    assert (summary["exit"], set(summary["counts"])) == (0, {"passed", "skipped"}), done.stdout
    # per family: one, one, one and the places of a code; 3gpp has no way to send an uplink
    assert summary["counts"] == {"passed": 13 * 6 + 1, "skipped": 5}


def test_internet_scenarios_on_every_family_with_tls(tmp_path: Path) -> None:
    """Accepted by socket and client; every certificate refused whose fault the module can see."""
    chosen = ("accepted", "certificates", "certificate-name", "certificate-expired")
    done = hil_run(
        "--rig", "rigs/families-internet.yaml", "--all-devices", "--json",
        *(f"scenarios/internet/{name}.yaml" for name in chosen), reports=tmp_path,
    )  # fmt: skip
    summary = json.loads(done.stdout.rstrip().splitlines()[-1])
    assert (summary["exit"], set(summary["counts"])) == (0, {"passed", "skipped"}), done.stdout
    rig = load_rig(ROOT / "rigs" / "families-internet.yaml")
    able = {device.modem.family: FAMILIES[device.modem.family].abilities for device in rig.devices}
    assert set(able) == {name for name, driver in FAMILIES.items() if driver.abilities.tls}
    blind = sum(len(one.tls_blind) for one in able.values())
    without = sum(one.http is None or not one.http.tls for one in able.values())
    cases = 6 * len(able)  # two ways to send, two authorities, the name, the validity
    skipped = blind + without
    assert summary["counts"] == {"passed": cases - skipped, "skipped": skipped}
