"""A server whose output nobody reads."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

from tests.platform.bench import read_answer, request
from tests.ready import facts_of
from tests.survival.bench import DEVICES

MORE_THAN_WAIT = 6_000


def test_output_that_nobody_reads_stops_nothing_and_is_counted(tmp_path: Path) -> None:
    """Uplinks go on being answered while the pipe is full; once somebody reads, what was printed
    and what was left out add up."""
    (tmp_path / "devices.yaml").write_text(DEVICES)
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "serve", "--devices", str(tmp_path / "devices.yaml"),
         "--ready", str(ready), "--json"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    host, port = facts_of(process, ready)["http"].split(":")
    with socket.create_connection((host, int(port)), timeout=60) as sock:
        for _ in range(MORE_THAN_WAIT // 100):
            sock.sendall(request() * 100)
            answers = b""
            while answers.count(b"HTTP/1.1 202") < 100:
                answers += sock.recv(65536)
        process.terminate()
        with socket.create_connection((host, int(port)), timeout=60) as another:
            another.sendall(request())
            assert read_answer(another).startswith(b"HTTP/1.1 202 ")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    lines = [json.loads(line) for line in out.splitlines()]
    lost = sum(line["lines"] for line in lines if line["event"] == "lost")
    assert lost > 0
    assert sum(line["event"] == "uplink" for line in lines) + lost >= MORE_THAN_WAIT
