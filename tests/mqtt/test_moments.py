"""What the connection to a broker, and the broker itself, meet in an unlucky moment."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from harness.platform.message import Message
from harness.platform.mqtt import mosquitto
from harness.platform.mqtt.link import MqttLink
from harness.platform.mqtt.settings import MqttSettings
from tests.interleaved import Elsewhere, at_every_line
from tests.mqtt.bench import mqtt

pytest.importorskip("paho.mqtt", reason="paho-mqtt is not installed")
_GOOD = SimpleNamespace(is_failure=False)


def _link(client: SimpleNamespace) -> MqttLink:
    """A link whose library is played: its callbacks are called by the test."""
    link = MqttLink("")
    link._client = client  # type: ignore[assignment]  # as much of it as is used
    return link


def _tell_connected(link: MqttLink) -> None:
    link._connected(None, None, None, _GOOD, None)


def test_a_connection_that_goes_as_something_is_published() -> None:
    """Who published hears that the broker does not have it, once, and need not wait for another
    connection."""
    heard: list[bool] = []

    def publish(*_: object) -> SimpleNamespace:
        link._disconnected(None, None, None, "gone", None)
        return SimpleNamespace(rc=0, mid=7)

    link = _link(SimpleNamespace(publish=publish))
    _tell_connected(link)
    link.publish(Message("t", b"x", 1), heard.append)
    assert heard == [False]


def test_who_subscribes_as_the_connection_comes_up_does_it_once() -> None:
    """A second time would bring what the broker has retained twice."""
    asked: list[str] = []
    links: list[MqttLink] = []
    made: list[Elsewhere] = []

    def subscribe(topic: str, qos: int) -> tuple[int, int]:
        asked.append(topic)
        links[-1]._subscribed(None, None, len(asked), [_GOOD], None)
        return 0, len(asked)

    def as_open_does() -> None:
        with links[-1]._answer:
            if not links[-1]._up:
                return
        links[-1].subscribe("down", 1)

    def make() -> tuple[Callable[[], object], Callable[[], object]]:
        asked.clear()
        links.append(_link(SimpleNamespace(subscribe=subscribe)))
        made[:] = [Elsewhere(as_open_does)]
        return lambda: _tell_connected(links[-1]), made[0]

    for _ in at_every_line(MqttLink._connected, make):
        made[0].over()
        assert asked in ([], ["down"])


@pytest.mark.external
def test_the_port_of_a_broker_is_nobody_elses_until_it_listens(
    needs_mosquitto: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From when it is chosen on: no other program gets it that asks for any port."""
    free: list[bool] = []
    start = subprocess.Popen

    def looked_at(*arguments: Any, **named: Any) -> Any:
        (address,) = addresses
        with socket.socket() as other:
            try:
                other.bind(address)
            except OSError:
                free.append(False)
            else:
                free.append(True)
        return start(*arguments, **named)

    addresses: list[tuple[str, int]] = []
    make = mosquitto.Mosquitto.__init__

    def made(self: mosquitto.Mosquitto, accounts: Any, address: tuple[str, int]) -> None:
        addresses.append(address)
        make(self, accounts, address)

    monkeypatch.setattr(mosquitto.Mosquitto, "__init__", made)
    monkeypatch.setattr(mosquitto.subprocess, "Popen", looked_at)
    with mqtt(MqttSettings(broker="mosquitto")) as bench:
        assert free == [False]
        with bench.device():
            pass
