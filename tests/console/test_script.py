"""The console without a screen: lines in, lines out."""

from __future__ import annotations

import json
import os
import subprocess
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.console.terminal import COMMAND, piped, timeline
from tests.line.peer import Peer
from tests.virtual_modem.served import serve

RIG = Path(__file__).parents[2] / "rigs" / "families.yaml"


def test_commands_and_their_answers(tmp_path: Path) -> None:
    """Each command waits for its result; errors are put into words; all is on the timeline."""
    with serve(tmp_path, "--family", "telit-me910") as served:
        done = piped(
            "ATE0\nAT+CMEE=1\nAT+CGMM\n\nAT+CPIN=\"73519046\"\n:note half-way\nAT+CSQ\n",
            served.path, folder=tmp_path,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ME910C1-WW (telit-me910)" in done.stderr
    assert done.stdout.splitlines() == [
        "> ATE0", "OK", "> AT+CMEE=1", "OK", "> AT+CGMM", "ME910C1-WW", "OK",
        '> AT+CPIN="73519046"', "+CME ERROR: 3  (operation not allowed)", "# half-way",
        "> AT+CSQ", "+CSQ: 20,99", "OK",
    ]  # fmt: skip
    events = timeline(tmp_path)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    sent = [event["bytes"] for event in events if event.get("dir") == "tx"]
    assert sent == ["ATE0\r", "AT+CMEE=1\r", "AT+CGMM\r", "AT+CPIN=‹pin›\r", "AT+CSQ\r"]
    assert "73519046" not in (tmp_path / "console.jsonl").read_text(encoding="utf-8")


def test_check_and_json(tmp_path: Path) -> None:
    """With --check a failed command is exit 1; --json gives one object per line."""
    with serve(tmp_path) as served:
        done = piped("AT+NO\nAT\n", served.path, "--check", "--json", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["kind"], one["text"]) for one in said if one["kind"] in ("sent", "result")] == [
        ("sent", "AT+NO"), ("result", "ERROR"), ("sent", "AT"), ("result", "OK"),
    ]  # fmt: skip
    assert [one["ok"] for one in said if one["kind"] == "result"] == [False, True]


