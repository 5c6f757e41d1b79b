"""Whatever a host does, a virtual modem stays alive, answers again, and keeps its bounds."""

from __future__ import annotations

import errno
import os
import select
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.clock import Deadline
from harness.virtual_modem import FAMILIES, FaultKind, LineFault, ModemSettings
from tests.examples import about
from tests.virtual_modem.conftest import Bench, Host, Make, registered

_NAMES = st.sampled_from(sorted(FAMILIES["quectel-bg"].commands))
_ARGUMENTS = st.lists(
    st.one_of(
        st.integers(-1, 70_000).map(str),
        st.sampled_from(["", '"', '"IP"', '"kpnthings2.m2m"', '"band"', "0xF", '"+31612345678"',
                         '"TCP"', '"10.151.236.157"', "é", "\x00", '"UCS2"', "1" * 400]),
    ),
    max_size=7,
).map(",".join)  # fmt: skip
_COMMANDS = st.builds(
    lambda name, form, arguments: f"AT{name}{form}{arguments if form == '=' else ''}\r",
    _NAMES, st.sampled_from(["", "?", "=?", "="]), _ARGUMENTS,
).map(lambda text: text.encode("latin-1"))  # fmt: skip
_BYTES = st.one_of(st.binary(max_size=60), _COMMANDS, st.sampled_from([b"\x1a", b"\x1b", b"A/"]))


def _type_in(host: Host, data: bytes) -> None:
    """All of it, reading what comes so that neither side is stuck."""
    while data:
        readable, writable, _ = select.select([host.fd], [host.fd], [], 10)
        assert readable or writable
        if readable:
            os.read(host.fd, 65536)
        if writable:
            data = data[os.write(host.fd, data[:1024]) :]


def _answers_again(one: Bench, mark: str) -> None:
    """Out of any payload, powered and with its echo: a marked command is answered."""
    deadline = Deadline.after(30)
    while True:
        assert not deadline.expired, f"silent in state {one.modem.state}"
        if one.modem.state.state == "off":  # AT+QPOWD, executed a moment ago
            one.modem.power(True)
        _type_in(one.host, b"\x1b\rAT&F\r" + f'ATE1;+CSCS?;+CNUM;+QCFG="{mark}"\r'.encode())
        got = b""
        while select.select([one.host.fd], [], [], 0.3)[0]:
            got += os.read(one.host.fd, 65536)
            if f'"{mark}"'.encode() in got and got.endswith((b"\r\nERROR\r\n", b" 100\r\n")):
                return
        # what is still expected as payload, at most
        _type_in(one.host, b"\x00" * 4096)


@settings(
    max_examples=about(60),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(pieces=st.lists(_BYTES, max_size=12))
def test_no_bytes_break_it(fuzzed: Bench, pieces: list[bytes]) -> None:
    """Any bytes and any commands: afterwards it answers, and no handler had a defect."""
    _type_in(fuzzed.host, b"".join(pieces))
    _answers_again(fuzzed, "mark")
    notes = [event.data["text"] for event in fuzzed.timeline.events("note")]
    assert notes == []
    assert len(fuzzed.modem.unknown_commands) <= 1000


def test_a_thousand_commands_in_one_write(bench: Make) -> None:
    """Each is answered, in order."""
    one = bench()
    registered(one.modem)
    one.host.boot()
    one.host.ask("ATE0")
    _type = b"AT+CSQ\rAT+CMEE?\r" * 500
    got = b""
    while _type or got.count(b"OK\r\n") < 1000:
        readable, writable, _ = select.select([one.host.fd], [one.host.fd] * bool(_type), [], 10)
        assert readable or writable
        if writable:
            _type = _type[os.write(one.host.fd, _type) :]
        if readable:
            got += os.read(one.host.fd, 65536)
    answer = b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n+CMEE: 0\r\n\r\nOK\r\n"
    assert got == answer * 500


def test_input_during_a_command_is_bounded(bench: Make) -> None:
    """What finds no room is dropped and noted; the modem goes on."""
    one = bench(settings=ModemSettings(input_limit=100, response_s={"+CBC": 0.2}))
    one.host.boot()
    one.host.ask("ATE0")
    os.write(one.host.fd, b"AT+CBC\r" + b"x" * 1000)
    one.host.read_until(b"OK\r\n")
    dropped = [e.data["dropped"] for e in one.timeline.events("line.fault")]
    assert sum(dropped) >= 900 - len(b"AT+CBC\r")
    assert one.host.ask("\rAT").endswith(b"OK\r\n")


def test_two_hundred_clients_come_and_go(bench: Make) -> None:
    """Also in the middle of a command."""
    one = bench()
    one.host.boot()
    one.host.ask("ATE0")
    one.host.close()
    for round_ in range(200):
        one.host = Host(one.modem.path)
        if round_ % 2:
            os.write(one.host.fd, b"AT+CLAC\rAT+C")
            one.host.close()
            continue
        one.host.ask("\rAT+CGSN", b"356726104408422\r\n\r\nOK\r\n")
        if round_ < 199:
            one.host.close()
    one.host = Host(one.modem.path)
    one.host.ask("\rAT+CGSN", b"356726104408422\r\n\r\nOK\r\n")


def test_unplugging_in_the_middle_of_an_answer(bench: Make, tmp_path: Path) -> None:
    """The host sees the hang-up; after plugging in the modem is as it was."""
    one = bench(settings=ModemSettings(link=tmp_path / "m", pace=True, baud=9600))
    registered(one.modem)
    one.host.boot()
    one.host.ask("ATE0")
    os.write(one.host.fd, b"AT+CLAC\r")
    one.host.read_until(b"AT+C")
    one.modem.unplug()
    code = None
    while code is None:
        try:
            code = None if os.read(one.host.fd, 65536) else 0
        except BlockingIOError:
            continue
        except OSError as error:
            code = error.errno
    assert code in (0, errno.EIO)
    one.host.close()
    one.modem.plug()
    one.host = Host(one.modem.path)
    assert one.host.ask("AT") == b"\r\nOK\r\n"


def test_power_loss_in_the_middle_of_a_prompt(bench: Make) -> None:
    """After it, what was asked for is forgotten."""
    one = bench()
    one.host.boot()
    one.host.ask("ATE0;+CMGF=1")
    one.host.ask('AT+CMGS="5277"', b"> ")
    one.modem.inject(LineFault(FaultKind.BROWN_OUT, at_once=True))
    one.host.boot()
    assert one.host.ask("AT") == b"AT\r\r\nOK\r\n"
