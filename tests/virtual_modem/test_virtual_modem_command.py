"""``hil modem`` as a process, driven by gammu and over its control API."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.clock import Deadline, pause

_RUN = (
    "import argparse,sys;from harness.cli import modem;p=argparse.ArgumentParser();"
    "modem.add_arguments(p);sys.exit(modem.run(p.parse_args()))"
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A running ``hil modem`` and what it wrote to its ready file."""
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-c", _RUN, "--link", str(tmp_path / "modem"), "--ready", str(ready)]
    process = subprocess.Popen([*command, "--control", "127.0.0.1:0"], stderr=subprocess.DEVNULL)
    deadline = Deadline.after(30)
    while not ready.exists() or not ready.read_text():
        assert process.poll() is None
        assert not deadline.expired
        pause(0.01)
    yield process, json.loads(ready.read_text())
    process.kill()
    process.wait(10)


def post(facts: dict[str, str], path: str, order: object) -> object:
    request = urllib.request.Request(
        f"http://{facts['control']}{path}", json.dumps(order).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def deliver(facts: dict[str, str], text: str) -> None:
    """Until it is registered."""
    deadline = Deadline.after(20)
    while post(facts, "/sms", {"sender": "5277", "text": text}) != {"delivered": True}:
        assert not deadline.expired
        pause(0.01)


def test_it_is_controlled_and_stops_cleanly(
    served: tuple[subprocess.Popen[bytes], dict[str, str]],
) -> None:
    """Power, SMS, faults, refusals; SIGTERM removes the link and exits 0."""
    process, facts = served
    deliver(facts, "hi")
    assert post(facts, "/fault", {"kind": "drop", "count": 3}) == {"injected": "drop"}
    for path, order, code in (("/fault", {"kind": "x"}, 422), ("/power", {}, 422), ("/y", {}, 404)):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            post(facts, path, order)
        assert refusal.value.code == code
        refusal.value.close()
    post(facts, "/power", {"on": False})
    with urllib.request.urlopen(f"http://{facts['control']}/state", timeout=10) as answer:
        assert json.load(answer)["state"] == "off"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert not os.path.lexists(facts["path"])


@pytest.mark.external
@pytest.mark.skipif(shutil.which("gammu") is None, reason="gammu is not installed (apt: gammu)")
def test_gammu_identifies_reads_sends_and_deletes(
    served: tuple[subprocess.Popen[bytes], dict[str, str]], tmp_path: Path
) -> None:
    """A client that nobody here wrote works with it."""
    _, facts = served
    config = tmp_path / "gammurc"
    config.write_text(f"[gammu]\ndevice = {facts['path']}\nconnection = at\n")

    def gammu(*words: str) -> str:
        done = subprocess.run(
            ["gammu", "-c", str(config), *words],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    deliver(facts, "Hello {5277}")
    identity = gammu("identify")
    assert "Quectel" in identity
    assert "356726104408422" in identity
    listing = gammu("getallsms")
    assert listing.count("Hello {5277}") == 1
    assert '"5277"' in listing
    assert "OK" in gammu("sendsms", "TEXT", "+31612345678", "-text", "hoi")
    location = listing.split("Location ")[1].split(",")[0]
    gammu("deletesms", "0", location)
    assert "Hello" not in gammu("getallsms")
