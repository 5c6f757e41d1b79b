"""``hil modem --replay``: the command line, wrong files, and what the summary says."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from pathlib import Path

import pytest

from harness.clock import Deadline, monotonic, pause
from tests.replay.bench import played, replayed, words
from tests.replay.lines import HOST, SESSION, written
from tests.virtual_modem.conftest import Host

HEARD = "".join(text for who, text in SESSION if who == "rx").encode()


def _hear(host: Host, wanted: bytes) -> None:
    """Exactly these bytes."""
    got = b""
    deadline = Deadline.after(60)
    while len(got) < len(wanted):
        assert select.select([host.fd], [], [], deadline.left())[0], (got, wanted)
        got += os.read(host.fd, len(wanted) - len(got))
    assert got == wanted


def _refused(*options: str | Path) -> str:
    """What it says; it must not start."""
    done = subprocess.run(words(*options), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_session_is_played_and_summed_up(tmp_path: Path) -> None:
    """The recorded host hears what was recorded; Ctrl-C ends it with the summary and exit 0."""
    file = written(tmp_path / "t.jsonl")
    with replayed(tmp_path, file) as one:
        host = Host(one.path)
        for text in HOST:
            host.write(text.encode("latin-1"))
        _hear(host, HEARD)
        assert b"ERROR" in host.ask("AT+QPING=1")
        host.close()
        code, summary, err = one.stop()
    assert code == 0
    assert summary == {
        "recording": str(file), "source": "line:modem", "strict": False, "turns": len(HOST),
        "played": len(HOST), "unknown": {"AT+QPING=1": 1}, "payloads_that_differ": [],
        "mismatch": None, "cut_off_line": None,
    }  # fmt: skip
    assert err == "never recorded, answered ERROR: AT+QPING=1\n"
    assert not (tmp_path / "modem").exists()


def test_pin_is_not_shown(tmp_path: Path) -> None:
    """A PIN that the host sends is nowhere in what is said, as a command or as a payload."""
    pin = 'AT+CPIN="4711"\r'
    session = [("tx", f"AT+X={len(pin)}\r"), ("rx", "\r\n> "), ("tx", "x" * len(pin)),
               ("rx", "\r\nOK\r\n")]  # fmt: skip
    with replayed(tmp_path, written(tmp_path / "t.jsonl", session)) as one:
        host = Host(one.path)
        assert b"ERROR" in host.ask(pin[:-1])
        host.ask(f"AT+X={len(pin)}", b"> ")
        assert b"OK" in host.ask(pin[:-1])
        host.close()
        _, summary, err = one.stop()
    assert summary["unknown"] == {"AT+CPIN=‹pin›": 1}
    assert summary["payloads_that_differ"][0]["seen"] == "AT+CPIN=‹pin›\r"
    assert "4711" not in err


def test_host_may_close_and_open_again(tmp_path: Path) -> None:
    """The port stays while programs come and go, and the replay goes on where it was."""
    with played(written(tmp_path / "t.jsonl")) as one:
        for stat in (b"0,2", b"0,1"):
            host = Host(one.path)
            assert stat in host.ask("AT+CEREG?")
            host.close()


def test_strict_mismatch(tmp_path: Path) -> None:
    """A host that leaves the recording ends it: exit 1, the line, what was expected and seen."""
    file = written(tmp_path / "t.jsonl")
    with replayed(tmp_path, file, "--strict") as one:
        host = Host(one.path)
        host.write(b"ATE0\rAT+CSQ\r")
        code, summary, err = one.ended()
        host.close()
    assert code == 1
    line = next(
        number for number, text in enumerate(file.read_text().splitlines(), 1) if "CPIN" in text
    )
    assert summary["mismatch"] == {"line": line, "expected": "AT+CPIN=‹pin›\r", "seen": "AT+CS"}
    assert f"{file}:{line}: the host sent something else" in err
    assert "expected: 'AT+CPIN=‹pin›\\r'\n  seen:     'AT+CS'\n" in err


@pytest.mark.parametrize(("part", "code"), [(len(HOST), 0), (3, 1)])
def test_strict_host_that_stops(tmp_path: Path, part: int, code: int) -> None:
    """Stopped at the end of the recording all is well; before it, exit 1 names what is missing."""
    with replayed(tmp_path, written(tmp_path / "t.jsonl"), "--strict") as one:
        host = Host(one.path)
        host.write("".join(HOST[:part]).encode("latin-1"))
        host.read_until(b"+CSQ: 20,99\r\n\r\nOK\r\n" if part > 3 else b"+CEREG: 1\r\n")
        host.close()
        ended, summary, err = one.stop()
    assert ended == code
    assert summary["played"] == part
    assert ("did not send all" in err) is bool(code)


def test_cut_off_recording(tmp_path: Path) -> None:
    """Of a recording that a kill cut off in mid-line the whole lines are played, and it says so."""
    file = written(tmp_path / "t.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:8]) + lines[8][:40])
    with replayed(tmp_path, file) as one:
        host = Host(one.path)
        assert b"OK" in host.ask("ATE0")
        host.close()
        code, summary, err = one.stop()
    assert code == 0
    assert summary["cut_off_line"] == 9
    assert f"{file}:9: cut off here" in err


def test_last_line_without_its_end(tmp_path: Path) -> None:
    """A whole last event counts, with or without the end of its line."""
    file = written(tmp_path / "t.jsonl", [("tx", "AT\r"), ("rx", "\r\nOK\r\n")])
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    with played(file) as one:
        host = Host(one.path)
        assert host.ask("AT").endswith(b"OK\r\n")
        host.close()


def test_one_of_several_lines(tmp_path: Path) -> None:
    """Of a file with several lines one has to be named; the error lists them."""
    one, two = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    written(one, [("tx", "AT\r"), ("rx", "\r\nOK\r\n")], source="line:a")
    written(two, [("tx", "AT\r"), ("rx", "\r\nno\r\n")], source="line:b")
    first = one.read_text().count("\n")
    one.write_text(one.read_text() + two.read_text())
    said = _refused("--replay", one)
    assert f"{one}:{first + 2}:1: holds several lines; name one" in said
    assert "line:a, line:b" in said
    assert "line:a, line:b" in _refused("--replay", one, "--source", "line:c")
    with replayed(tmp_path, one, "--source", "line:b") as command:
        host = Host(command.path)
        assert host.ask("AT", b"no\r\n") == b"\r\nno\r\n"
        host.close()
        assert command.stop()[0] == 0


GOOD = '{"seq":1,"host":1.5,"wall":"","at":"","source":"line:m","kind":"serial",'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ":1:1: holds no serial events"),
        (GOOD.replace("serial", "note").encode() + b'"text":"x"}\n', ":1:1: holds no serial"),
        (b"rig: sim\n", ":1:1: is no event of a timeline"),
        (b"[]\n", ":1:1: is no event of a timeline"),
        (b"\xff\xfe\x00\n\n", ":1:1: is no event of a timeline"),
        (b"\n" + GOOD.encode() + b'"dir":"up","bytes":""}\n', ":2:1: a serial event has dir"),
        (GOOD.encode() + b'"dir":"tx","bytes":7}\n', ":1:1: a serial event has dir"),
        (GOOD.encode() + '"dir":"tx","bytes":"€"}\n'.encode(), ":1:1: '€' is no byte of a line"),
        (GOOD.replace("1.5", '"x"').encode() + b'"dir":"tx","bytes":"A"}\n', ":1:1: host of"),
        (GOOD.replace("1.5", "NaN").encode() + b'"dir":"tx","bytes":"A"}\n', ":1:1: host of"),
        (GOOD.replace('"line:m"', "7").encode() + b'"dir":"tx","bytes":"A"}\n', ":1:1: kind and"),
        (b"[" * 100_000 + b"\n", ":1:1: is no event of a timeline"),
    ],
)
def test_wrong_file(tmp_path: Path, content: bytes, said: str) -> None:
    """A file that is no recording is one error with its line, and exit 2."""
    file = tmp_path / "t.jsonl"
    file.write_bytes(content)
    assert f"hil: {file}{said}" in _refused("--replay", file)


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is named."""
    assert "none.jsonl:1:1: cannot be read: No such file" in _refused(
        "--replay", tmp_path / "none.jsonl"
    )
    assert "cannot be read: Is a directory" in _refused("--replay", tmp_path)


