"""SMS from ``hil serve`` to a ``hil modem`` in another process."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.clock import Deadline, pause
from tests.ready import facts_of

DEVICES = """devices:
  tracker-1: {imei: "356726104408422", secret: 0123456789ABCDEFGHIJabcdefghij,
              iccid: "8931041010654378932", msisdn: "+3197012345678", sim: plus}
  meter-7: {imei: "490154203237518", secret: MeterSevenSecret0123456789ABCDEFGH}
"""


@contextmanager
def running(folder: Path, name: str, *words: str) -> Iterator[dict[str, Any]]:
    """A command of ours that tells its addresses by --ready."""
    ready = folder / f"{name}.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", name, *words, "--ready", str(ready)],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield facts_of(process, ready)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def ask(url: str, order: object = None) -> Any:
    data = None if order is None else json.dumps(order).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.loads(answer.read())


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    file = tmp_path / "devices.yaml"
    file.write_text(DEVICES)
    return file


def test_an_sms_reaches_the_modem_of_another_process(devices: Path, tmp_path: Path) -> None:
    """At once while it is on; while it is off it is tried again, and comes when it is on."""
    link = str(tmp_path / "port")
    words = ("--link", link, "--msisdn", "+3197012345678", "--control", "127.0.0.1:0")
    with (
        running(tmp_path, "modem", *words) as modem,
        running(
            tmp_path, "serve", "--plain", "--devices", str(devices), "--control", "127.0.0.1:0",
            "--clock", "2026-03-01T12:00:00Z", "--modem", f"tracker-1={modem['control']}",
        ) as served,
    ):  # fmt: skip
        api, control = f"http://{served['control']}/api", f"http://{modem['control']}"
        deadline = Deadline.after(60)
        while not ask(f"{control}/state")["registered"]:
            assert not deadline.expired
            pause(0.05)
        first = ask(f"{api}/sms", {"device": "tracker-1", "text": "wake up"})
        assert [attempt["outcome"] for attempt in first["attempts"]] == ["delivered"]
        ask(f"{control}/power", {"on": False, "cut": True})
        second = ask(f"{api}/sms", {"device": "tracker-1", "text": "again"})
        assert [attempt["outcome"] for attempt in second["attempts"]] == ["unreachable"]
        ask(f"{control}/power", {"on": True})
        while not ask(f"{control}/state")["registered"]:
            assert not deadline.expired
            pause(0.05)
        ask(f"{api}/clock", {"advance": 60})
        assert [sms["status"] for sms in ask(f"{api}/sms")] == ["DELIVERED", "DELIVERED"]


def test_a_modem_that_is_gone_is_an_attempt_with_its_reason(devices: Path, tmp_path: Path) -> None:
    """Nobody listens there: the schedule goes on, and the attempt says why."""
    with running(
        tmp_path, "serve", "--plain", "--devices", str(devices), "--control", "127.0.0.1:0",
        "--modem", "tracker-1=127.0.0.1:1",
    ) as served:  # fmt: skip
        sms = ask(f"http://{served['control']}/api/sms", {"device": "tracker-1", "text": "hello"})
    assert sms["status"] == "PENDING"
    (attempt,) = sms["attempts"]
    assert attempt["outcome"] == "error"
    assert "no modem at http://127.0.0.1:1" in attempt["detail"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tracker-1", "give NAME=HOST:PORT"),
        ("nobody=127.0.0.1:1", "no device 'nobody' is registered"),
        ("meter-7=127.0.0.1:1", "meter-7 has no phone number"),
        ("tracker-1=here", "give HOST:PORT"),
    ],
)
def test_a_wrong_modem_is_refused(devices: Path, text: str, reason: str) -> None:
    """Exit 2 with one sentence, before anything listens."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", "serve", "--devices", str(devices), "--modem", text],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert reason in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
