"""Brokers: who may connect, what becomes of them, and what is said when there is none."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness.clock import Deadline, pause
from harness.errors import UsageError
from harness.network.loop import LoopThread
from harness.network.sockets import AddressUnavailable, HostSockets
from harness.platform.message import Message
from harness.platform.mqtt import broker as brokers
from harness.platform.mqtt.broker import Accounts, open_broker
from harness.platform.mqtt.errors import BrokerUnavailable, MqttMissing
from harness.platform.mqtt.link import MqttLink
from harness.platform.mqtt.settings import BrokerKind, MqttSettings
from harness.platform.registry import Registry
from tests.mqtt.bench import IMEI, TOPIC, Mqtt, mqtt, wrapped
from tests.platform.bench import SECRET, running
from tests.ports import reserved_port

SHARED = MqttSettings(credentials="shared", username="fleet", password="open sesame")


def may(bench: Mqtt, username: str | None, password: str | None) -> bool:
    try:
        with bench.device(username, password):
            return True
    except BrokerUnavailable:
        return False


def test_without_credentials_anybody_may_connect(broker: BrokerKind) -> None:
    """With a name, or without one."""
    with mqtt(MqttSettings(broker=broker)) as bench:
        assert may(bench, None, None)
        assert may(bench, "anybody", "anything")


def test_one_pair_for_all(broker: BrokerKind) -> None:
    """The pair of the configuration, and no other."""
    shared = MqttSettings(
        broker=broker, credentials="shared", username="fleet", password="open sesame"
    )
    with mqtt(shared) as bench:
        assert may(bench, "fleet", "open sesame")
        for wrong in ((None, None), ("fleet", "Open sesame"), ("platform", "open sesame")):
            assert not may(bench, *wrong)


def test_identifier_and_secret_of_each_device(broker: BrokerKind) -> None:
    """A device without a secret cannot; a changed secret counts without a restart."""
    with mqtt(MqttSettings(broker=broker, credentials="device")) as bench:
        assert may(bench, IMEI, SECRET)
        assert not may(bench, IMEI, SECRET.lower())
        assert not may(bench, "490154203237518", "")
        bench.rig.platform.registry.change_secret("tracker-1", "another" * 6)
        deadline = Deadline.after(60)
        while not may(bench, IMEI, "another" * 6):
            assert not deadline.expired
        assert not may(bench, IMEI, SECRET)


def test_the_passwords_are_nowhere_to_be_seen() -> None:
    """Neither the settings nor the accounts show them."""
    assert "sesame" not in repr(SHARED)
    accounts = Accounts.of(Registry(), SHARED)
    assert "sesame" not in repr(accounts)
    assert accounts.own[1] not in repr(accounts)


def test_garbage_disturbs_nobody(broker: BrokerKind) -> None:
    """Bytes that are no MQTT, a half packet, a client that is gone: others are still served."""
    with mqtt(MqttSettings(broker=broker)) as bench:
        for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x10", b"\x10\x0c\x00\x04MQTT", b"\xff" * 100):
            with socket.create_connection(bench.address, timeout=60) as sock:
                sock.sendall(junk)
        assert bench.publish(wrapped()).outcome.value == "accepted"


@pytest.mark.external
@pytest.mark.usefixtures("needs_mosquitto")
def test_a_broker_that_dies_is_on_the_timeline() -> None:
    """Killed in the middle: said so, the platform still takes requests and still stops."""
    with mqtt(MqttSettings(broker="mosquitto")) as bench:
        (pid,) = children("mosquitto", os.getpid())
        os.kill(pid, signal.SIGKILL)
        deadline = Deadline.after(60)
        while not any(
            "is lost" in str(event.data.get("text")) for event in bench.rig.timeline.events()
        ):
            assert not deadline.expired
            pause(0.01)


def children(name: str, parent: int) -> list[int]:
    """The child processes of that name."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().split(b"\0")[0].decode()
        except OSError:
            continue
        if int(fields[1]) == parent and command.endswith(name):
            found.append(int(entry.name))
    return found


