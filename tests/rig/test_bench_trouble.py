"""What breaks on the bench's own side is a rig error, whatever the device makes of it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from harness.network.kinds import NamespaceNetwork
from harness.rig.rig import load_rig
from harness.rig.session import RigSession, Unfit
from harness.scenario.load import load_cases
from harness.scenario.play import play

ROOT = Path(__file__).parents[2]

SCENARIO = """\
id: some.thing
title: The network goes away before the device reports
verifies: [RESP-ROBUST]
steps:
  - power: on
  - note: kill
  - report: {response-within: 2s}
  - expect: {uplink: {outcome: accepted}}
"""


def test_a_network_that_is_gone_is_not_the_devices_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the namespaces' holder killed in mid-scenario, the verdict is a rig error, at once."""
    file = tmp_path / "thing.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    (case,) = load_cases(file)
    session = RigSession(load_rig(ROOT / "rigs" / "sim.yaml"), tmp_path)
    try:
        network = session.network
        if not isinstance(network, NamespaceNetwork):
            pytest.skip(network.reason)
        device = session.choose(case.needs)
        assert not isinstance(device, Unfit)
        from harness.scenario import actions
        from harness.scenario.steps_model import NoteModel

        monkeypatch.setitem(
            actions._ACTIONS,
            NoteModel,
            lambda stage, action: os.kill(network.inner.holder_pid, signal.SIGKILL),
        )
        verdict = play(session, device, case, case.id).verdict
    finally:
        session.close()
    assert (verdict.outcome, verdict.blame) == ("rig error", "rig")
    assert "killed by signal 9" in verdict.message
