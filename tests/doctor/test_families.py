"""The doctor on a rig with a modem of every family."""

from __future__ import annotations

from pathlib import Path

from harness.rig.doctor import State, examine
from harness.rig.rig import load_rig
from harness.rig.session import RigSession
from tests.doctor.conftest import PATIENT

ROOT = Path(__file__).parents[2]


def test_every_family_can_be_examined(tmp_path: Path) -> None:
    """Each is fit; the only remark is that plain 27.007 knows no sockets."""
    session = RigSession(load_rig(ROOT / "rigs" / "families.yaml"), tmp_path)
    try:
        health = examine(session, PATIENT)
    finally:
        session.close()
    assert health.fit
    remarks = [
        (device.name, finding.check)
        for device in health.devices
        for finding in device.findings
        if finding.state is not State.OK
    ]
    assert remarks == [("generic-3gpp", "platform")]
