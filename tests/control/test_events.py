"""The timeline as server-sent events, and as a file."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.clock import Deadline
from tests.control.serving import Controlled, controlled


class Stream:
    """Server-sent events as they come, of one connection."""

    def __init__(self, sock: socket.socket, begun: bytes) -> None:
        self._sock = sock
        self._data = begun.replace(b"\r\n", b"\n")

    def block(self) -> dict[str, str]:
        """The fields of the next message; comments are left out."""
        deadline = Deadline.after(60)
        while not deadline.expired:
            block, end, rest = self._data.partition(b"\n\n")
            if not end:
                more = self._sock.recv(65_536)
                assert more, "the stream ended"
                self._data = (self._data + more).replace(b"\r\n", b"\n")
                continue
            self._data = rest
            lines = [line for line in block.decode().split("\n") if ": " in line]
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            if "data" in fields:
                return fields
        raise AssertionError("no event came")

    def event(self) -> dict[str, Any]:
        data = json.loads(self.block()["data"])
        assert isinstance(data, dict)
        return data


@contextmanager
def streaming(serving: Controlled, query: str = "", header: str = "") -> Iterator[Stream]:
    with serving.connect() as sock:
        sock.sendall(
            f"GET /api/events{query} HTTP/1.1\r\nHost: {serving.host}\r\n{header}\r\n".encode()
        )
        head = b""
        while b": connected\n\n" not in head:
            head += sock.recv(4096)
        assert b"text/event-stream" in head
        yield Stream(sock, head.partition(b": connected\n\n")[2])


def note(serving: Controlled, text: str, kind: str = "note") -> int:
    return serving.timeline.record("test", kind, text=text).seq


def test_events_come_as_they_happen() -> None:
    """With sequence number, kind and data."""
    with controlled() as serving, streaming(serving) as stream:
        number = note(serving, "hello")
        fields = stream.block()
        assert (fields["id"], fields["event"]) == (str(number), "note")
        assert json.loads(fields["data"])["text"] == "hello"


def test_only_the_kinds_asked_for_come_and_names_can_be_left_out() -> None:
    """The filter is by how a kind begins."""
    with controlled() as serving, streaming(serving, "?kinds=sms.,clock.&named=false") as stream:
        note(serving, "not this")
        note(serving, "this", "sms.status")
        note(serving, "nor this", "uplink")
        note(serving, "and this", "clock.jump")
        fields = stream.block()
        assert "event" not in fields
        assert json.loads(fields["data"])["text"] == "this"
        assert stream.event()["text"] == "and this"


def test_who_comes_back_gets_what_was_missed() -> None:
    """By the header that browsers send, or by the query; and then what happens now."""
    with controlled() as serving:
        first = note(serving, "1")
        note(serving, "2")
        note(serving, "3")
        with streaming(serving, header=f"Last-Event-ID: {first}\r\n") as stream:
            note(serving, "4")
            assert [stream.event()["text"] for _ in range(3)] == ["2", "3", "4"]
        with streaming(serving, f"?after={first + 2}") as stream:
            assert stream.event()["text"] == "4"


def test_what_is_not_kept_any_more_is_told() -> None:
    """An event `lost` with the number comes before the rest."""
    with controlled(keep=5) as serving:
        for number in range(10):
            note(serving, str(number))
        with streaming(serving, "?after=2") as stream:
            lost = stream.block()
            assert (lost["event"], json.loads(lost["data"])) == ("lost", {"lost": 3})
            assert stream.event()["text"] == "5"


def test_a_reader_that_does_not_read_is_told_what_it_lost() -> None:
    """The server holds a bounded number for it; afterwards it goes on."""
    with controlled() as serving, streaming(serving) as stream:
        for _ in range(30_000):
            note(serving, "x" * 400)
        seen, lost = 0, 0
        while seen + lost < 30_000:
            fields = stream.block()
            if fields.get("event") == "lost":
                lost += json.loads(fields["data"])["lost"]
            else:
                seen += 1
        assert seen + lost == 30_000
        note(serving, "still there")
        assert stream.event()["text"] == "still there"


def test_the_timeline_is_exported_without_secrets() -> None:
    """JSON lines in order, as a file to keep."""
    with controlled() as serving:
        note(serving, "a 0123456789ABCDEFGHIJabcdefghij b")
        answer = serving.ask("/api/timeline")
        assert "timeline.jsonl" in answer.headers["content-disposition"]
        (line,) = answer.body.decode().splitlines()
        assert json.loads(line)["text"] == "a ‹secret of tracker-1› b"


def test_the_state_names_addresses_schedule_and_assumptions() -> None:
    """And tells one server from the next."""
    with controlled() as one, controlled() as other:
        state = one.ask("/api/state").json()
        assert state["instance"] != other.ask("/api/state").json()["instance"]
        assert len(state["sms"]["attempts_s"]) == 32
        assert state["sms"]["discard_s"] == 48 * 3600
        assert state["clock"]["frozen"] is False
        assert any(item["name"] == "response codes" for item in state["assumed"])
