"""curl, which nobody here wrote, fetches parts and goes on with a download that broke off."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.platform.faults import make_fault
from tests.fota.bench import IMAGE, Client, offer
from tests.platform.bench import Rig

pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed (apt)"),
]


def curl(rig: Rig, client: Client, file: Path, *options: str) -> int:
    """Its exit code."""
    host, port = rig.address
    command = ["curl", "-sS", "--max-time", "20", "-H", "Host: m.m", "-o", str(file)]
    command += ["-H", f"Authorization: Bearer {client.token}", *options]
    return subprocess.run(
        [*command, f"http://{host}:{port}{client.path}"], capture_output=True, check=False
    ).returncode


def test_parts(rig: Rig, client: Client, tmp_path: Path) -> None:
    """`-r a-b`, part after part, makes the image."""
    parts = []
    for first in range(0, 1024, 512):
        file = tmp_path / str(first)
        assert curl(rig, client, file, "-r", f"{first}-{first + 511}") == 0
        parts.append(file.read_bytes())
    assert b"".join(parts) == IMAGE
    assert offer(rig, 2).fetched
    assert offer(rig).findings == ()


def test_going_on_where_it_broke_off(rig: Rig, client: Client, tmp_path: Path) -> None:
    """The connection drops in the middle; `-C -` asks for the rest and gets it."""
    file = tmp_path / "image"
    rig.platform.firmware.faults.add(make_fault("truncate-body", {"missing": 400}))
    assert curl(rig, client, file, "-r", "0-1023") == 18  # CURLE_PARTIAL_FILE
    assert file.stat().st_size == 624
    assert curl(rig, client, file, "-C", "-") == 0
    assert file.read_bytes() == IMAGE
