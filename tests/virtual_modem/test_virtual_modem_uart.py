"""The virtual modem at a real serial device: any rate, its lines, and a port that goes away."""

from __future__ import annotations

import fcntl
import os
import select
import termios
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.clock import Deadline, RealClock, pause
from harness.errors import RigError, UsageError
from harness.evidence.timeline import Timeline
from harness.line import PortBusy, PortLock
from harness.network.loop import LoopThread
from harness.virtual_modem import LineState, ModemSettings, VirtualModem, Wiring
from harness.virtual_modem.serial_rate import rate_of
from tests.virtual_modem.uart import Cable, cable


class AtPort:
    """A modem at a cable."""

    def __init__(self, loop: LoopThread, host: Cable, **settings: Any) -> None:
        self.host = host
        self.clock = RealClock(datetime(2026, 3, 1, tzinfo=UTC))
        self.timeline = Timeline(None, self.clock)
        self.modem = VirtualModem(
            "tracker", clock=self.clock, recorder=self.timeline, loop=loop,
            settings=replace(
                ModemSettings(port=host.path, counted=False), **settings
            ),
        )  # fmt: skip

    def notes(self) -> list[str]:
        return [event.data["text"] for event in self.timeline.events("note")]

    def close(self) -> None:
        self.modem.close()
        self.clock.close()


Put = Callable[..., AtPort]


