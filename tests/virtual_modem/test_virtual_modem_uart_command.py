"""``hil modem --port`` as a process: its port, its end, and the lines in its control API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.clock import Deadline, pause
from harness.line import PortLock
from harness.virtual_modem.serial_rate import rate_of
from tests.virtual_modem.served import Served, serve
from tests.virtual_modem.uart import Cable, cable


@contextmanager
def _hil(*words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "modem", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def _end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, errors = process.communicate(timeout=60)
    return process.returncode, out, errors


def _line(process: subprocess.Popen[str], stream: str) -> str:
    """The next line it prints."""
    line = getattr(process, stream).readline()
    assert isinstance(line, str)
    return line


def _boot(host: Cable) -> None:
    host.read_until(b"PB DONE\r\n", timeout_s=30)


def test_a_board_talks_to_it_at_its_own_rate() -> None:
    """An odd rate, missing lines said once, Ctrl-C ends it."""
    with cable() as host, _hil("--port", host.path, "--baud", "250000") as process:
        _boot(host)
        assert host.ask("AT") == b"AT\r\r\nOK\r\n"
        assert rate_of(host.fd) == 250_000
        process.send_signal(signal.SIGINT)
        code, out, errors = _end(process)
    assert code == 0
    assert out == f"modem on {host.path}\n"
    assert errors == f"{host.path} has no modem lines: DTR, RTS and RI are left alone\n"


def test_a_port_that_vanishes_ends_it() -> None:
    """Exit 3, with the reason and what to do."""
    with cable() as host, _hil("--port", host.path) as process:
        _boot(host)
        host.close()
        code, _, errors = _end(process)
    assert code == 3
    last = errors.splitlines()[-1]
    assert f"{host.path} is gone (" in last
    assert "--wait" in last
    assert "Traceback" not in errors


def test_it_waits_for_a_port_to_come_and_to_come_back(tmp_path: Path) -> None:
    """With --wait, at the start and later; what it does is told."""
    link = tmp_path / "ttyUSB0"
    with cable() as first, cable() as second, _hil("--port", str(link), "--wait") as process:
        assert _line(process, "stderr").startswith(f"{link} is not there; waiting for it: ")
        link.symlink_to(first.path)
        _boot(first)
        first.ask("ATE0")
        assert "no modem lines" in _line(process, "stderr")
        link.unlink()  # first: the number of a PTY that was closed soon belongs to somebody else
        first.close()
        assert f"{link} is gone (" in _line(process, "stderr")
        link.symlink_to(second.path)
        assert _line(process, "stderr") == f"{link} is back\n"
        assert second.ask("AT") == b"\r\nOK\r\n"
        process.send_signal(signal.SIGTERM)
        assert _end(process)[0] == 0


def test_waiting_can_be_ended() -> None:
    """A signal while it waits: exit 0, nothing left."""
    with _hil("--port", "/nonexistent/tty", "--wait") as process:
        _line(process, "stderr")
        process.send_signal(signal.SIGTERM)
        assert _end(process)[0] == 0


def test_a_busy_port_is_told_with_its_holder() -> None:
    """Exit 3."""
    with cable() as host:
        lock = PortLock(host.path)
        with _hil("--port", host.path) as process:
            code, out, errors = _end(process)
        lock.release()
    assert (code, out) == (3, "")
    assert f"{host.path} is in use by process {os.getpid()}" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--wait",), "--wait is for --port"),
        (("--port", "x", "--ri", "dtr", "--dcd", "dtr"), "our DTR cannot work both DCD and RI"),
        (("--port", "x", "--ri", "rts", "--rtscts"), "RTS cannot be both"),
        (("--port", "x", "--dtr", "rts"), "invalid choice: 'rts'"),
        (("--autobaud", "never"), "invalid choice: 'never'"),
        (("--too-soon", "-1"), "'-1' is not 0 to 60000 milliseconds"),
        (("--too-soon", "1.5"), "'1.5' is not 0 to 60000 milliseconds"),
        (("--baud", "7"), "the baud rate is 50 to 4000000"),
    ],
)
def test_wrong_use_of_the_line_is_told(words: tuple[str, ...], reason: str) -> None:
    """Exit 2, one message."""
    with _hil(*words) as process:
        code, out, errors = _end(process)
    assert (code, out) == (2, "")
    assert reason in errors
    assert "Traceback" not in errors


def test_lines_are_worked_through_the_control_api(served: Served) -> None:
    """What a PTY cannot carry: DTR and RTS in, the rest to look at; RI has rung for the boot."""
    served.deliver("registered")
    assert served.post("/lines", {"dtr": False})["dtr"] is False
    state = served.post("/lines", {"rts": False, "dtr": True})
    assert state.items() >= {"dtr": True, "rts": False, "cts": True, "dcd": False}.items()
    deadline = Deadline.after(60)
    while served.get("/lines")["ri"]:
        assert not deadline.expired
        pause(0.01)
    assert served.get("/lines")["rings"] >= 1


@pytest.mark.parametrize(
    ("order", "reason"),
    [({"dtr": 1}, "dtr: true or false"), ({"ri": True}, "the host has no ri, only dtr and rts")],
)
def test_a_line_that_is_not_the_hosts_is_refused(
    served: Served, order: object, reason: str
) -> None:
    """JSON with the reason."""
    with pytest.raises(urllib.error.HTTPError) as refusal:
        served.post("/lines", order)
    with refusal.value:
        assert (refusal.value.code, json.load(refusal.value)["error"]) == (422, reason)


def test_autobaud_and_check_baud_are_options(tmp_path: Path) -> None:
    """Silent, then at the client's rate."""
    import serial

    with (
        serve(tmp_path, "--autobaud", "--check-baud") as one,
        serial.Serial(one.path, 19_200, timeout=0.05) as port,
    ):
        seen = b""
        while b"OK" not in seen:  # until it is booted, nothing is heard
            port.write(b"AT\r")
            seen += port.read(100)
    assert seen.startswith(b"AT\r\r\nOK\r\n")
