"""Probing real PTYs: modems, other things, and nothing at all."""

from __future__ import annotations

import select
import termios

import pytest

from harness.clock import Deadline, pause
from harness.line import PortBusy, PortLock
from harness.line.port import Port
from harness.rig.discover import Sound, probe
from tests.discover.ports import MODEM, FakePort, ScriptedModem, frame, nmea


def test_a_modem_at_another_rate_is_found() -> None:
    """Rates are tried until AT is answered; rubbish at the wrong ones does not deceive."""
    with FakePort(ScriptedModem(MODEM, speed=termios.B9600)) as port:
        found = probe(port.path, bauds=(115_200, 9_600, 921_600), wait_s=0.1)
    assert (found.sound, found.baud) == (Sound.AT, 9_600)


def test_rubbish_at_every_rate_is_noise() -> None:
    """Bytes that never make sense are told as such, with what to suspect."""
    with FakePort(lambda port, data: bytes(byte | 0x80 for byte in data)) as port:
        found = probe(port.path, bauds=(115_200, 9_600), wait_s=0.1, tries=2)
    assert found.sound is Sound.NOISE
    assert "another baud rate" in found.says


def test_a_silent_port_is_asked_a_few_times_and_left() -> None:
    """Nothing but AT and, at the last try, ESC is ever written to an unknown device."""
    with FakePort() as port:
        found = probe(port.path, bauds=(115_200, 9_600), wait_s=0.1, tries=2)
        assert found.sound is Sound.SILENT
        assert port.heard.replace(b"\x1b", b"").replace(b"AT\r", b"").strip(b"\n") == b""
        assert 2 <= port.heard.count(b"AT\r") <= 3


def test_a_positioning_port_is_known_by_its_own_talk() -> None:
    """NMEA that arrives unasked is recognised, and no further rate is tried."""
    with FakePort(unasked=nmea("GNRMC,,V,,,,,,,,,,N"), every_s=0.05) as port:
        found = probe(port.path, bauds=(9_600, 115_200), wait_s=0.3)
    assert (found.sound, found.baud) == (Sound.NMEA, 9_600)


def test_an_at_port_that_also_tells_positions_is_an_at_port() -> None:
    """Sentences between the answers of a modem do not hide it."""
    with FakePort(ScriptedModem(MODEM), unasked=nmea("GNRMC,,V,,,,,,,,,,N"), every_s=0.01) as port:
        assert probe(port.path, wait_s=0.5).sound is Sound.AT


def test_a_diagnostic_port_answers_its_version_request() -> None:
    """It is deaf to AT; asked in its own protocol it shows itself, at a maker's port only."""

    def diag(port: FakePort, data: bytes) -> bytes:
        return frame(b"\x00Aug 01 2020") if data.endswith(b"\x7e") else b""

    with FakePort(diag) as port:
        assert probe(port.path, bauds=(115_200,), wait_s=0.1).sound is Sound.SILENT
        assert b"\x7e" not in port.heard
        found = probe(port.path, bauds=(115_200,), wait_s=0.1, ask_diag=True)
    assert found.sound is Sound.DIAG


def test_a_wire_from_tx_to_rx_is_no_modem() -> None:
    """What only gives back what was sent is called an echo."""
    with FakePort(lambda port, data: data) as port:
        assert probe(port.path, bauds=(115_200,), wait_s=0.1, tries=2).sound is Sound.ECHO


def test_echo_and_numeric_results_are_seen() -> None:
    """Both change how a modem must be talked to, so the probe tells them."""
    with FakePort(lambda port, data: data + b"0\r") as port:
        found = probe(port.path, bauds=(115_200,), wait_s=0.2)
    assert (found.sound, found.echo, found.numeric) == (Sound.AT, True, True)


def test_a_prompt_that_was_left_open_is_left() -> None:
    """A modem that takes AT for the text of an SMS is freed with ESC."""
    prompt = [True]

    def sms(port: FakePort, data: bytes) -> bytes:
        if b"\x1b" in data:
            prompt[0] = False
            return b"\r\nOK\r\n"
        return b"\r\n> " if prompt[0] else b"\r\nOK\r\n"

    with FakePort(sms) as port:
        assert probe(port.path, bauds=(115_200,), wait_s=0.1).sound is Sound.AT


def test_a_modem_that_waits_for_the_lf() -> None:
    """Firmware that takes CR LF for the end of a line is answered so, and the probe says it."""
    line = [b""]

    def patient(port: FakePort, data: bytes) -> bytes:
        line[0] += data
        whole = line[0].endswith(b"\r\n")
        line[0] = b"" if whole else line[0]
        return b"\r\nOK\r\n" if whole else b""

    with FakePort(patient) as port:
        found = probe(port.path, bauds=(115_200,), wait_s=0.1)
    assert (found.sound, found.line_end) == (Sound.AT, "\r\n")


def test_a_modem_that_takes_two_questions_for_one_command() -> None:
    """What was sent before the LF it waits for is part of its command: it is asked once more.

    And nothing is left half said: the next command is answered too.
    """
    line = [b""]

    def patient(port: FakePort, data: bytes) -> bytes:
        line[0] += data
        if not line[0].endswith(b"\r\n"):
            return b""
        command, line[0] = line[0], b""
        return b"\r\nOK\r\n" if command == b"AT\r\n" else b"\r\nERROR\r\n"

    with FakePort(patient) as port:
        found = probe(port.path, bauds=(115_200,), wait_s=0.1)
    assert (found.sound, found.line_end) == (Sound.AT, "\r\n")
    assert line[0] == b""


def test_a_modem_that_lost_the_first_command() -> None:
    """One that merely slept through the first AT does not count as waiting for the LF."""
    slept = [False]

    def sleepy(port: FakePort, data: bytes) -> bytes:
        awake, slept[0] = slept[0], True
        return b"\r\nOK\r\n" if awake else b""

    with FakePort(sleepy) as port:
        found = probe(port.path, bauds=(115_200,), wait_s=0.1)
    assert (found.sound, found.line_end) == (Sound.AT, "\r")


def test_a_busy_host_does_not_miss_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come by the end of the wait is heard, though the host was away for all of it."""
    write = Port.write

    def slowly(port: Port, data: bytes, deadline: Deadline) -> None:
        write(port, data, deadline)
        select.select([modem.slave], [], [], 10)  # the answer is there
        pause(deadline.left())

    monkeypatch.setattr(Port, "write", slowly)
    with FakePort(ScriptedModem(MODEM)) as modem:
        found = probe(modem.path, bauds=(115_200, 9_600), wait_s=0.05)
    assert (found.sound, found.baud) == (Sound.AT, 115_200)


def test_a_locked_port_is_not_opened() -> None:
    """A port that another run holds raises PortBusy, and gets no byte."""
    with FakePort() as port:
        lock = PortLock(port.path)
        try:
            with pytest.raises(PortBusy):
                probe(port.path)
        finally:
            lock.release()
        assert port.heard == b""
