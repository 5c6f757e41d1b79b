"""MQTT uplinks on the live page."""

from __future__ import annotations

import subprocess

import pytest

from harness.clock import Deadline
from harness.platform.message import Message
from harness.platform.mqtt.link import MqttLink
from tests.browser.conftest import Opened, Served
from tests.browser.test_uplinks import option, tab
from tests.mqtt.bench import TOPIC, wrapped
from tests.mqtt.conftest import need
from tests.mqtt.test_clients import speaks_mqtt


@pytest.fixture
def published(served: Served) -> Message:
    """``hil serve --mqtt`` with the uplink of one device."""
    need("embedded")
    served.restart("--mqtt", "127.0.0.1:0")
    host, port = served.bound["mqtt"].split(":")
    message = Message(TOPIC, wrapped())
    link = MqttLink("")
    link.open(host, int(port))
    assert link.send(message, Deadline.after(60))
    link.close()
    return message


def test_an_mqtt_uplink_says_that_it_is_not_described(
    served: Served, opened: Opened, published: Message
) -> None:
    """Its topic and payload instead of a head; the curl command of the page publishes it again."""
    page = opened()
    option(page, "tracker-1").click()
    page.get_by_text("MQTT, not described").wait_for()
    assert "MQTT ingestion is not described" in page.get_by_role("tabpanel").inner_text()
    page.get_by_role("link", name="About").click()
    page.get_by_role("row", name="uplinks by MQTT").get_by_text(served.bound["mqtt"]).wait_for()
    page.get_by_role("link", name="Uplinks").click()
    request = tab(page, "Request").inner_text()
    assert TOPIC in request
    assert f"{len(published.payload)} bytes" in request
    again = tab(page, "Again")
    assert "- publish:" in again.inner_text()
    speaks_mqtt()
    command = again.get_by_label("curl command").inner_text()
    subprocess.run(["sh", "-c", command], check=True, timeout=60, capture_output=True)
    option(page, "#2").wait_for()
