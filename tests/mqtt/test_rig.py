"""Rigs with MQTT ingestion, their scenarios and their reports."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from harness.files import load_document
from harness.platform.mqtt.settings import BrokerKind, MqttSettings
from harness.rig.mqtt import mqtt_of
from harness.scenario.load import load_cases
from tests.faults.place import ROOT, Place
from tests.ports import reserved_port

RIG = (ROOT / "rigs" / "mqtt.yaml").read_text(encoding="utf-8")
SCENARIOS = ROOT / "scenarios" / "mqtt"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def rig(place: Place, **changes: str) -> str:
    """The shipped rig with other values under ``mqtt:``."""
    text = RIG
    for name, value in changes.items():
        key = name.replace("_", "-")
        text, found = re.subn(rf"^  {key}:.*$", f"  {key}: {value}", text, flags=re.MULTILINE)
        assert found == 1, key
    return str(place.rig(text, "mqtt"))


def test_the_shipped_scenarios_pass_and_are_marked(place: Place, broker: BrokerKind) -> None:
    """Green with either broker; the report says what is not described, and nothing stays behind."""
    shutil.copytree(SCENARIOS, place.folder / "scenarios" / "mqtt")
    ended = place.run("scenarios/mqtt", "--rig", rig(place, broker=broker))
    assert ended.code == 0, ended.text
    assert "assumed  " in ended.text
    assert "MQTT uplink topic" in ended.text
    page = (place.latest / "report.html").read_text(encoding="utf-8")
    assert "not described by the documents" in page
    assert "Downlink published to things/356726104408422/downlink" in page
    assert "TrackerMqttSecret" not in page
    assert place.await_nothing_left() == []


@pytest.mark.external
@pytest.mark.usefixtures("needs_mosquitto")
@pytest.mark.parametrize(
    ("token", "topic"),
    [
        ("topic", "t/{identifier}/{token}/up"),
        ("user-property", "t/{identifier}"),
        ("none", "t/{identifier}"),
    ],
)
def test_the_bench_publishes_as_the_rig_says(place: Place, token: str, topic: str) -> None:
    """Whatever the place of the token is, platform and bench agree on it."""
    shutil.copy(SCENARIOS / "accepted.yaml", place.folder / "scenarios")
    named = rig(place, broker="mosquitto", token=token, uplink_topic=topic, credentials="none")
    ended = place.run("scenarios", "--rig", named)
    assert ended.code == 0, ended.text


def test_other_rigs_skip_them_with_the_reason(place: Place) -> None:
    """A rig without `mqtt:` has no broker."""
    shutil.copy(SCENARIOS / "accepted.yaml", place.folder / "scenarios")
    ended = place.run("scenarios", "--rig", "rigs/sim.yaml")
    assert "does not offer mqtt" in ended.text
    assert "1 skipped" in ended.text


@pytest.mark.usefixtures("broker")
def test_a_broker_that_is_not_there_is_the_rig_s_fault(place: Place) -> None:
    """Never held against the device: exit 3, and the address is named."""
    shutil.copy(SCENARIOS / "topic.yaml", place.folder / "scenarios")
    with reserved_port() as port:
        external = f"external\n  address: 127.0.0.1:{port}"
        ended = place.run("scenarios", "--rig", rig(place, broker=external, credentials="none"))
    assert ended.code == 3, ended.text
    assert f"the MQTT broker at 127.0.0.1:{port}" in ended.text


def test_no_broker_at_all_is_the_rig_s_fault_too(place: Place) -> None:
    """What to install is said, and the device is not blamed."""
    shutil.copy(SCENARIOS / "topic.yaml", place.folder / "scenarios")
    (place.folder / "conftest.py").write_text(
        "from harness.platform.mqtt import broker, mosquitto\n"
        "mosquitto.mosquitto = lambda: None\n"
        "broker.find_spec = lambda name: None\n"
    )
    ended = place.run("scenarios", "--rig", rig(place))
    assert ended.code == 3, ended.text
    assert "apt install mosquitto, or pip install" in ended.text


def test_what_publishing_needs() -> None:
    """The capability, and nothing that only a modem driven by the harness has."""
    (case,) = load_cases(SCENARIOS / "topic.yaml")
    assert sorted(case.needs) == ["m2m", "mqtt", "token", "uplink"]


def test_the_example_of_the_documentation_is_the_default(tmp_path: Path) -> None:
    """docs/mqtt.md shows every key with the value that holds without it."""
    (block,) = re.findall(
        r"```yaml\n(mqtt:.*?)```", (ROOT / "docs" / "mqtt.md").read_text(), re.DOTALL
    )
    path = tmp_path / "devices.yaml"
    path.write_text(block)
    plan = mqtt_of(load_document(path))
    assert (plan.settings, plan.address) == (MqttSettings(), ("127.0.0.1", 0))
