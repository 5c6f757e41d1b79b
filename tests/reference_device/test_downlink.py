"""What the healthy device does with downlinks and SMS."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import IMEI, DeviceProcess
from .scripted_modem import ScriptedModem
from .scripted_platform import ScriptedPlatform, http
from .sms_pdu import deliver

Start = Callable[..., DeviceProcess]
BN = f'"bn":"urn:dev:IMEI:{IMEI}:"'


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(f'[{{{BN}}},{{"n":"led","vb":true}}]', id="separate-base"),
        pytest.param(f'[{{{BN},"n":"led","vb":true}}]', id="merged-base"),
        pytest.param(f'[{{"vb":true,"n":"led",{BN},"bt":1.7e9}}]', id="any-key-order"),
        pytest.param(f' [ {{ {BN} }} , {{ "vb" : true , "n" : "led" }} ]\n', id="white-space"),
        pytest.param('[{"n":"led","vb":true}]', id="no-base"),
    ],
)
def test_both_base_record_shapes_are_acted_on_once(
    start: Start, platform: ScriptedPlatform, pack: str
) -> None:
    """The downlink is understood in every shape and acted on exactly once (DL-SENML)."""
    platform.scripts.append([http("200 OK", pack.encode())])
    device = start()
    device.say("report")
    event = device.wait("downlink")
    assert (event["acted"], event["did"], event["records"][0]["n"]) == (True, ["LED on"], "led")
    assert len(device.settle(platform)) == 1
    device.wait("uplink", result="accepted")
    assert sum(event["event"] == "downlink" for event in device.events) == 1


def test_a_report_record_makes_one_more_uplink(start: Start, platform: ScriptedPlatform) -> None:
    """The record report = true leads to exactly one further request."""
    platform.scripts.append([http("200 OK", b'[{"n":"report","vb":true}]')])
    device = start()
    device.say("report")
    device.wait("downlink", acted=True)
    device.wait("uplink", result="accepted")
    assert len(device.settle(platform)) == 2


def test_an_interval_record_makes_it_report_by_itself(
    start: Start, platform: ScriptedPlatform
) -> None:
    """The record interval sets the period of reports, and 0 ends them."""
    platform.scripts.append([http("200 OK", b'[{"n":"interval","u":"s","v":0.03}]')])
    device = start()
    device.say("report")
    device.wait("downlink", did=["reports every 0.03 s"])
    platform.wait_for(3)
    platform.default = [http("200 OK", b'[{"n":"interval","v":0}]')]
    device.wait("downlink", did=["reports no more by itself"])


def test_a_reboot_record_restarts_the_modem_once(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """AT+CFUN=1,1 goes out once, the device attaches again, and uplinks work."""
    platform.scripts.append([http("200 OK", b'[{"n":"reboot","vb":true}]')])
    device = start()
    device.say("report")
    device.wait("downlink", acted=True)
    device.wait("ready", attach=2)
    device.say("report")
    device.wait("uplink", result="accepted")
    assert modem.commands.count("AT+CFUN=1,1") == 1
    assert not [event for event in device.events if event["event"] == "error"]


@pytest.mark.parametrize(
    "body",
    [b"oops", b"{}", b"[1]", b'[{"bn":"urn:dev:IMEI:000000000000000:","n":"led","vb":true}]'],
)
def test_what_is_no_downlink_for_it_is_an_error(
    start: Start, platform: ScriptedPlatform, body: bytes
) -> None:
    """A body that is no pack, or a pack for another device, is told and not acted on."""
    platform.scripts.append([http("200 OK", body)])
    device = start()
    device.say("report")
    device.wait("uplink", result="accepted")
    device.wait("error", what="downlink")


def test_unknown_records_are_shown_and_not_acted_on(
    start: Start, platform: ScriptedPlatform
) -> None:
    """A record that this device does not know is printed with acted = false."""
    platform.scripts.append([http("200 OK", b'[{"n":"led","v":1},{"n":"zoom","v":2}]')])
    device = start()
    device.say("report")
    assert device.wait("downlink")["acted"] is False


@pytest.mark.parametrize("mode", ["pdu", "text"])
def test_a_report_sms_from_the_centre_is_obeyed(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem, mode: str
) -> None:
    """An SMS "report" from 5277 triggers one uplink and is deleted, in both SMS modes."""
    device = start("--sms-mode", mode)
    device.wait("ready")
    assert modem.deliver(0, "5277", "report", deliver("5277", "report"))
    device.wait("sms", sender="5277", text="report", obeyed=True)
    device.wait("uplink", result="accepted")
    assert modem.store == {}


def test_other_senders_and_commands_are_told_and_not_obeyed(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """Only 5277 commands, and only what the device knows (SMS-SENDER)."""
    device = start()
    device.wait("ready")
    modem.deliver(1, "+31612345678", "report", deliver("+31612345678", "report"))
    event = device.wait("sms", sender="+31612345678", text="report", obeyed=False)
    assert "5277" in event["why"]
    modem.deliver(2, "5277", "héé €", deliver("5277", "héé €", coding=8))
    device.wait("sms", sender="5277", text="héé €", obeyed=False)
    assert device.settle(platform) == []


def test_sms_that_came_while_it_was_away_are_read(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """Stored SMS are read after power-up."""
    for index in (3, 7):
        modem.store[index] = ("5277", "report", deliver("5277", "report"))
    device = start()
    device.wait("sms", obeyed=True)
    device.wait("sms", obeyed=True)
    assert len(platform.wait_for(2)) == 2
    assert modem.store == {}
