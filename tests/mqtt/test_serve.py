"""``hil serve --mqtt`` as a program, and ``mqtt:`` in files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.clock import Deadline
from harness.platform.message import Message
from harness.platform.mqtt.link import MqttLink
from harness.platform.mqtt.settings import BrokerKind
from tests.mqtt.bench import IMEI, wrapped
from tests.platform.bench import SECRET
from tests.ready import facts_of

DEVICES = f"""\
devices:
  tracker-1: {{imei: "{IMEI}", secret: {SECRET}}}
"""
MQTT = """\
mqtt:
  broker: {broker}
  uplink-topic: fleet/{{identifier}}/up
  credentials: shared
  username: fleet
  password: {{env: FLEET_PASSWORD}}
"""


def test_an_uplink_by_mqtt(
    broker: BrokerKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound address is told, the uplink is shown with its mark, SIGTERM ends all of it."""
    monkeypatch.setenv("FLEET_PASSWORD", "open sesame")
    ready, devices = tmp_path / "ready.json", tmp_path / "devices.yaml"
    devices.write_text(DEVICES + MQTT.format(broker=broker))
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "serve", "--devices", str(devices),
         "--mqtt", "127.0.0.1:0", "--ready", str(ready), "--json"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    host, port = facts_of(process, ready)["mqtt"].split(":")
    link = MqttLink("", username="fleet", password="open sesame")
    link.open(host, int(port))
    assert link.send(Message(f"fleet/{IMEI}/up", wrapped()), Deadline.after(60))
    assert process.stdout is not None
    lines = [json.loads(process.stdout.readline()) for _ in range(3)]
    process.terminate()
    assert process.communicate(timeout=60)[0] == ""
    link.close()
    assert process.returncode == 0
    assumed = {item["name"]: item["value"] for item in lines[0]["assumed"]}
    assert assumed["MQTT uplink topic"] == "fleet/{identifier}/up"
    assert "not described" in lines[1]["text"]
    assert (lines[2]["device"], lines[2]["outcome"]) == ("tracker-1", "accepted")
    assert [found["requirement"] for found in lines[2]["findings"]] == ["MQTT-INGEST"]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("mqtt: {token: topic}\n", "the uplink topic has a level {token}"),
        ("mqtt: {topic: x}\n", "topic"),
        ("mqtt: {credentials: shared}\n", "a username and a password"),
        ("mqtt: {qos: 3}\n", "qos"),
        ("mqtt: {uplink-topic: 'a/#'}\n", "{identifier}"),
    ],
)
def test_wrong_files_are_told_with_their_place(
    section: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """hil check and hil serve say the same, with file and line, and exit with 2."""
    devices = tmp_path / "devices.yaml"
    devices.write_text(DEVICES + section)
    assert main(["check", str(devices)]) == 2
    assert f"{devices}:3:" in (told := capsys.readouterr().out)
    assert said in told
    assert main(["serve", "--devices", str(devices), "--mqtt", "127.0.0.1:0"]) == 2
    assert f"{devices}:3:" in capsys.readouterr().err


def test_a_good_file_is_checked_without_its_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The environment of another machine is not needed to check a file."""
    devices = tmp_path / "devices.yaml"
    devices.write_text(DEVICES + MQTT.format(broker="auto") + "  downlink-topic: none\n")
    assert main(["check", str(devices)]) == 0
    assert main(["serve", "--devices", str(devices), "--mqtt", "127.0.0.1:0"]) == 2
    assert "FLEET_PASSWORD" in capsys.readouterr().err
