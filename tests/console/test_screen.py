"""The console on a terminal, with keys."""

from __future__ import annotations

import signal
import stat
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.clock import Deadline, pause
from tests.console.terminal import terminal, timeline
from tests.line.peer import Peer
from tests.virtual_modem.served import serve

OK = b"\r\nOK\r\n"


def test_a_session(tmp_path: Path) -> None:
    """Answers, errors in words, codes as they come, an SMS, the end; all on the timeline."""
    (tmp_path / "modem").mkdir()
    with (
        serve(tmp_path / "modem", "--family", "telit-me910") as served,
        terminal(served.path, home=tmp_path) as (person, process),
    ):
        person.until("ME910C1-WW", "dialect telit-me910", "modem>")
        person.type("AT+CMEE=1\r")
        person.until("OK")
        person.type("AT+FOO\r")
        person.until("+CME ERROR: 100 (unknown)")
        served.deliver("Hello")
        person.until('+CMTI: "SM",1')
        person.type("AT+CMGF=1\r")
        person.until("OK")
        person.type('AT+CMGS="+31612345678"\r')
        person.until("the modem asks for data", "data>")
        person.type("Hi\x1a")
        person.until("+CMGS: ", "OK")
        assert [one["text"] for one in served.sent()] == ["Hi"]
        person.type("\x04")
        person.until("timeline: ")
        assert process.wait(60) == 0
    kinds = {event["kind"] for event in timeline(tmp_path)}
    assert {"console", "serial", "urc"} <= kinds


def test_the_terminal_touches_no_key(tmp_path: Path) -> None:
    """Neither while something is printed nor while the console is busy: a Ctrl-D that was typed
    then would be gone, as the terminal would take it for the end of a line of its own; a Ctrl-C
    would end the console, wherever it just is. Only a ``:wait`` can be stopped by one."""
    with (
        Peer({b"AT+CSQ": OK}) as peer,
        terminal(peer.path, "--family", "3gpp", home=tmp_path) as (person, process),
    ):
        person.until("dialect 3gpp")
        with _modes_of(person.fd, termios.ICANON | termios.ISIG) as printing:
            for number in range(10):
                peer.say(f"\r\n+CREG: {number}\r\n".encode())
                person.until(f"+CREG: {number}")
                person.type("\x03")
        with _modes_of(person.fd, termios.ICANON) as busy:
            person.type(":wait 1\rAT+CSQ\r")
            person.until("OK")
        person.type("\x04")
        person.until("timeline: ")
        assert process.wait(60) == 0
    assert printing == busy == {0}


@contextmanager
def _modes_of(fd: int, flags: int) -> Iterator[set[int]]:
    """Which of the local ``flags`` a terminal ever had."""
    seen, over = set[int](), threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.add(termios.tcgetattr(fd)[3] & flags)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join(10)


def test_completion_and_history(tmp_path: Path) -> None:
    """Tab completes and explains; earlier lines come back, but none with a PIN is kept."""
    with (
        Peer({b"AT+CGPADDR": OK, b'AT+CPIN="73519046"': OK, b"AT+CSQ": OK}) as peer,
        terminal(peer.path, "--family", "3gpp", home=tmp_path) as (person, process),
    ):
        person.until("dialect 3gpp")
        person.type("AT+CGM\t")
        person.until("+CGMI", "maker", "+CGMR", "firmware revision")
        person.type("\x03")
        person.type("AT+CGPA\t")
        person.until("DDR")
        person.type("\r")
        person.until("OK")
        person.type('AT+CPIN="73519046"\r')
        person.until("OK")
        person.type("AT+CSQ\r")
        person.until("OK")
        person.type("\x1b[A\r")  # once more
        person.until("OK")
        assert peer.heard[-4:] == [b"AT+CGPADDR", b'AT+CPIN="73519046"', b"AT+CSQ", b"AT+CSQ"]
        person.type(":quit\r")
        assert process.wait(60) == 0
    history = tmp_path / "hil" / "console-history"
    assert "AT+CGPADDR" in history.read_text(encoding="utf-8")
    assert "73519046" not in history.read_text(encoding="utf-8")
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_giving_up(tmp_path: Path) -> None:
    """Ctrl-C gives up a command that does not end, and the next one can be sent."""
    with (
        Peer({b"AT+COPS=?": b"", b"AT+CSQ": b"\r\n+CSQ: 7,99\r\n" + OK}) as peer,
        terminal(peer.path, "--family", "3gpp", home=tmp_path) as (person, _),
    ):
        person.until("dialect 3gpp")
        person.type("AT+COPS=?\r")
        person.until("AT+COPS=? …")  # the line below says what is waited for
        person.type("AT+CSQ\r")
        person.until("still waits for its result")
        person.type("\x03")
        person.until("AT+COPS=? is given up")
        person.type("AT+CSQ\r")
        person.until("+CSQ: 7,99")


def test_a_wait_is_given_up(tmp_path: Path) -> None:
    """Ctrl-C ends a ``:wait``, and what is typed behind it is carried out."""
    with (
        Peer({b"AT": OK, b"AT+CSQ": b"\r\n+CSQ: 7,99\r\n" + OK}) as peer,
        terminal(peer.path, "--family", "3gpp", home=tmp_path) as (person, process),
    ):
        person.until("dialect 3gpp", ">")
        person.type(":wait 300\r")
        _until_a_signal(person.fd)
        person.type("\x03AT+CSQ\r")
        person.until("+CSQ: 7,99")
        person.type("\x04")
        person.until("timeline: ")
        assert process.wait(60) == 0


def _until_a_signal(fd: int) -> None:
    """Ctrl-C is a signal from now on."""
    deadline = Deadline.after(60)
    while not termios.tcgetattr(fd)[3] & termios.ISIG:
        assert deadline.left() > 0
        pause(0.01)


def test_out_and_in_again(tmp_path: Path) -> None:
    """A cable that is pulled is said, the port taken again when it is back."""
    with (
        Peer({b"AT": OK}, tmp_path / "port") as peer,
        terminal(peer.path, "--family", "3gpp", home=tmp_path) as (person, process),
    ):
        person.until("dialect 3gpp")
        peer.unplug()
        person.until("the port is gone", "check the cable")
        person.type("AT+CSQ\r")
        seen = person.until("check the cable")
        peer.plug()
        seen += person.until("the port is back")
        assert seen.count("check the cable") == 1
        person.type("AT\r")
        person.until("OK")
        person.type("\x04")
        assert process.wait(60) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("doing", ["nothing", "reading keys", "waiting"])
def test_it_gives_the_terminal_back_when_it_is_ended(
    number: signal.Signals, code: int, doing: str, tmp_path: Path
) -> None:
    """From elsewhere, at its prompt or while it waits: line mode, echo and pastes are as before."""
    (tmp_path / "modem").mkdir()
    with (
        serve(tmp_path / "modem") as served,
        terminal(served.path, home=tmp_path) as (person, process),
    ):
        person.until("modem>")
        if doing == "reading keys":
            person.type("AT+CSQ\x7f\x7f\x7f" * 100)
        if doing == "waiting":
            person.type(":wait 50\r")
            while not termios.tcgetattr(person.fd)[3] & termios.ISIG:
                pause(0.01)
        process.send_signal(number)
        raw = person.rest()
        assert process.wait(60) == code
        assert raw.rfind(b"\x1b[?2004l") >= raw.rfind(b"\x1b[?2004h")
        mode = termios.tcgetattr(person.fd)[3]
        assert mode & termios.ICANON
        assert mode & termios.ECHO
    assert b"Traceback" not in raw
