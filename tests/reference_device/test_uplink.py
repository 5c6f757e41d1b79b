"""The healthy device's uplinks, as they are on the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from .conftest import IMEI, SECRET, DeviceProcess
from .scripted_modem import ScriptedModem
from .scripted_platform import ScriptedPlatform, http

Start = Callable[..., DeviceProcess]


def test_an_uplink_is_right_in_every_byte(start: Start, platform: ScriptedPlatform) -> None:
    """The whole request is as the M2M page has it, with the token over the bytes sent."""
    device = start()
    device.wait("ready", attach=1)
    device.say('report {"records": [{"n": "temperature", "u": "Cel", "v": 21.5}]}')
    event = device.wait("uplink")
    body = f'[{{"bn":"urn:dev:IMEI:{IMEI}:","n":"temperature","u":"Cel","v":21.5}}]'.encode()
    token = hashlib.sha256(body + SECRET.encode()).hexdigest()
    assert platform.wait_for(1)[0].raw == (
        b"POST /ingestion/m2m/senml/v1 HTTP/1.1\r\nHost: m.m\r\nContent-Type: application/json\r\n"
        b"Things-Message-Token: %s\r\nContent-Length: %d\r\n\r\n%s"
        % (token.encode(), len(body), body)
    )
    assert event == {"event": "uplink", "result": "accepted", "status": 202, "attempt": 1}


def test_bt_given_with_the_stimulus_is_sent(start: Start, platform: ScriptedPlatform) -> None:
    """A bt in the stimulus goes out unchanged in the base record."""
    device = start()
    device.say('report {"records": [{"n": "a", "vb": true}], "bt": 1700000000.5}')
    device.wait("uplink", result="accepted")
    assert platform.wait_for(1)[0].pack[0]["bt"] == 1700000000.5


def test_an_unset_modem_clock_gives_no_bt(start: Start, platform: ScriptedPlatform) -> None:
    """With the modem's clock at its 1980 default, the device leaves bt out (BT-CLOCKLESS)."""
    device = start("--clock", "modem")
    device.say("report")
    device.wait("uplink", result="accepted")
    assert "bt" not in platform.wait_for(1)[0].pack[0]


def test_a_set_modem_clock_gives_bt(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """With network time, bt is the modem's UTC in seconds."""
    modem.clock = "26/11/20,12:00:00+04"
    device = start("--clock", "modem")
    device.say("report")
    device.wait("uplink", result="accepted")
    assert platform.wait_for(1)[0].pack[0]["bt"] == 1795176000


def test_a_body_larger_than_a_segment_arrives_whole(
    start: Start, platform: ScriptedPlatform
) -> None:
    """More than 1460 bytes go out in several AT+QISEND and still make one valid request."""
    device = start()
    device.say('report {"records": [{"n": "text", "vs": "' + "ë" * 3000 + '"}]}')
    device.wait("uplink", result="accepted")
    request = platform.wait_for(1)[0]
    assert request.pack[0]["vs"] == "ë" * 3000
    assert int(request.header("Content-Length")) == len(request.body)


def test_it_reports_by_itself(start: Start, platform: ScriptedPlatform) -> None:
    """With --every, uplinks come without a stimulus."""
    start("--every", "0.05")
    assert len(platform.wait_for(3)) == 3


def test_any_chunking_of_the_line_is_understood(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """A modem whose bytes come one by one is no different."""
    modem.one_byte_at_a_time = True
    platform.scripts.append([http("200 OK", b'[{"n":"led","vb":true}]')])
    device = start()
    device.say("report")
    assert device.wait("downlink")["did"] == ["LED on"]


def test_accepted_means_never_again(start: Start, platform: ScriptedPlatform) -> None:
    """After two accepted reports, the platform has seen exactly two requests."""
    device = start()
    for _ in range(2):
        device.say("report")
        device.wait("uplink", result="accepted", attempt=1)
    assert len(device.settle(platform)) == 2


def test_refused_is_reported_and_dropped(start: Start, platform: ScriptedPlatform) -> None:
    """Each refusal is told on the console, and the same bytes are not sent again."""
    device = start()
    for number, status in enumerate(("400 Bad Request", "401 Unauthorized", "404 Not Found")):
        platform.scripts.append([http(status)])
        device.say(f'report {{"records": [{{"n": "a", "v": {number}}}]}}')
        device.wait("uplink", result="refused", status=int(status[:3]), attempt=1)
        device.wait("error", what="refused")
    device.say("report")
    device.wait("uplink", result="accepted")
    assert len({request.body for request in platform.requests}) == len(platform.requests) == 4


def test_bad_stimuli_are_errors_and_nothing_else(start: Start, platform: ScriptedPlatform) -> None:
    """Nonsense on the console gives an error event each, and the device lives on."""
    device = start()
    device.wait("ready")
    for line in ("nonsense", "report {", "report []", 'report {"records": 5}'):
        device.say(line)
        device.wait("error", what="stimulus")
    device.say('report {"records": [{"n": "a", "v": NaN}]}')
    device.wait("error", what="reading")
    assert device.settle(platform) == []