@pytest.mark.parametrize(
    "options",
    [("--strict",), ("--source", "line:m"), ("--replay", "x", "--family", "telit-me910"),
     ("--replay", "x", "--port", "/dev/ttyUSB0"), ("--replay", "x", "--too-soon", "5")],
)  # fmt: skip
def test_options_that_do_not_go_together(options: tuple[str, ...]) -> None:
    """Options of a virtual modem are refused with a replay, and those of a replay without one."""
    assert options[-2 if len(options) > 1 else 0].lstrip("-") in _refused(*options)


def test_taken_link(tmp_path: Path) -> None:
    """A link that another modem holds is a rig error."""
    file = written(tmp_path / "t.jsonl")
    with replayed(tmp_path, file) as one:
        done = subprocess.run(
            words("--replay", file, "--link", one.path), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 3
        assert "another virtual modem uses it" in done.stderr
        one.process.send_signal(signal.SIGTERM)
        assert one.ended()[0] == 0


PACED = [("tx", "AT\r"), ("rx", "\r\nOK\r\n"), ("rx", "\r\nRING\r\n"), ("tx", "ATA\r"),
         ("rx", "\r\nOK\r\n")]  # fmt: skip


def test_recorded_gaps_are_kept(tmp_path: Path) -> None:
    """With --pace a code comes as long after the answer as it was recorded."""
    file = written(tmp_path / "t.jsonl", PACED)
    _delay(file, OK=0.3, RING=0.3)
    with played(file, paced=True) as one:
        host = Host(one.path)
        begin = monotonic()
        assert host.ask("AT") == b"\r\nOK\r\n"
        assert host.read_until(b"RING\r\n") == b"\r\nRING\r\n"
        assert monotonic() - begin >= 0.6
        host.close()


def test_hurried_host_misses_nothing(tmp_path: Path) -> None:
    """A host that does not wait for a code of the next hour gets it before its next answer."""
    file = written(tmp_path / "t.jsonl", PACED)
    _delay(file, RING=3600.0)
    with played(file, paced=True) as one:
        host = Host(one.path)
        assert host.ask("AT") == b"\r\nOK\r\n"
        assert host.ask("ATA", b"RING\r\n\r\nOK\r\n") == b"\r\nRING\r\n\r\nOK\r\n"
        host.close()


def _delay(file: Path, **gaps_s: float) -> None:
    """Record what holds this word, and all behind it, so many seconds later."""
    events = [json.loads(line) for line in file.read_text().splitlines()]
    later = 0.0
    for event in events:
        if event["kind"] == "serial":
            word = event["bytes"].strip()
            later += gaps_s.pop(word, 0.0)
        event["host"] += later
    file.write_text("".join(json.dumps(event) + "\n" for event in events))


def test_host_that_reads_nothing(tmp_path: Path) -> None:
    """A host that only writes is held up, and costs no memory; the replay can still be ended."""
    answer = "\r\n" + "x" * 60_000 + "\r\nOK\r\n"
    with replayed(tmp_path, written(tmp_path / "t.jsonl", [("tx", "AT\r"), ("rx", answer)])) as one:
        host = Host(one.path)
        deadline = Deadline.after(60)
        blocked = 0
        while blocked < 20:
            assert not deadline.expired
            try:
                os.write(host.fd, b"AT\r" * 100)
                blocked = 0
            except BlockingIOError:
                blocked += 1
                pause(0.01)
        status = Path(f"/proc/{one.process.pid}/status").read_text()
        assert int(status.split("VmRSS:")[1].split()[0]) < 120_000
        assert one.stop()[0] == 0
        host.close()
