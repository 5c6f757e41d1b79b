"""Faults that modules really have: codes at any place, floods, late answers, boot garbage."""

from __future__ import annotations

import json
import os
import select
import urllib.error

import pytest

from harness.errors import UsageError
from harness.virtual_modem import FaultKind, LineFault, ModemSettings
from tests.virtual_modem.conftest import Bench, Make, registered
from tests.virtual_modem.served import Served

CODE = b"\r\n+X: 1\r\n"


def _ready(bench: Make, settings: ModemSettings | None = None) -> Bench:
    one = bench(settings=settings)
    registered(one.modem)
    one.host.boot()
    one.host.ask("ATE0")
    return one


def _struck(one: Bench) -> list[str]:
    return [event.data["fault"] for event in one.timeline.events("line.fault")]


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ("after-echo", b"AT+CSQ\r" + CODE + b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"),
        ("before-final", b"AT+CSQ\r\r\n+CSQ: 20,99\r\n" + CODE + b"\r\nOK\r\n"),
    ],
)
def test_a_code_comes_at_the_place_that_was_asked_for(
    bench: Make, place: str, answer: bytes
) -> None:
    """Between echo and information, or between information and OK; once."""
    one = _ready(bench)
    one.host.ask("ATE1")
    one.modem.inject(LineFault(FaultKind.URC, text="+X: 1", place=place))
    assert one.host.ask("AT+CSQ") == answer
    assert one.host.ask("AT+CSQ") == answer.replace(CODE, b"")
    assert _struck(one) == ["urc"]


def test_a_code_between_lines_waits_for_a_response_with_lines(bench: Make) -> None:
    """A response of one line has no such place, the next one of several has."""
    one = _ready(bench)
    whole = one.host.ask("ATI")
    one.modem.inject(LineFault(FaultKind.URC, text="+X: 1", place="between-lines"))
    assert CODE not in one.host.ask("AT+CSQ")
    broken = one.host.ask("ATI")
    assert broken.startswith(b"\r\nQuectel\r\n" + CODE + b"\r\nBG95-M3\r\n")
    assert broken.replace(CODE + b"\r\n", b"") == whole


def test_a_code_behind_the_prompt_leaves_the_payload_alone(bench: Make) -> None:
    """It comes while the modem waits, which goes on waiting."""
    one = _ready(bench)
    one.host.ask("AT+CMGF=1")
    one.modem.inject(LineFault(FaultKind.URC, text="+X: 1", place="at-prompt"))
    assert one.host.ask('AT+CMGW="5277"', b"1\r\n") == b"\r\n> " + CODE
    os.write(one.host.fd, b"hello\x1a")
    assert one.host.read_until(b"OK\r\n").startswith(b"\r\n+CMGW: ")


def test_a_flood_comes_whole_and_in_order(bench: Make) -> None:
    """So many codes, between them an answer; recorded once."""
    one = _ready(bench)
    one.modem.inject(LineFault(FaultKind.URC_FLOOD, text="+X: 1", count=40, seconds=0.001))
    seen = one.host.ask("AT+CSQ")
    while seen.count(CODE) < 40:
        seen += one.host.read_until(b"+X: 1\r\n")
    assert b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n" in seen
    assert seen.replace(b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n", b"") == CODE * 40
    assert one.host.ask("AT") == b"\r\nOK\r\n"
    assert _struck(one) == ["urc-flood"]


def test_a_flood_before_power_comes_behind_the_boot(bench: Make) -> None:
    """It waits until the modem can speak."""
    one = bench(settings=ModemSettings(power_on=False))
    one.modem.inject(LineFault(FaultKind.URC_FLOOD, text="+X: 1", count=2, seconds=0.001))
    one.modem.power(True)
    assert one.host.read_until(CODE * 2).startswith(b"\r\nRDY\r\n")


def test_a_late_answer_comes_before_the_next_one(bench: Make) -> None:
    """The host has sent its next command meanwhile: both are answered, in order."""
    one = _ready(bench)
    one.modem.inject(LineFault(FaultKind.LATE, seconds=0.05))
    os.write(one.host.fd, b"AT+CSQ\r")
    os.write(one.host.fd, b"AT+CMEE?\r")
    assert one.host.read_until(b"+CMEE: 0\r\n\r\nOK\r\n") == (
        b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n+CMEE: 0\r\n\r\nOK\r\n"
    )
    assert one.host.ask("AT") == b"\r\nOK\r\n"


def test_a_late_error_is_as_late(bench: Make) -> None:
    """Also a line that is no command, and the modem goes on after it."""
    one = _ready(bench)
    one.modem.inject(LineFault(FaultKind.LATE, seconds=0.01))
    assert one.host.ask('AT+"') == b"\r\nERROR\r\n"
    assert one.host.ask("AT") == b"\r\nOK\r\n"


def test_garbage_comes_before_the_boot_codes(bench: Make) -> None:
    """At the next boot only."""
    one = _ready(bench)
    one.modem.inject(LineFault(FaultKind.BOOT_GARBAGE, data=b"\x00\xfe\xff"))
    one.modem.cut_power()
    one.modem.power(True)
    assert one.host.read_until(b"RDY\r\n") == b"\x00\xfe\xff\r\nRDY\r\n"
    one.host.boot()
    one.modem.cut_power()
    one.modem.power(True)
    assert one.host.read_until(b"RDY\r\n") == b"\r\nRDY\r\n"


@pytest.mark.parametrize(("how", "dropped"), [("drop", 7), ("garble", 3)])
def test_a_command_too_soon_is_not_heard(bench: Make, how: str, dropped: int) -> None:
    """What came right behind the last command is lost, all or half of it, and told."""
    one = bench(settings=ModemSettings(too_soon_s=60, too_soon=how))
    one.host.boot()
    os.write(one.host.fd, b"ATE0\rAT+CSQ\r")
    assert one.host.read_until(b"OK\r\n") == b"ATE0\r\r\nOK\r\n"
    told = [event.data for event in one.timeline.events("line.fault")]
    assert told == [{"fault": "too-soon", "dropped": dropped}]


def test_after_a_pause_the_next_command_is_heard(bench: Make) -> None:
    """Once the time is over all is well, however often the host was too soon."""
    one = bench(settings=ModemSettings(too_soon_s=0.05))
    one.host.boot()
    os.write(one.host.fd, b"AT\rAT+CSQ\r")
    seen = one.host.read_until(b"OK\r\n")
    while b"+CMEE: 0" not in seen:
        os.write(one.host.fd, b"AT+CMEE?\r")
        if select.select([one.host.fd], [], [], 0.02)[0]:
            seen += one.host.read_until(b"OK\r\n")
    assert b"+CSQ" not in seen


@pytest.mark.parametrize("wrong", ["nowhere", "", "urc"])
def test_a_place_that_does_not_exist_is_refused(wrong: str) -> None:
    """The known ones are named."""
    with pytest.raises(UsageError, match="after-echo, between-lines, before-final, at-prompt"):
        LineFault(FaultKind.URC, place=wrong)


def test_the_control_api_takes_them(served: Served) -> None:
    """Kind and place as words; a wrong place is told."""
    assert served.post("/fault", {"kind": "urc", "place": "at-prompt"}) == {"injected": "urc"}
    assert served.post("/fault", {"kind": "urc-flood", "count": 3}) == {"injected": "urc-flood"}
    with pytest.raises(urllib.error.HTTPError) as refusal:
        served.post("/fault", {"kind": "urc", "place": "x"})
    with refusal.value:
        assert "place is one of" in json.load(refusal.value)["error"]
