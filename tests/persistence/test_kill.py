"""``kill -9`` at any moment: what was answered is there, once, and everything goes on."""

from __future__ import annotations

import random
import socket
import threading
from collections import Counter
from pathlib import Path

from harness.clock import Deadline, pause
from tests.persistence.serving import asked_to_end, kill, serving
from tests.platform.bench import read_answer, request
from tests.platform.test_serve import Served

KILLS = 6
CLIENTS = 4


def body(number: int) -> bytes:
    return b'[{"bn":"urn:dev:IMEI:356726104408422:"},{"n":"temperature","u":"Cel","v":%d}]' % number


class Senders:
    """Several devices' worth of uplinks, each body once, over connections that are kept alive."""

    def __init__(self, address: str, first: int) -> None:
        host, port = address.split(":")
        self._address = host, int(port)
        self._lock = threading.Lock()
        self._next = first
        self.sent: set[bytes] = set()
        self.answered: list[bytes] = []
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        try:
            with socket.create_connection(self._address, timeout=60) as sock:
                while True:
                    with self._lock:
                        one = body(self._next)
                        self._next += 1
                    self.sent.add(one)
                    sock.sendall(request(one))
                    answer = read_answer(sock)
                    if not answer.startswith(b"HTTP/1.1 202"):
                        return
                    self.answered.append(one)
        except OSError:
            return  # the server was killed, as it should be

    def ended(self) -> int:
        for thread in self._threads:
            thread.join(20)
        return self._next


def listed(server: Served) -> Counter[bytes]:
    uplinks = server.api("/api/uplinks")[1]
    assert [one["exchange"] for one in uplinks] == sorted({one["exchange"] for one in uplinks})
    return Counter(one["body"].encode() for one in uplinks)


def test_nothing_that_was_answered_is_lost(tmp_path: Path) -> None:
    """Killed at random moments under load, the platform knows every answered uplink, once each; of
    those without an answer, none twice."""
    dice = random.Random()
    answered: list[bytes] = []
    sent: set[bytes] = set()
    number = 0
    for _ in range(KILLS):
        with serving(tmp_path) as server:
            senders = Senders(server.bound["http"], number)
            enough, deadline = dice.randint(1, 300), Deadline.after(60)
            while len(senders.answered) < enough:
                assert not deadline.expired
                pause(0.001)
            kill(server.process)
            number = senders.ended()
        answered += senders.answered
        sent |= senders.sent
    with serving(tmp_path) as server:
        kept = listed(server)
        assert asked_to_end(server) == 0
    assert set(answered) <= set(kept) <= sent
    assert set(kept.values()) == {1}
    assert len(answered) >= KILLS
    assert not (tmp_path / "platform.db-wal").exists()


def test_an_order_that_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    """A downlink and a change of another's status are there after the kill; numbers go on."""
    order = {"device": "tracker-1", "records": [{"n": "led", "vb": True}]}
    with serving(tmp_path) as server:
        assert server.api("/api/downlinks", order)[1]["id"] == "dl-1"
        kill(server.process)
    with serving(tmp_path) as server:
        assert b'"led"' in server.post_uplink(request(body(1)))
        deadline = Deadline.after(60)  # the answer may be here before the server has noted it
        while (one := server.api("/api/downlinks")[1][0])["status"] != "Succeeded":
            assert not deadline.expired
        assert (one["id"], one["sent"]) == ("dl-1", 1)
        assert server.api("/api/downlinks", {**order, "status": "Queued"})[1]["id"] == "dl-2"
        kill(server.process)
    with serving(tmp_path) as server:
        assert server.post_uplink(request(body(2))).endswith(b"\r\n\r\n")
        second = server.api("/api/downlinks")[1][1]
        assert (second["id"], second["status"]) == ("dl-2", "Queued")
        assert [one["exchange"] for one in server.api("/api/uplinks")[1]] == [1, 2]


def test_an_sms_goes_on_on_its_schedule(tmp_path: Path) -> None:
    """The frozen clock stands where it stood, attempts made are kept, the next one is made at its
    moment; what was due while nobody was there is told as not made."""
    frozen = ("--clock", "2026-03-01T12:00:00Z")
    with serving(tmp_path, *frozen) as server:
        assert server.api("/api/sms", {"device": "tracker-1", "text": "wake up"})[0] == 201
        server.api("/api/clock", {"advance": 100})
        kill(server.process)
    with serving(tmp_path, *frozen) as server:
        assert server.api("/api/clock")[1]["now"] == "2026-03-01T12:01:40.000Z"
        (sms,) = server.api("/api/sms")[1]
        assert [attempt["elapsed_s"] for attempt in sms["attempts"]] == [0, 60]
        server.api("/api/clock", {"advance": 100})
        before = server.api("/api/sms")[1][0]["attempts"]
        assert [attempt["elapsed_s"] for attempt in before] == [0, 60, 120, 180]
        kill(server.process)
    with serving(tmp_path, "--clock", "2026-03-01T15:00:00Z") as server:
        (sms,) = server.api("/api/sms")[1]
        missed = sms["attempts"][len(before) :]
        assert sms["attempts"][: len(before)] == before
        assert {(one["outcome"], one["detail"]) for one in missed} == {
            ("error", "not made: the platform was not running")
        }
        assert sms["status"] == "PENDING"
        assert sms["next"] > "2026-03-01T15:00:00"
        server.api("/api/clock", {"advance": 50 * 3600})
        (sms,) = server.api("/api/sms")[1]
        assert (sms["status"], len(sms["attempts"])) == ("FAILED", 32)
        assert server.api("/api/sms", {"device": "tracker-1", "text": "again"})[1]["id"] == 2


def test_a_clock_that_was_stepped_stays_ahead(tmp_path: Path) -> None:
    """A running clock does not fall back to the world's time; without a step it is that."""
    with serving(tmp_path) as server:
        server.api("/api/clock", {"advance": 10 * 86_400})
        stepped = server.api("/api/clock")[1]["now"]
        kill(server.process)
    with serving(tmp_path) as server:
        assert server.api("/api/clock")[1]["now"] >= stepped
        server.post_uplink(request(body(1)))
        assert server.api("/api/uplinks")[1][0]["received"] >= stepped
