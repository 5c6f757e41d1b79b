"""The healthy device survives every response (RESP-ROBUST) and gives up in a sane way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from .conftest import DeviceProcess
from .scripted_modem import ScriptedModem
from .scripted_platform import ScriptedPlatform, Step, http

Start = Callable[..., DeviceProcess]
LED = b'[{"n":"led","vb":true}]'
LARGE = b'[{"n":"text","vs":"%s"},{"n":"led","vb":true}]' % (b"x" * 5000)


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(http("200 OK", LED), id="plain"),
        pytest.param(b"HTTP/1.1 200\r\nContent-Length: 23\r\n\r\n" + LED, id="no-reason-phrase"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n" + LED, id="lower-case"),
        pytest.param(b"HTTP/1.1 200 OK\nContent-Length:23\n\n" + LED, id="bare-lf"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + LED, id="until-close"),
        pytest.param(http("200 OK", LARGE), id="large"),
    ],
)
def test_a_downlink_is_found_in_any_valid_response(
    start: Start, platform: ScriptedPlatform, response: bytes
) -> None:
    """Whatever the spelling and size of the response, it is accepted and its downlink acted on."""
    platform.scripts.append([response, lambda: None])
    device = start()
    device.say("report")
    assert device.wait("uplink")["result"] == "accepted"
    assert device.wait("downlink")["did"] == ["LED on"]


def test_a_response_in_many_segments_is_one_response(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """Each segment is read by the device before the next is sent, and nothing is lost."""

    def until_served(count: int) -> None:
        modem.wait(lambda: modem.served >= count)

    response = http("200 OK", LED)
    pieces = [response[:9], response[9:30], response[30:44], response[44:]]
    steps: list[Step] = []
    sent = 0
    for piece in pieces:
        sent += len(piece)
        steps += [piece, partial(until_served, sent)]
    platform.scripts.append(steps)
    device = start()
    device.say("report")
    device.wait("uplink", result="accepted", attempt=1)
    assert device.wait("downlink")["did"] == ["LED on"]


def test_a_late_response_is_waited_for(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """A response that comes after several fruitless looks is still the response."""

    def after_two_looks() -> None:
        before = len(modem.commands)
        modem.wait(lambda: sum("QIRD" in c for c in modem.commands[before:]) >= 1)

    platform.scripts.append([after_two_looks, http("202 Accepted")])
    device = start()
    device.say("report")
    device.wait("uplink", result="accepted", attempt=1)
    assert len(device.settle(platform)) == 1


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(["reset"], id="reset"),
        pytest.param([], id="closed-without-a-byte"),
        pytest.param([b"HTTP/1.1 202 Acc"], id="closed-in-the-head"),
        pytest.param([b"220 mail.example ready\r\n\r\n"], id="not-http"),
        pytest.param([http("503 Service Unavailable")], id="server-error"),
    ],
)
def test_no_response_is_tried_again_with_the_same_bytes(
    start: Start, platform: ScriptedPlatform, script: list[Step]
) -> None:
    """After a broken response the very same request goes out again, and is accepted then."""
    platform.scripts.append(script)
    device = start()
    device.say("report")
    device.wait("uplink", result="no-response", attempt=1, retry_in_s=0.02)
    device.wait("uplink", result="accepted", attempt=2)
    first, second = platform.wait_for(2)
    assert first == second


def test_silence_ends_with_the_response_timeout(start: Start, platform: ScriptedPlatform) -> None:
    """Without any response the device closes the connection by itself and tries again."""
    platform.scripts.append(["hold"])
    device = start("--response-timeout", "0.2")
    device.say("report")
    device.wait("uplink", result="no-response", attempt=1)
    device.wait("uplink", result="accepted", attempt=2)


def test_giving_up_keeps_the_reading_for_the_next_report(
    start: Start, platform: ScriptedPlatform
) -> None:
    """Four tries with doubling pauses; then the next report takes the reading along."""
    platform.scripts += [["reset"]] * 4
    device = start()
    device.say('report {"records": [{"n": "a", "v": 1}], "bt": 1700000000}')
    pauses = [device.wait("uplink", result="no-response")["retry_in_s"] for _ in range(4)]
    assert pauses == [0.02, 0.04, 0.08, None]
    assert device.events[-1]["kept"] is True
    device.say('report {"records": [{"n": "a", "v": 2}], "bt": 1700000060}')
    device.wait("uplink", result="accepted", attempt=1)
    old, new = platform.wait_for(5)[4].pack
    assert (old["v"], old["t"], new["v"], "t" in new) == (1, -60, 2, False)
    assert old["bt"] == 1700000060


def test_the_second_half_of_a_downlink_lost_is_an_error_but_delivered(
    start: Start, platform: ScriptedPlatform
) -> None:
    """2xx says delivered even when the body breaks off; the torn downlink is not acted on."""
    platform.scripts.append([http("200 OK", LED)[:-5], lambda: None])
    device = start()
    device.say("report")
    device.wait("uplink", result="accepted", attempt=1)
    device.wait("error", what="downlink")
    device.say("report")
    device.wait("uplink", result="accepted", attempt=1)
    assert len(platform.requests) == 2
    assert not [event for event in device.events if event["event"] == "downlink"]


def test_a_server_that_is_not_there_is_no_response(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """A refused connection is retried like a lost response."""
    modem._platform_port = 1  # nobody listens there
    device = start()
    device.say("report")
    event = device.wait("uplink", result="no-response", attempt=1)
    assert "566" in event["detail"]
    modem._platform_port = platform.port
    device.wait("uplink", result="accepted")
