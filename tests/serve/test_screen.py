"""The live table of ``hil serve``, on a real terminal."""

from __future__ import annotations

import json
import re
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from tests.platform.bench import BODY, SECRET, request
from tests.serve.screen import ALTERNATE, NORMAL, Seen, served

_COLOUR = re.compile(rb"\x1b\[[0-9;]*3[0-7]m")


def order(seen: Seen, path: str, body: dict[str, object]) -> None:
    asked = urllib.request.Request(
        f"http://{seen.bound['control']}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        answer.read()


def test_what_happens_stands_in_the_window(tmp_path: Path) -> None:
    """Addresses, clock, counts, the device's row, and each uplink with its finding in words."""
    with served(tmp_path, "--control", "127.0.0.1:0", "--clock", "2026-03-01T12:00:00Z") as seen:
        lines = seen.until("nothing yet", "Ctrl-C ends")
        assert lines[0].startswith("hil serve  http://127.0.0.1:")
        assert f"control http://{seen.bound['control']}" in lines[0]
        assert lines[1].startswith("2026-03-01 12:00:00 UTC frozen  uplinks 0")
        assert lines[-1].startswith("Ctrl-C ends")
        seen.post(request(BODY.replace(b"1700000000", b"1772366400")))
        seen.post(request(drop="Things-Message-Token"))
        record = {"n": "led", "vb": True}
        order(seen, "/api/downlinks",
              {"device": "tracker-1", "status": "Queued", "records": [record]})  # fmt: skip
        lines = seen.until(
            "uplinks 2  accepted 1  refused 1  findings 1",
            "12:00:00  #2 tracker-1 malformed\n"
            "    TOKEN-HEADER the header Things-Message-Token is missing\n"
            "12:00:00  #1 tracker-1 accepted\n",
            " 2          1    ·",  # uplinks, downlinks, SMS
        )
        row = next(line for line in lines if line.startswith("tracker-1 "))
        assert row.split() == ["tracker-1", "12:00:00", "malformed", "1", "2", "1", "·"]
        order(seen, "/api/clock", {"advance": 3600})
        seen.until("2026-03-01 13:00:00 UTC frozen", "clock moved to 2026-03-01T13:00:00.000Z")
        assert SECRET.encode() not in seen.raw


def test_what_a_store_holds_is_shown_from_the_start(tmp_path: Path) -> None:
    """Uplinks, and downlinks that still wait, of the server that ran before."""
    options = ("--store", str(tmp_path / "kept.sqlite"), "--control", "127.0.0.1:0")
    with served(tmp_path, *options) as seen:
        seen.post(request(drop="Things-Message-Token"))
        record = {"n": "led", "vb": True}
        order(seen, "/api/downlinks",
              {"device": "tracker-1", "status": "Queued", "records": [record]})  # fmt: skip
        seen.process.send_signal(signal.SIGTERM)
        assert seen.process.wait(60) == 0
    with served(tmp_path, *options) as seen:
        lines = seen.until("#1 tracker-1 malformed", "uplinks 1  accepted 0  refused 1", "Ctrl-C")
        row = next(line for line in lines if line.startswith("tracker-1 "))
        assert row.split()[2:] == ["malformed", "1", "1", "1", "·"]


@pytest.mark.parametrize("how", [None, signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_left_as_it_was(tmp_path: Path, how: signal.Signals | None) -> None:
    """However it ends: the shell's screen, the cursor and echo are back; exit code 0."""
    with served(tmp_path) as seen:
        seen.until("nothing yet")
        assert ALTERNATE in seen.raw
        assert not seen.echo()
        seen.post(request())
        if how is None:
            seen.type("\x03")
        else:
            seen.process.send_signal(how)
        seen.until_written(NORMAL, b"uplinks 1  accepted 1  refused 0")  # the table had it as well
        assert seen.raw.rindex(b"\x1b[?25h") > seen.raw.rindex(b"\x1b[?25l")
        assert seen.process.wait(60) == 0
        assert seen.echo()


@pytest.mark.parametrize("key", ["\x1a", "\x1c"], ids=["Ctrl-Z", "Ctrl-backslash"])
def test_keys_that_would_stop_or_kill_it(tmp_path: Path, key: str) -> None:
    """Devices go on being answered."""
    with served(tmp_path) as seen:
        seen.until("nothing yet")
        seen.type(f"{key}abc")
        assert b" 202 " in seen.post(request())
        assert not any("abc" in line for line in seen.until("#1 tracker-1"))


@pytest.mark.parametrize(("columns", "rows"), [(140, 40), (60, 12), (30, 6), (20, 3), (10, 1)])
def test_a_window_of_another_size_is_filled(tmp_path: Path, columns: int, rows: int) -> None:
    """With the header at the top and the hint in the last row, as far as there is room."""
    with served(tmp_path, devices=50) as seen:
        seen.post(request(token="0" * 64))
        seen.until("#1 tracker-1 unverified")
        seen.resize(columns, rows)
        last = "Ctrl-C" if rows > 3 else ""
        lines = seen.until_so(
            lambda lines: lines[0].startswith("hil serv") and lines[-1].startswith(last)
        )
        assert len(lines) == rows
        if rows >= 12:
            assert any(line.startswith("tracker-1 ") for line in lines)
            assert any("#1 tracker-1 unverified" in line for line in lines)
            assert any(line.endswith("more, quiet for longer") for line in lines)
        seen.resize(80, 24)
        seen.until("tracker-1 ", "Ctrl-C ends · --plain", "--control 127.0.0.1:8081 opens")


def test_what_devices_send_does_not_reach_the_terminal(tmp_path: Path) -> None:
    """Control characters in a body are shown harmlessly."""
    with served(tmp_path) as seen:
        seen.until("nothing yet")
        seen.post(request(b'[{"bn":"urn:dev:IMEI:356726104408422:"},{"n":"\x1b[2J\x9b31m\x07"}]'))
        seen.until("#1 tracker-1 malformed")
        assert b"\x1b[2J" not in seen.raw.partition(b"nothing yet")[2]
        assert b"\x07" not in seen.raw


def test_a_broken_request_to_the_control_address_is_told_in_the_table(tmp_path: Path) -> None:
    """What the HTTP server says about it does not spoil the picture."""
    with served(tmp_path, "--control", "127.0.0.1:0") as seen:
        seen.until("nothing yet")
        host, port = seen.bound["control"].split(":")
        with socket.create_connection((host, int(port)), timeout=60) as sock:
            sock.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            assert b" 400 " in sock.recv(1000)
        lines = seen.until("control Invalid HTTP request")
        assert sum("Invalid HTTP" in line for line in lines) == 1
        assert not any("opens a live page" in line for line in lines)  # there is one
        assert seen.raw.count(ALTERNATE) == 1
        assert b"WARNING" not in seen.raw


def test_no_color_is_honoured(tmp_path: Path) -> None:
    """The same table without colours."""
    with served(tmp_path, NO_COLOR="1") as seen:
        seen.post(request(token="0" * 64))
        seen.until("#1 tracker-1 unverified")
        assert not _COLOUR.search(seen.raw)
    with served(tmp_path) as seen:
        seen.post(request(token="0" * 64))
        seen.until("#1 tracker-1 unverified")
        assert _COLOUR.search(seen.raw)


@pytest.mark.parametrize(("words", "env"), [(("--plain",), {}), ((), {"TERM": "dumb"})])
def test_plain_lines_on_a_terminal(
    tmp_path: Path, words: tuple[str, ...], env: dict[str, str]
) -> None:
    """With --plain, or where the terminal cannot draw: lines that stay, with what is assumed."""
    with served(tmp_path, *words, rows=60, **env) as seen:
        seen.until("assumed: ", "opens a live page", "listening; Ctrl-C ends")
        seen.post(request(token="0" * 64))
        seen.until("#1 tracker-1 unverified", "    error TOKEN-FORMULA: the token is")
        assert ALTERNATE not in seen.raw
        seen.type("\x03")
        assert seen.process.wait(60) == 0
