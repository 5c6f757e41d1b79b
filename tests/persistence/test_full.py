"""A disk that takes no more: nothing is accepted and lost, and it goes on when there is room."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import RigError
from tests.persistence.serving import asked_to_end, kill, serving
from tests.persistence.test_file import running
from tests.persistence.test_kill import body
from tests.platform.bench import request
from tests.platform.test_serve import Served

ORDER = {"device": "tracker-1", "records": [{"n": "led", "vb": True}]}


def status(server: Served, number: int) -> int:
    return int(server.post_uplink(request(body(number))).split()[1])


def limit_files(server: Served, size: int) -> None:
    """No file of the server may grow beyond ``size`` bytes (-1: as it likes)."""
    limits = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, limits[1]))


def test_what_cannot_be_kept_is_not_accepted(tmp_path: Path) -> None:
    """503 while nothing can be written, for uplinks and orders; refusals stay what they are; 202
    again as soon as there is room. After a kill, exactly what was accepted is there."""
    with serving(tmp_path) as server:
        assert status(server, 1) == 202
        limit_files(server, 4096)
        assert status(server, 2) == 503
        refused = server.post_uplink(request(body(3), token="0" * 64))
        assert refused.startswith(b"HTTP/1.1 401")
        code, told = server.api("/api/downlinks", ORDER)
        assert (code, "cannot be written" in told["error"]) == (409, True)
        assert server.api("/api/sms", {"device": "tracker-1", "text": "no"})[0] == 409
        assert server.api("/api/downlinks")[1] == []
        assert [sms["status"] for sms in server.api("/api/sms")[1]] == ["FAILED"]
        limit_files(server, -1)
        assert status(server, 4) == 202
        assert server.api("/api/downlinks", ORDER)[0] == 201
        kill(server.process)
    with serving(tmp_path) as server:
        kept = [uplink["body"].encode() for uplink in server.api("/api/uplinks")[1]]
        assert kept == [body(1), body(4)]
        assert len(server.api("/api/downlinks")[1]) == 1
        assert asked_to_end(server) == 0


def test_an_end_on_a_full_disk_says_so(tmp_path: Path) -> None:
    """What still waits to be written when the server ends: exit 3, no traceback."""
    with serving(tmp_path) as server:
        assert status(server, 1) == 202
        limit_files(server, 4096)
        assert server.api("/api/sms", {"device": "tracker-1", "text": "no"})[0] == 409
        assert asked_to_end(server) == 3


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this root may not mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_file_system_is_told_on_the_timeline(tmp_path: Path, tiny_disk: Path) -> None:
    """``store.failed`` names the disk and counts the uplinks turned away; ``store.recovered``
    follows when something was freed. A downlink that was due goes with the next accepted uplink."""
    ballast = tiny_disk / "ballast"
    with running(tiny_disk / "platform.db") as rig:
        assert rig.post(request()).startswith(b"HTTP/1.1 202")
        rig.platform.queue_downlink("tracker-1", [{"n": "led", "vb": True}])
        with ballast.open("wb", buffering=0) as filler:
            while filler.write(bytes(1024)) == 1024 and _free(tiny_disk):
                pass
        assert rig.post(request()).startswith(b"HTTP/1.1 503 Service Unavailable")
        with pytest.raises(RigError, match="free some space"):
            rig.platform.queue_downlink("tracker-1", [{"n": "led", "vb": False}])
        ballast.unlink()
        assert b'"led","vb":true' in rig.post(request())
        kinds = [event.kind for event in rig.timeline.events("store")]
        assert kinds == ["store.opened", "store.failed", "store.recovered"]
        (failed,) = rig.timeline.events("store.failed")
        assert failed.data["uplinks"] == 1
        assert "full" in failed.data["why"]
        answers = [event.data["status"] for event in rig.timeline.events("http.response")]
        assert answers == [202, 503, 202]
        faults = [event.data.get("fault") for event in rig.timeline.events("uplink")]
        assert faults == [None, "not-kept", None]


def _free(folder: Path) -> int:
    return os.statvfs(folder).f_bavail