@pytest.fixture
def at_port(loop: LoopThread) -> Iterator[Put]:
    """Makes modems at a cable of their own: ``at_port(baud=…)``; not started."""
    made: list[AtPort] = []

    def make(**settings: Any) -> AtPort:
        made.append(AtPort(loop, Cable(), **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()
        one.host.close()


def _until(met: Callable[[], object]) -> None:
    deadline = Deadline.after(60)
    while not met():
        assert not deadline.expired
        pause(0.005)


@pytest.mark.parametrize("rate", [1200, 9600, 74_880, 115_200, 250_000, 3_333_333])
def test_any_rate_is_set_and_spoken_at(at_port: Put, rate: int) -> None:
    """Standard or not: the device has it, and a dialogue goes through."""
    one = at_port(baud=rate)
    assert one.modem.start() == one.host.path
    one.host.boot()
    assert rate_of(one.host.fd) == rate
    assert one.host.ask("AT") == b"AT\r\r\nOK\r\n"


def test_at_ipr_moves_the_port_once_the_answer_is_out(at_port: Put) -> None:
    """OK at the old rate, then the new one."""
    one = at_port(baud=9600)
    one.modem.start()
    one.host.boot()
    os.write(one.host.fd, b"ATE0;+IPR=57600\r")
    assert one.host.read_until(b"OK\r\n").endswith(b"\r\nOK\r\n")
    _until(lambda: rate_of(one.host.fd) == 57_600)
    assert one.host.ask("AT+IPR?") == b"\r\n+IPR: 57600\r\n\r\nOK\r\n"


def _flow_control(host: Cable) -> bool:
    """Whether the adapter works RTS and heeds CTS by itself."""
    return bool(termios.tcgetattr(host.fd)[2] & termios.CRTSCTS)


def test_the_adapter_does_flow_control_as_at_ifc_says(at_port: Put) -> None:
    """Not from the factory, on and off by command, and gone with power."""
    one = at_port()
    one.modem.start()
    one.host.boot()
    assert not _flow_control(one.host)
    one.host.ask("ATE0;+IFC=2,2")
    assert _flow_control(one.host)
    one.host.ask("AT+IFC=0,0")
    assert not _flow_control(one.host)
    one.host.ask("AT+IFC=0,2")
    assert _flow_control(one.host)
    one.modem.cut_power()
    one.modem.power(True)
    one.host.boot()
    assert not _flow_control(one.host)


def test_rtscts_is_on_from_the_start_and_after_a_cable_was_out(at_port: Put) -> None:
    """What the user said about the cable stays."""
    one = at_port(rtscts=True)
    one.modem.start()
    one.host.boot()
    assert _flow_control(one.host)
    one.modem.unplug()
    one.modem.plug()
    assert _flow_control(one.host)
    assert b"+IFC: 2,2" in one.host.ask("AT+IFC?")


def test_pacing_and_a_big_answer_at_a_port(at_port: Put) -> None:
    """Nothing is lost or out of order."""
    one = at_port(baud=500_000, pace=True)
    one.modem.start()
    one.host.boot()
    one.host.ask("ATE0")
    text = one.host.ask("AT+CLAC")
    lines = text.decode().split("\r\n")[1:-4]
    assert lines == sorted(lines)
    assert len(lines) > 50


def test_a_port_without_lines_is_said_once(at_port: Put) -> None:
    """On the timeline; the modem works all the same, also after the cable was out."""
    one = at_port()
    one.modem.start()
    assert not one.modem.has_pins
    one.host.boot()
    assert one.host.ask("AT").endswith(b"OK\r\n")
    assert [note for note in one.notes() if "no modem lines" in note] == [
        "this port has no modem lines: Inappropriate ioctl for device"
    ]


def test_a_port_that_vanishes_is_noticed_and_taken_again(loop: LoopThread, tmp_path: Path) -> None:
    """The reason is told; the modem stays powered, and goes on at the port's return."""
    link = tmp_path / "ttyUSB0"
    with cable() as first, cable() as second:
        link.symlink_to(first.path)
        one = AtPort(loop, first, port=str(link))
        one.modem.start()
        first.boot()
        first.ask("ATE0")
        assert one.modem.line_lost is None
        first.close()
        _until(lambda: one.modem.line_lost)
        assert any(note.startswith("line lost: ") for note in one.notes())
        assert one.modem.state.state == "ready"
        link.unlink()
        with pytest.raises(RigError, match="cannot open"):
            one.modem.plug()
        link.symlink_to(second.path)
        one.modem.plug()
        assert one.modem.line_lost is None
        assert second.ask("AT") == b"\r\nOK\r\n"
        one.close()


def test_a_port_in_use_is_refused(at_port: Put) -> None:
    """By the harness' own lock, which names the holder, and by the one that pyserial takes."""
    one = at_port()
    lock = PortLock(one.host.path)
    with pytest.raises(PortBusy, match="is in use by process"):
        one.modem.start()
    lock.release()
    other = os.open(one.host.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(RigError, match="another program has it"):
        one.modem.start()
    os.close(other)
    one.modem.start()
    one.host.boot()


def test_no_such_port(loop: LoopThread, tmp_path: Path) -> None:
    """One clear error, for a path that is missing and for one that is no terminal."""
    clock = RealClock(datetime(2026, 3, 1, tzinfo=UTC))
    (tmp_path / "file").write_text("")
    for name in ("file", "missing"):
        modem = VirtualModem(
            "x", clock=clock, recorder=Timeline(None, clock), loop=loop,
            settings=ModemSettings(port=str(tmp_path / name)),
        )  # fmt: skip
        with pytest.raises(RigError, match=f"cannot open .*{name}: "):
            modem.start()
        modem.close()
    clock.close()


class FakePins:
    """An adapter's pins: what the test sets, and what the modem drove."""

    def __init__(self) -> None:
        self.on = frozenset({"dsr", "cts"})
        self.driven: dict[str, bool] = {}
        self.pulses = 0

    def inputs(self) -> frozenset[str]:
        return self.on

    def drive(self, pin: str, level: bool) -> None:
        self.pulses += level and pin == "dtr" and not self.driven.get(pin, False)
        self.driven[pin] = level


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> FakePins:
    """In place of the ioctls: no pair of wired adapters is at hand."""
    fake = FakePins()
    monkeypatch.setattr("harness.virtual_modem.line_end.TtyPins", lambda fd: fake)
    return fake


def test_the_hosts_lines_are_seen_on_ours(at_port: Put, pins: FakePins) -> None:
    """A null-modem cable by default: DTR on DSR, RTS on CTS."""
    one = at_port()
    one.modem.start()
    assert one.modem.has_pins
    one.host.boot()
    pins.on = frozenset({"cts"})
    _until(lambda: one.modem.lines.dtr is False)
    pins.on = frozenset({"dsr"})
    _until(lambda: one.modem.lines.dtr and not one.modem.lines.rts)


def test_our_lines_follow_power_and_at_c(at_port: Put, pins: FakePins) -> None:
    """RTS works the host's CTS with power, DTR its DCD as AT&C says."""
    one = at_port()
    one.modem.start()
    one.host.boot()
    assert pins.driven == {"rts": True, "dtr": False}
    one.host.ask("AT&C0")
    assert pins.driven == {"rts": True, "dtr": True}
    one.host.ask("AT&C1")
    assert pins.driven["dtr"] is False
    one.modem.cut_power()
    assert pins.driven == {"rts": False, "dtr": False}


def test_ri_pulses_for_each_code_where_it_is_wired(at_port: Put, pins: FakePins) -> None:
    """As often as AT+QCFG says, and not when that is off."""
    one = at_port(wiring=Wiring.ringing("dtr"), ri_pulse_s=0.01)
    one.modem.start()
    one.host.boot()
    _until(lambda: one.modem.rings >= 1 and not one.modem.lines.ri)
    one.host.ask('AT+QCFG="urc/ri/other","pulse",2,3')
    before = pins.pulses
    one.host.ask("AT+CREG=1;+CFUN=4")
    _until(lambda: pins.pulses >= before + 3 and not one.modem.lines.ri)
    one.host.ask('AT+QCFG="urc/ri/other","off"')
    rings = one.modem.rings
    os.write(one.host.fd, b"AT+CFUN=1\r")
    one.host.read_until(b"+CREG: 1\r\n")
    assert one.modem.rings == rings


def test_output_waits_while_the_host_holds_rts(at_port: Put, pins: FakePins) -> None:
    """With AT+IFC=2,2 only; afterwards all of it comes."""
    one = at_port()
    one.modem.start()
    one.host.boot()
    one.host.ask("ATE0;+IFC=2,2")
    pins.on = frozenset({"dsr"})
    _until(lambda: not one.modem.lines.rts)
    os.write(one.host.fd, b"AT+NO\rAT+NOR\r")
    _until(lambda: one.modem.unknown_commands == ("AT+NO", "AT+NOR"))
    assert not select.select([one.host.fd], [], [], 0)[0]
    pins.on = frozenset({"dsr", "cts"})
    assert one.host.read_until(b"ERROR\r\n\r\nERROR\r\n") == b"\r\nERROR\r\n" * 2


def test_an_adapter_that_loses_its_pins_does_no_harm(at_port: Put, pins: FakePins) -> None:
    """The modem goes on without lines."""
    one = at_port()
    one.modem.start()
    one.host.boot()

    def gone() -> frozenset[str]:
        raise OSError(5, "Input/output error")

    pins.inputs = gone  # type: ignore[method-assign]  # an adapter that was pulled
    _until(lambda: not one.modem.has_pins)
    assert one.host.ask("AT").endswith(b"OK\r\n")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"dtr": "rts"}, "the host's DTR arrives at dsr, cts, dcd, ri, none, not at 'rts'"),
        ({"ri": "dsr"}, "the host's RI is worked by dtr, rts, none, not by 'dsr'"),
        ({"ri": "dtr"}, "our DTR cannot work both DCD and RI of the host"),
    ],
)
def test_a_cable_that_cannot_be_is_refused(wrong: dict[str, str], reason: str) -> None:
    """An adapter has two outputs and four inputs."""
    with pytest.raises(UsageError) as refusal:
        Wiring(**wrong)
    assert str(refusal.value) == reason


def test_flow_control_and_ri_cannot_share_rts() -> None:
    """One wire does one thing."""
    with pytest.raises(UsageError, match="RTS cannot be both"):
        ModemSettings(rtscts=True, wiring=Wiring.ringing("rts"))


def test_listeners_hear_of_each_change(at_port: Put, pins: FakePins) -> None:
    """On the loop's thread, with the whole state."""
    one = at_port()
    seen: list[LineState] = []
    off = threading.Event()

    def heard(state: LineState) -> None:
        seen.append(state)
        if not state.dtr:
            off.set()

    one.modem.on_lines(heard)
    one.modem.start()
    one.host.boot()
    pins.on = frozenset({"cts"})
    assert off.wait(60)
    assert any(state.cts for state in seen)
    recorded = [event.data for event in one.timeline.events("modem.lines")]
    assert recorded[-1] == {"dtr": False, "rts": True, "cts": True, "dcd": False}
