"""Each broker that there is: amqtt inside the bench, mosquitto as a program."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from harness.platform.mqtt.mosquitto import mosquitto
from harness.platform.mqtt.settings import BrokerKind

_PACKAGES = "is not installed (pip install 'things-hil[mqtt]')"


def need(kind: BrokerKind) -> None:
    """Skip the test, visibly, where this broker cannot be had."""
    for package, name in (("paho", "paho-mqtt"), ("amqtt", "amqtt")):
        if find_spec(package) is None and not (package == "amqtt" and kind == "mosquitto"):
            pytest.skip(f"{name} {_PACKAGES}")
    if kind == "mosquitto" and mosquitto() is None:
        pytest.skip("mosquitto is not installed (apt: mosquitto)")


@pytest.fixture(params=["embedded", pytest.param("mosquitto", marks=pytest.mark.external)], ids=str)
def broker(request: pytest.FixtureRequest) -> BrokerKind:
    kind: BrokerKind = request.param
    need(kind)
    return kind


@pytest.fixture
def needs_mosquitto() -> None:
    need("mosquitto")
