"""``hil modem`` as a user meets it: options, control API, a terminal, its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import serial

from tests.signals import to_another_thread
from tests.virtual_modem.served import Served, serve


def _hil(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", "modem", *words],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_help_shows_every_option_with_its_default() -> None:
    """What is not obvious is said."""
    text = _hil("--help").stdout
    for word in ("--link PATH", "--route HOST:PORT=HOST:PORT", "(default: quectel-bg)", "example:"):
        assert word in text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--route", "x"), 2), (("--route", "a:1=b:99999"), 2), (("--control", "127.0.0.1"), 2),
        (("--family", "foo"), 2), (("--model", "EC25"), 2), (("--imei", "abc"), 2),
        (("--name", "a=b"), 2), (("--response-times", "slow"), 2),
        (("--port", "/dev/nonexistent"), 3), (("--link", "/dev/null"), 3),
    ],
)  # fmt: skip
def test_wrong_use_and_a_broken_rig_are_told_once(words: tuple[str, ...], code: int) -> None:
    """Exit code 2 or 3 and one message, no traceback."""
    done = _hil(*words)
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("hil")
    assert "Traceback" not in done.stderr


def test_a_link_belongs_to_one_modem(served: Served) -> None:
    """The second is refused, and the first keeps its link."""
    done = _hil("--link", served.path)
    assert done.returncode == 3
    assert "another virtual modem uses it" in done.stderr
    assert os.path.islink(served.path)


def test_a_link_left_behind_is_taken_over(tmp_path: Path) -> None:
    """After a kill the same command works again."""
    with serve(tmp_path) as first:
        first.process.kill()
        first.process.wait(60)
        assert os.path.lexists(first.path)
    (tmp_path / "ready.json").unlink()
    with serve(tmp_path) as second:
        assert second.get("/state")["path"] == str(tmp_path / "modem")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_stops_cleanly(served: Served, number: signal.Signals) -> None:
    """Exit 0, the link removed, unknown commands named."""
    served.deliver("registered")
    with serial.Serial(served.path, timeout=60) as port:
        port.write(b"AT+NOPE\r")
        port.read_until(b"ERROR\r\n")
    served.process.send_signal(number)
    _, errors = served.process.communicate(timeout=60)
    assert served.process.returncode == 0
    assert errors == "commands this modem does not know: AT+NOPE\n"
    assert not os.path.lexists(served.path)


def test_a_signal_that_another_thread_gets_stops_it_too(served: Served) -> None:
    """As when the process was stopped itself for a moment."""
    to_another_thread(served.process.pid, signal.SIGTERM)
    served.process.communicate(timeout=60)
    assert served.process.returncode == 0


def test_who_waits_for_the_ready_file_never_reads_half_of_it(tmp_path: Path) -> None:
    """It is put in place whole: whoever has opened an older one goes on reading that."""
    ready = tmp_path / "ready.json"
    ready.touch()
    with ready.open() as older, serve(tmp_path) as served:
        assert older.read() == ""
        assert json.loads(ready.read_text())["path"] == served.path


def test_a_signal_at_any_moment_stops_it() -> None:
    """Wherever the main thread is just then: no handler waits for what it has interrupted."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.virtual_modem.stopped_anywhere"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("times, exit code 0")


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)  # fmt: skip
def test_a_foreign_page_may_not_switch_the_modem(served: Served, header: dict[str, str]) -> None:
    """Orders and questions of other sites' pages are refused with the reason."""
    for data in (b'{"on": false}', None):
        path = "/power" if data else "/state"
        asked = urllib.request.Request(f"http://{served.control}{path}", data, header)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=60)
        with refused.value as answer:
            assert (answer.code, list(json.load(answer))) == (403, ["error"])
    assert served.get("/state")["state"] != "off"


def test_control_covers_power_coverage_cable_sms_and_faults(served: Served) -> None:
    """Each order has its effect."""
    served.deliver("hi")
    assert served.post("/fault", {"kind": "drop", "count": 3}) == {"injected": "drop"}
    assert served.post("/coverage", {"on": False})["registered"] is False
    assert served.post("/sms", {"sender": "5277", "text": "x"}) == {"delivered": False}
    served.post("/cable", {"on": False})
    assert not os.path.lexists(served.path)
    assert served.post("/cable", {"on": True}) == {"path": served.path}
    assert served.post("/power", {"on": False})["state"] == "off"
    assert served.get("/state")["state"] == "off"
    assert served.get("/unknown") == []


@pytest.mark.parametrize(
    ("path", "order", "code", "reason"),
    [
        ("/fault", {"kind": "x"}, 422, "no fault 'x' (known: drop, "),
        ("/fault", {"kind": "drop", "size": 1}, 422, "a fault has no size"),
        ("/fault", {"kind": "drop", "skip": "a"}, 422, "numbers"),
        ("/power", {}, 422, "on is missing"), ("/power", {"on": 1}, 422, "on: true or false"),
        ("/sms", {"sender": "5277"}, 422, "text is missing"), ("/sms", [], 422, "JSON object"),
        ("/y", {}, 404, "POST /power"),
    ],
)  # fmt: skip
def test_a_refused_order_says_why(
    served: Served, path: str, order: object, code: int, reason: str
) -> None:
    """JSON with the reason."""
    with pytest.raises(urllib.error.HTTPError) as refusal:
        served.post(path, order)
    with refusal.value:
        assert refusal.value.code == code
        assert reason in json.load(refusal.value)["error"]
