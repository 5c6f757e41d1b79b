"""``hil serve`` as a program, and its control API."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.clock import Deadline
from tests.platform.bench import SECRET, read_answer, request
from tests.ready import facts_of
from tests.signals import to_another_thread

DEVICES = f"""devices:
  tracker-1: {{imei: "356726104408422", secret: {SECRET}}}
"""


def command(folder: Path, *more: str, devices: str = DEVICES) -> list[str]:
    (folder / "devices.yaml").write_text(devices)
    return [sys.executable, "-m", "harness", "serve", "--devices", str(folder / "devices.yaml"),
            *more]  # fmt: skip


class Served:
    def __init__(self, process: subprocess.Popen[str], bound: dict[str, str]) -> None:
        self.process = process
        self.bound = bound

    def post_uplink(self, raw: bytes) -> bytes:
        host, port = self.bound["http"].split(":")
        with socket.create_connection((host, int(port)), timeout=60) as sock:
            sock.sendall(raw)
            return read_answer(sock)

    def api(self, path: str, order: object = None, **headers: str) -> tuple[int, Any]:
        data = None if order is None else json.dumps(order).encode()
        asked = urllib.request.Request(
            f"http://{self.bound['control']}{path}",
            data,
            {"Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        command(tmp_path, "--control", "127.0.0.1:0", "--clock", "2023-11-14T22:13:20Z",
                "--ready", str(ready), "--json"),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield Served(process, facts_of(process, ready))
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=60)


def test_an_uplink_is_answered_shown_and_printed(served: Served) -> None:
    """A downlink ordered by the API goes with the uplink; the API shows both; SIGTERM exits 0."""
    code, ordered = served.api(
        "/api/downlinks", {"device": "tracker-1", "records": [{"n": "led", "vb": True}]}
    )
    assert (code, ordered["status"]) == (201, "Executing")
    assert b'"led"' in served.post_uplink(request())
    (uplink,) = served.api("/api/uplinks")[1]
    assert (uplink["device"], uplink["verdict"], uplink["findings"]) == (
        "tracker-1",
        "accepted",
        [],
    )
    assert uplink["pack"][0]["bt"] == 1700000000
    deadline = Deadline.after(60)  # the answer may be here before the server has noted it
    while served.api("/api/downlinks")[1][0]["status"] != "Succeeded":
        assert not deadline.expired
    served.process.send_signal(signal.SIGTERM)
    out, _ = served.process.communicate(timeout=60)
    assert served.process.returncode == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines] == ["ready", "uplink"]
    assert SECRET not in out


def test_a_signal_that_another_thread_gets_ends_it_too(served: Served) -> None:
    """SIGTERM to a server that was stopped for a moment: exit 0, soon after it goes on."""
    to_another_thread(served.process.pid, signal.SIGTERM)
    served.process.communicate(timeout=60)
    assert served.process.returncode == 0


def test_the_clock_moves_and_refuses_to_go_back(served: Served) -> None:
    """Advance and set go forward; back is a refusal with the reason."""
    assert served.api("/api/clock", {"advance": 60})[1]["now"] == "2023-11-14T22:14:20.000Z"
    code, refused = served.api("/api/clock", {"set": "2020-01-01T00:00:00Z"})
    assert code == 409
    assert "backwards" in refused["error"]


def test_the_clock_is_not_moved_out_of_reach(served: Served) -> None:
    """The last second of the calendar is refused, and uplinks, state and clock go on."""
    for path, order in (
        ("/api/clock", {"set": "9999-12-31T23:59:59Z"}),
        ("/api/chaos", {"kind": "clock-jump", "to": "9999-12-31T23:59:59Z"}),
    ):
        code, refused = served.api(path, order)
        assert (code, "no further than 2262" in refused["error"]) == (409, True)
    assert served.api("/api/state")[1]["clock"]["now"].startswith("2023-11-14T22:1")


@pytest.mark.parametrize(
    ("path", "order", "code"),
    [
        ("/api/downlinks", {"device": "nobody", "records": [{"n": "a", "v": 1}]}, 404),
        ("/api/downlinks", {"device": "tracker-1", "records": [{"n": "a"}]}, 400),
        ("/api/downlinks", {"device": "tracker-1"}, 422),
        ("/api/sms", {"device": "tracker-1", "text": "hi"}, 409),
        ("/api/clock", {"advance": -1}, 422),
        ("/api/clock", {}, 422),
        ("/api/nothing", {}, 404),
    ],
)
def test_refused_orders_say_why(served: Served, path: str, order: object, code: int) -> None:
    """4xx with one reason."""
    got, answer = served.api(path, order)
    assert got == code
    assert list(answer) == ["error"]
    assert answer["error"]


def test_a_foreign_page_may_not_order(served: Served) -> None:
    """An Origin that is not the API's own is refused."""
    code, answer = served.api("/api/clock", {"advance": 1}, Origin="http://elsewhere.example")
    assert code == 403
    assert "origin" in answer["error"]


def test_wrong_use_and_a_taken_port(tmp_path: Path) -> None:
    """A wrong devices file exits 2 with its place, a taken port 3 with what to do."""
    wrong = subprocess.run(
        command(tmp_path, devices="devices:\n  tracker-1: {imie: 1}\n"),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert wrong.returncode == 2
    assert "devices.yaml:2:" in wrong.stderr
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        busy = subprocess.run(
            command(tmp_path, "--http", f"127.0.0.1:{port}"),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert busy.returncode == 3
    assert "choose another port" in busy.stderr
