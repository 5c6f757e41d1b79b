"""The checks before a session: `hil run` on rigs with real ports, as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.modem import Modem
from harness.modem.errors import NotRegistered
from harness.rig.rig import load_rig
from harness.rig.session import RigSession
from harness.scenario.load import load_cases
from harness.scenario.play import play
from harness.virtual_modem import Subscription
from tests.doctor.conftest import ICCIDS, SECRET, Lab, MakeModem

ROOT = Path(__file__).parents[2]
ACCEPTED = str(ROOT / "scenarios" / "token" / "accepted.yaml")


def hil_run(lab: Lab, *words: str) -> tuple[int, str, dict[str, Any]]:
    """Exit code, output, and the run's summary (empty when there is none)."""
    reports = lab.folder / "reports"
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", "--rig", str(lab.folder / "lab.yaml"),
         "--reports", str(reports), *words],
        cwd=lab.folder, env={**os.environ, "PYTHONPATH": str(ROOT), "LAB_SECRET": SECRET},
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    summary = reports / "latest" / "summary.json"
    found = json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else {}
    return done.returncode, done.stdout + done.stderr, found


def test_unfit_devices_are_skipped_and_others_go_on(lab: Lab, modem: MakeModem) -> None:
    """Each scenario of the unfit device is skipped with the reason; the fit one's pass."""
    lab.write(good=lab.device(0, modem().path), gone=lab.device(1, "/dev/no-such-port"))
    code, text, summary = hil_run(lab, "--all-devices", ACCEPTED)
    assert code == 0, text
    verdicts = {item["id"]: item for item in summary["items"]}
    assert verdicts["token.accepted@good"]["verdict"] == "passed"
    skipped = verdicts["token.accepted@gone"]
    assert skipped["verdict"] == "skipped"
    assert skipped["message"].startswith("gone is not fit: port: /dev/no-such-port")


def test_without_a_fit_device_the_run_ends_at_once(lab: Lab, modem: MakeModem) -> None:
    """Exit 3 with the reasons on the terminal and in the summary; no scenario was played."""
    lab.write(tracker=lab.device(0, modem(iccid=ICCIDS[1]).path))
    code, text, summary = hil_run(lab, ACCEPTED)
    assert code == 3, text
    assert f"the modem says {ICCIDS[1]}" in text
    assert summary["counts"] == {"rig error": 1}
    assert f"the modem says {ICCIDS[1]}" in summary["items"][0]["message"]


def test_no_doctor_runs_regardless(lab: Lab) -> None:
    """Switched off, the scenario meets the trouble itself: a rig error, not a failure."""
    lab.write(gone=lab.device(0, "/dev/no-such-port"))
    code, text, summary = hil_run(lab, "--no-doctor", ACCEPTED)
    assert code == 3, text
    assert [item["id"] for item in summary["items"]] == ["token.accepted"]
    assert summary["counts"] == {"rig error": 1}


def test_a_pin_is_the_benchs_fault(lab: Lab, modem: MakeModem) -> None:
    """A locked SIM is not waited for as for a missing network, and not the modem's failure."""
    one = modem(subscription=Subscription(pin="1234"))
    lab.write(tracker=lab.device(0, one.path))
    code, text, summary = hil_run(lab, "--no-doctor", ACCEPTED)
    assert code == 3, text
    (item,) = summary["items"]
    assert (item["verdict"], item["blame"]) == ("rig error", "rig")
    assert "the SIM asks for SIM PIN" in item["message"]


def test_no_network_is_the_benchs_fault(
    lab: Lab, modem: MakeModem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real modem that never registers has broken none of the scenario's requirements."""

    def never(*_: object, **__: object) -> int:
        raise NotRegistered("not registered within 180 s: state 0; check antenna and SIM")

    monkeypatch.setattr(Modem, "wait_registered", never)
    lab.write(tracker=lab.device(0, modem().path))
    session = RigSession(load_rig(lab.folder / "lab.yaml"), lab.folder / "out")
    try:
        (case,) = load_cases(Path(ACCEPTED))
        verdict = play(session, session.rig.devices[0], case, case.id).verdict
    finally:
        session.close()
    assert (verdict.outcome, verdict.blame) == ("rig error", "rig")
    assert "check antenna and SIM" in verdict.message


def test_workers_are_told(lab: Lab, modem: MakeModem) -> None:
    """With pytest-xdist the checks are made once, and hold in every worker."""
    lab.write(good=lab.device(0, modem().path), gone=lab.device(1, "/dev/no-such-port"))
    code, text, summary = hil_run(lab, "--all-devices", ACCEPTED, "--", "-n", "2")
    assert code == 0, text
    assert text.count("unfit  gone: port:") == 1
    assert summary["counts"] == {"passed": 1, "skipped": 1}


def test_virtual_rigs_are_not_examined(lab: Lab) -> None:
    """The code of the checks is not even loaded for a rig without real ports."""
    (lab.folder / "test_it.py").write_text(
        "import sys\n\n\ndef test_it(rig):\n"
        "    assert not [name for name in sys.modules if name.startswith('harness.rig.doctor')]\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rig", str(ROOT / "rigs" / "sim.yaml"),
         "--reports", str(lab.folder / "reports"), "test_it.py"],
        cwd=lab.folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