@pytest.mark.external
@pytest.mark.usefixtures("needs_mosquitto")
def test_mosquitto_does_not_outlive_a_killed_bench(tmp_path: Path) -> None:
    """SIGKILL leaves no broker behind."""
    program = (
        "import sys, signal\n"
        "from harness.network.loop import LoopThread\n"
        "from harness.network.sockets import HostSockets\n"
        "from harness.platform.mqtt.broker import *\n"
        "from harness.platform.mqtt.mosquitto import Mosquitto\n"
        "broker = Mosquitto.start(Accounts.of(Registry(), MqttSettings(broker='mosquitto')),\n"
        "                         HostSockets(), None, '127.0.0.1', 0)\n"
        "print(broker.address[1], flush=True)\n"
        "signal.pause()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    (pid,) = children("mosquitto", process.pid)
    broker = os.pidfd_open(pid)  # its port may be another program's as soon as it is gone
    process.kill()
    process.communicate(timeout=60)
    gone = select.select([broker], [], [], 10)[0]
    os.close(broker)
    assert gone


def test_a_taken_port_is_explained(broker: BrokerKind) -> None:
    """The same words as for every other port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running() as rig, pytest.raises(AddressUnavailable, match="another program"):
            rig.platform.start_mqtt(HostSockets(), port=port, settings=MqttSettings(broker=broker))


def test_nobody_listens_at_the_external_broker(broker: BrokerKind) -> None:
    """One sentence with its address; with the wrong account, the broker's own reason."""
    external = MqttSettings(broker="external", username="a", password="b" * 8)
    with (
        reserved_port() as port,
        running() as rig,
        pytest.raises(BrokerUnavailable, match=f"127.0.0.1:{port}"),
    ):
        rig.platform.start_mqtt(HostSockets(), port=port, settings=external)
    own = MqttSettings(broker=broker, credentials="shared", username="x", password="y" * 8)
    with (
        mqtt(own) as bench,
        running() as rig,
        pytest.raises(BrokerUnavailable, match="Not authorized"),
    ):
        rig.platform.start_mqtt(HostSockets(), *bench.address, settings=external)


def test_an_external_broker_has_a_port() -> None:
    """Any port will do for a broker of ours, and for no other."""
    with running() as rig, pytest.raises(UsageError, match="for example"):
        rig.platform.start_mqtt(HostSockets(), settings=MqttSettings(broker="external"))


def test_an_external_broker_serves(broker: BrokerKind) -> None:
    """A broker that is there already, with an account of the platform's."""
    own = MqttSettings(broker=broker, credentials="shared", username="x", password="y" * 8)
    external = MqttSettings(broker="external", username="x", password="y" * 8)
    with mqtt(own) as bench, running() as rig:
        rig.platform.start_mqtt(HostSockets(), *bench.address, settings=external)
        with bench.device("x", "y" * 8) as device:
            assert device.send(Message(TOPIC, wrapped()), Deadline.after(60))
        rig.wait(1)
        assert rig.platform.uplinks[0].outcome.value == "accepted"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("auto", "apt install mosquitto, or pip install"),
        ("mosquitto", "mosquitto is not installed"),
        ("embedded", "pip install"),
    ],
)
def test_what_is_missing_is_named(
    kind: BrokerKind, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine with no broker at all: one sentence that says what to install."""
    monkeypatch.setattr("harness.platform.mqtt.mosquitto.mosquitto", lambda: None)
    monkeypatch.setattr(brokers, "find_spec", lambda _: None)
    loop = LoopThread()
    try:
        with pytest.raises(MqttMissing, match=said):
            open_broker(
                Accounts.of(Registry(), MqttSettings(broker=kind)),
                HostSockets(), loop, "127.0.0.1", 0,
            )  # fmt: skip
    finally:
        loop.close()


def test_without_paho(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's package is named too."""
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(MqttMissing, match="paho-mqtt"):
        MqttLink("")


@pytest.mark.external
@pytest.mark.usefixtures("needs_mosquitto")
def test_what_mosquitto_objects_to_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not come up: its own words, and nothing stays behind."""
    monkeypatch.setattr("harness.platform.mqtt.mosquitto.mosquitto", lambda: "/bin/false")
    settings = MqttSettings(broker="mosquitto")
    with running() as rig, pytest.raises(BrokerUnavailable, match="does not come up"):
        rig.platform.start_mqtt(HostSockets(), settings=settings)


def test_settings_that_do_not_fit_together() -> None:
    """Each contradiction is refused before anything starts."""
    for wrong in (
        {"token": "topic"},
        {"uplink_topic": "t/{identifier}/{token}"},
        {"uplink_topic": "t/#"},
        {"uplink_topic": "a{identifier}"},
        {"uplink_topic": "t/{identifier}/{name}"},
        {"uplink_topic": "$SYS/{identifier}"},
        {"downlink_topic": "things/{identifier}/uplink"},
        {"downlink_topic": "x"},
        {"token_key": "pack"},
        {"credentials": "shared"},
        {"broker": "external", "credentials": "device"},
        {"username": "x", "password": "y" * 8},
        {"broker": "embedded", "token": "user-property"},
    ):
        with pytest.raises(UsageError, match="MQTT"):
            MqttSettings(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def packet(kind: int, *parts: bytes) -> bytes:
    """An MQTT 3.1.1 control packet (§2.2) of at most 127 bytes."""
    body = b"".join(parts)
    return bytes((kind, len(body))) + body


def text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


@pytest.mark.parametrize(
    "topic", [b"things/\xff\xfe/uplink", b"things/a\0b/uplink", b"things//uplink"]
)
def test_topics_that_are_no_text_disturb_nobody(broker: BrokerKind, topic: bytes) -> None:
    """Whatever the broker passes on: the next uplink is judged as if nothing had been."""
    with mqtt(MqttSettings(broker=broker)) as bench:
        with socket.create_connection(bench.address, timeout=60) as sock:
            sock.sendall(packet(0x10, text(b"MQTT"), b"\x04\x02\x00\x3c", text(b"raw")))
            assert sock.recv(4) == b"\x20\x02\x00\x00"
            sock.sendall(packet(0x30, text(topic), b"{}"))
            sock.sendall(b"\xe0\x00")
        with bench.device() as device:
            assert device.send(Message(TOPIC, wrapped()), Deadline.after(60))
            assert bench.rig.platform.wait(
                lambda: any(u.device == "tracker-1" for u in bench.rig.platform.uplinks),
                Deadline.after(60),
            )
