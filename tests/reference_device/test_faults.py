"""Each seeded fault shows its defect where a bench can see it, and nothing else goes wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest

from harness.reference_device.faults import FAULTS

from .conftest import IMEI, SECRET, DeviceProcess
from .scripted_modem import ScriptedModem
from .scripted_platform import Request, ScriptedPlatform, Step, http
from .sms_pdu import deliver

Start = Callable[..., DeviceProcess]
LED = b'[{"n":"led","vb":true}]'
REPORT = b'[{"n":"report","vb":true}]'


def sha(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def token(request: Request) -> str:
    return request.header("Things-Message-Token")


def healthy(request: Request) -> list[str]:
    """The names of all that is wrong with a request, in the words of the faults."""
    body, key = request.body, SECRET.encode()
    length = int(request.header("Content-Length"))
    base = request.pack[0]
    checks = {
        "hash-stripped-body": token(request) == sha(body.replace(b" ", b""), key) and b" " in body,
        "hash-trailing-nul": token(request) == sha(body, b"\0", key),
        "token-previous-body": token(request) == sha(b"", key),
        "token-upper-case": token(request) == sha(body, key).upper(),
        "token-missing": "Things-Message-Token" not in request.head,
        "secret-before-body": token(request) == sha(key, body),
        "secret-newline": token(request) == sha(body, key, b"\n"),
        "spaced-body": token(request) == sha(body, key) and b" " in body,
        "wrong-imei": re.fullmatch(r"urn:dev:IMEI:\d{15}:", base["bn"]) and IMEI not in base["bn"],
        "missing-colon": base["bn"] == f"urn:dev:IMEI:{IMEI}",
        "value-missing": not base.keys() & {"v", "vb", "vs", "vd"},
        "bt-1970": "bt" in base and 0 <= base["bt"] <= 86400,
        "bt-milliseconds": "bt" in base and base["bt"] > 1e12,
        "content-length-short": length == len(body) - 1,
        "content-length-long": length == len(body) + 1,
        "wrong-host": request.header("Host") == "10.151.236.157",
        "wrong-path": request.head.startswith("POST /ingestion/ip/senml/v1 HTTP/1.1"),
        "wrong-content-type": request.header("Content-Type") == "text/plain",
    }
    if not any(checks.values()):
        assert token(request) == sha(body, key)
    return [name for name, wrong in checks.items() if wrong]


@pytest.mark.parametrize("fault", list(FAULTS)[: list(FAULTS).index("wrong-content-type") + 1])
def test_a_fault_of_the_request_is_seen_in_the_request(
    start: Start, platform: ScriptedPlatform, fault: str
) -> None:
    """The request has this defect and no other one."""
    device = start("--faults", fault)
    device.say('report {"records": [{"n": "temperature", "v": 21.5}, {"n": "b", "vs": "x"}]}')
    assert healthy(platform.wait_for(1)[0]) == [fault]
    device.wait("uplink", result="accepted")


def test_the_healthy_device_has_none_of_them(start: Start, platform: ScriptedPlatform) -> None:
    """Without a fault, no defect is seen."""
    start().say("report")
    assert healthy(platform.wait_for(1)[0]) == []


def test_several_faults_at_once(start: Start, platform: ScriptedPlatform) -> None:
    """Faults can be combined."""
    start("--faults", "wrong-host,missing-colon").say("report")
    assert healthy(platform.wait_for(1)[0]) == ["missing-colon", "wrong-host"]


def test_token_previous_body_is_the_body_before(start: Start, platform: ScriptedPlatform) -> None:
    """The second request carries the first one's token."""
    device = start("--faults", "token-previous-body")
    for number in (1, 2):
        device.say(f'report {{"records": [{{"n": "a", "v": {number}}}]}}')
        device.wait("uplink")
    first, second = platform.wait_for(2)
    assert token(second) == sha(first.body, SECRET.encode())


def test_wrong_apn_gets_no_context(start: Start, modem: ScriptedModem) -> None:
    """The APN is internet.m2m on the line, and the device says that it got no context."""
    device = start("--faults", "wrong-apn")
    assert "internet.m2m" in device.wait("error", what="attach")["detail"]
    assert 'AT+QICSGP=1,1,"internet.m2m","","",0' in modem.commands


