"""Ctrl-C while ports are being asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.clock import Deadline, pause
from tests.discover.ports import FakePort

ROOT = Path(__file__).parents[2]
RIG = """\
rig: lab
network: {{kind: lab, bind: "127.0.0.1:0"}}
devices:
  tracker: {{imei: "356726104408422", modem: {{port: {path}}}}}
"""


@pytest.mark.parametrize(
    ("number", "ended"),
    [(signal.SIGINT, (130, "hil: stopped\n")), (signal.SIGTERM, (143, "")),
     (signal.SIGHUP, (129, ""))],
)  # fmt: skip
@pytest.mark.parametrize("command", ["discover", "doctor"])
def test_it_ends_cleanly(
    command: str, number: signal.Signals, ended: tuple[int, str], tmp_path: Path
) -> None:
    """At once, though a port is still being waited for, and no temporary folder is left."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with FakePort() as port:
        (tmp_path / "rig.yaml").write_text(RIG.format(path=port.path), encoding="utf-8")
        words = ["--rig", "rig.yaml"] if command == "doctor" else [port.path]
        process = subprocess.Popen(
            [sys.executable, "-m", "harness", command, *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        deadline = Deadline.after(60)
        while not port.heard:
            assert not deadline.expired, "the port was never asked"
            pause(0.01)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == ended
    assert [path.name for path in temporary.iterdir()] == ["things-hil-ports"]  # locks