@pytest.mark.parametrize(
    ("family", "lines", "sent"),
    [
        ("quectel-bg", ["AT+CMGF=1", 'AT+CMGS="+31612345678"', "Hi from 5277"], ["Hi from 5277"]),
        ("sierra-hl78", ["AT+CMGF=1", 'AT+CMGS="+31612345678"', "Hi"], ["Hi"]),
        ("ublox-sara-r5", ["AT+CMGF=1", 'AT+CMGS="+31612345678"', "Hi", "AT"], ["Hi"]),
    ],
)
def test_data_after_a_prompt(
    family: str, lines: list[str], sent: list[str], tmp_path: Path
) -> None:
    """The line after a prompt is the data; Ctrl-Z is added where they end with it."""
    with serve(tmp_path, "--family", family) as served:
        served.deliver("so that it is registered")
        done = piped("\n".join(lines), served.path, "--check", folder=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert [one["text"] for one in served.sent()] == sent


def test_data_with_a_count_and_a_word_for_a_prompt(tmp_path: Path) -> None:
    """`@` and `DOWNLOAD` are prompts too; counted data go out without an end of their own."""
    script = {
        b"AT+CGMI": b"\r\nu-blox\r\n\r\nOK\r\n",
        b"AT+USOWR=0,2": b"\r\n@",
        b"hi": b"\r\n+USOWR: 0,2\r\n\r\nOK\r\n",
        b"AT+HTTPDATA=4,5": b"\r\nDOWNLOAD\r\n",
        b"[{}]": b"\r\nOK\r\n",
    }
    with Peer(script) as peer:
        done = piped(
            "AT+USOWR=0,2\nhi\nAT+HTTPDATA=4,5\n[{}]\n", peer.path, "--family", "ublox-sara-r4",
            "--check", folder=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert peer.heard[-4:] == [b"AT+USOWR=0,2", b"hi", b"AT+HTTPDATA=4,5", b"[{}]"]


def test_bytes_and_hex(tmp_path: Path) -> None:
    """:send writes bytes as they are, :hex shows every byte in both directions."""
    with serve(tmp_path) as served:
        done = piped("ATE0\n:hex\n:send AT\\r\n:wait 0.3\n", served.path, folder=tmp_path)
    assert "-> 0000  41 54 0d" in done.stdout
    assert "<- 0000  0d 0a 4f 4b 0d 0a" in done.stdout


def test_a_modem_of_a_rig_file(tmp_path: Path) -> None:
    """A virtual device is powered and spoken to; the rig's secrets are in no file."""
    secret = "FamilySecret07x0123456789abcdef"
    done = piped(
        f"AT+CGSN\nAT+CGMM\n:note {secret}\n", "--rig", str(RIG), "--device", "simcom-7600",
        "--check", folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "356726104408778" in done.stdout
    assert secret in RIG.read_text(encoding="utf-8")
    assert secret not in (tmp_path / "console.jsonl").read_text(encoding="utf-8")


@contextmanager
def silent() -> Iterator[str]:
    """A port that nobody answers on."""
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        yield os.ttyname(slave)
    finally:
        os.close(master)
        os.close(slave)


def test_a_command_without_an_answer(tmp_path: Path) -> None:
    """It is waited for as long as --timeout says, and named; exit 1."""
    with silent() as path:
        done = piped("AT+COPS=?\n", path, "--timeout", "0.3", folder=tmp_path)
    assert done.returncode == 1
    assert "no answer" in done.stderr
    assert "no result of AT+COPS=? within 0.3 s" in done.stderr


def test_a_port_that_goes(tmp_path: Path) -> None:
    """Unplugged in the middle of a command: it is said, exit 3, the timeline is whole."""

    def vanish(peer: Peer) -> bytes:
        peer.unplug()
        return b""

    script = {b"AT+CGMI": b"\r\nX\r\n\r\nOK\r\n", b"AT+CSQ": vanish}
    with Peer(script, tmp_path / "port") as peer:
        done = piped("AT+CSQ\n", peer.path, "--family", "3gpp", folder=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "# the port is gone" in done.stdout
    assert timeline(tmp_path)[-1]["kind"] == "note"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "name a PORT, or a rig file"),
        (("/dev/null", "--rig", "x.yaml"), 2, "name a PORT, or a rig file"),
        (("--rig", str(RIG)), 2, "say which device with --device: generic-3gpp, "),
        (("--rig", str(RIG), "--device", "nope"), 2, "no device 'nope'"),
        (("--rig", "nowhere.yaml", "--device", "x"), 2, "nowhere.yaml"),
        (("/dev/nope",), 3, "/dev/nope"),
        (("/dev/null", "--family", "nokia"), 2, "no driver for modem family 'nokia'"),
        (("/dev/null", "--device", "x"), 2, "--device"),
        (("/dev/null", "--timeout", "0"), 2, "--timeout"),
    ],
)
def test_wrong_use(words: tuple[str, ...], code: int, message: str, tmp_path: Path) -> None:
    """One clear error, and no traceback."""
    done = piped("AT\n", *words, folder=tmp_path)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("hil:") == 1


def test_a_wrong_line(tmp_path: Path) -> None:
    """A line that is no order is named with its number."""
    with Peer({b"AT": b"\r\nOK\r\n"}) as peer:
        done = piped("AT\n:bogus\n", peer.path, "--family", "3gpp", folder=tmp_path)
    assert done.returncode == 2
    assert "standard input, line 2: there is no :bogus" in done.stderr


def test_a_reader_that_goes_away_ends_it(tmp_path: Path) -> None:
    """Nobody reads any more (`| head`): no traceback, and all that came is on the timeline."""
    with Peer({b"AT+CSQ": b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"}) as peer:
        process = subprocess.Popen(
            [*COMMAND, peer.path, "--family", "3gpp", "--record", str(tmp_path / "console.jsonl")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, said = process.communicate("AT+CSQ\nAT+CSQ\n", timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert "OK" in "".join(e["bytes"] for e in timeline(tmp_path) if e.get("dir") == "rx")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_lost_timeline_is_said_at_once(tmp_path: Path) -> None:
    """Not only at the end of a session that was to be recorded; and it is exit 3."""
    with Peer({b"AT+CSQ": b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"}) as peer:
        done = subprocess.run(
            [*COMMAND, peer.path, "--family", "3gpp", "--record", "/dev/full"],
            input="AT+CSQ\nAT+CSQ\n", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    lines = done.stdout.splitlines()
    (lost,) = (at for at, line in enumerate(lines) if "nothing more is recorded" in line)
    assert "No space left on device" in lines[lost]
    assert lost < len(lines) - 2