def test_dns_lookup_asks_before_it_connects(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """A look-up and a socket by name are seen on the line; the uplink arrives by address."""
    device = start("--faults", "dns-lookup")
    device.say("report")
    device.wait("uplink", result="accepted", attempt=1)
    assert 'AT+QIDNSGIP=1,"m.m"' in modem.commands
    assert 'AT+QIOPEN=1,0,"TCP","m.m",80,0,0' in modem.commands
    assert len(platform.requests) == 1


def test_resends_accepted(start: Start, platform: ScriptedPlatform) -> None:
    """The accepted request goes out exactly once more."""
    device = start("--faults", "resends-accepted")
    device.say("report")
    device.wait("uplink", result="accepted", attempt=1)
    device.wait("uplink", result="accepted", attempt=2)
    first, second = device.settle(platform)
    assert first == second


def test_tight_retry_hammers_with_the_same_bytes(start: Start, platform: ScriptedPlatform) -> None:
    """A refused request comes again and again."""
    platform.default = [http("401 Unauthorized")]
    start("--faults", "tight-retry").say("report")
    assert len(set(platform.wait_for(10))) == 1


def test_never_retries_and_forgets(start: Start, platform: ScriptedPlatform) -> None:
    """After a reset nothing comes, and the next report has only its own reading."""
    platform.scripts.append(["reset"])
    device = start("--faults", "never-retries")
    device.say('report {"records": [{"n": "a", "v": 1}]}')
    assert device.wait("uplink")["kept"] is False
    device.say('report {"records": [{"n": "a", "v": 2}]}')
    device.wait("uplink", result="accepted")
    assert [record["v"] for record in platform.wait_for(2)[1].pack] == [2]


def test_first_segment_only_loses_the_downlink(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """The tail of a response that comes in two segments is never read."""
    response = http("200 OK", LED)
    cut = len(response) - 8
    closed = [lambda: modem.wait(lambda: "AT+QICLOSE=0" in modem.commands)]
    platform.scripts.append([response[:cut], *closed, lambda: None])
    device = start("--faults", "first-segment-only")
    device.say("report")
    device.wait("uplink", result="accepted", attempt=1)
    device.wait("error", what="downlink")
    assert modem.served == cut


@pytest.mark.parametrize(
    ("fault", "response", "attempt"),
    [
        ("needs-reason-phrase", b"HTTP/1.1 202\r\nContent-Length: 0\r\n\r\n", 2),
        ("case-sensitive-headers", b"HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n" + LED, 1),
        ("ignores-downlink", http("200 OK", LED), 1),
        ("first-record-is-base", http("200 OK", LED), 1),
    ],
)
def test_a_fault_of_reading_loses_what_the_healthy_device_finds(
    start: Start, platform: ScriptedPlatform, fault: str, response: bytes, attempt: int
) -> None:
    """The valid response is not understood: a needless retry, or a downlink without effect."""
    script: list[Step] = [response, lambda: None]
    platform.scripts.append(script)
    device = start("--faults", fault)
    device.say("report")
    device.wait("uplink", result="accepted", attempt=attempt)
    assert len(device.settle(platform)) == attempt
    device.wait("uplink", result="accepted")
    assert not [event for event in device.events if event["event"] == "downlink"]


def test_acts_twice_reports_twice(start: Start, platform: ScriptedPlatform) -> None:
    """One downlink that asks for a report leads to two."""
    platform.scripts.append([http("200 OK", REPORT)])
    device = start("--faults", "acts-twice")
    device.say("report")
    device.wait("downlink", acted=True)
    device.wait("downlink", acted=True)
    assert len(platform.wait_for(3)) == 3


def test_obeys_any_sender(start: Start, platform: ScriptedPlatform, modem: ScriptedModem) -> None:
    """A stranger's SMS triggers an uplink."""
    device = start("--faults", "obeys-any-sender")
    device.wait("ready")
    modem.deliver(1, "+31612345678", "report", deliver("+31612345678", "report"))
    device.wait("sms", sender="+31612345678", obeyed=True)
    platform.wait_for(1)


def test_sleeps_through_retries_misses_sms_outside_of_its_window(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """With the radio off no SMS gets through; a report wakes it, and it sleeps again after."""
    device = start("--faults", "sleeps-through-retries=3600:0.2")
    device.wait("radio", on=False)
    assert "AT+CFUN=0" in modem.commands
    assert not modem.deliver(1, "5277", "report", deliver("5277", "report"))
    device.say("report")
    device.wait("radio", on=True)
    device.wait("uplink", result="accepted")
    device.wait("radio", on=False)


def test_sleeps_through_retries_wakes_by_itself(start: Start, modem: ScriptedModem) -> None:
    """The window comes again every so often, and an SMS in it is obeyed."""
    device = start("--faults", "sleeps-through-retries=0.5:0.2")
    device.wait("radio", on=False)
    modem.store[4] = ("5277", "report", deliver("5277", "report"))
    device.wait("radio", on=True)
    device.wait("ready", attach=2)
    device.wait("sms", obeyed=True)
