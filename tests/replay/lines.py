"""Recordings made by hand, and what a matcher answers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.clock import RealClock
from harness.evidence import Redactor, Timeline
from harness.evidence.recording import SerialPiece
from harness.virtual_modem.replay import Event, Matcher, Say, Script, script_of

SMS = "0001000B911316325476F80000"
PAYLOAD = "POST / HTTP/1.1\r\nHost: m.m\r\n\r\nAT\r\n\x1a>"

#: (who, text): a session with every shape of turn, as a host with echo off sees it
SESSION = (
    ("rx", "\r\nRDY\r\n"),
    ("tx", "ATE0\r"), ("rx", "ATE0\r"), ("rx", "\r\nOK\r\n"),
    ("tx", "AT+CPIN=‹pin›\r"), ("rx", "\r\nOK\r\n"),
    ("tx", "AT+CEREG?\r"), ("rx", "\r\n+CEREG: 0,2\r\n\r\nOK\r\n"), ("rx", "\r\n+CEREG: 1\r\n"),
    ("tx", "AT+CEREG?\r"), ("rx", "\r\n+CEREG: 0,1\r\n\r\nOK\r\n"),
    ("tx", f"AT+QISEND=0,{len(PAYLOAD)}\r"), ("rx", "\r\n> "),
    ("tx", PAYLOAD), ("rx", "\r\nSEND OK\r\n"), ("rx", '\r\n+QIURC: "recv",0\r\n'),
    ("tx", "AT+QISEND=0,4\r"), ("rx", "\r\n> "), ("tx", "AT\r\n"), ("rx", "\r\nERROR\r\n"),
    ("tx", "AT+QISEND=0,4\r"), ("rx", "\r\n> "), ("tx", "next"), ("rx", "\r\nSEND OK\r\n"),
    ("tx", "AT+CMGS=14\r"), ("rx", "\r\n> "),
    ("tx", SMS + "\x1a"), ("rx", "\r\n+CMGS: 1\r\n\r\nOK\r\n"),
    ("tx", "AT+QHTTPURL=40,10\r"), ("rx", "\r\nCONNECT\r\n"),
    ("tx", "http://m.m/fota?token=‹token›"), ("rx", "\r\nOK\r\n"),
    ("tx", "AT+CSQ\r"), ("rx", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"),
)  # fmt: skip

#: what the host of that session really sent
HOST = tuple(
    text.replace("‹pin›", "0000").replace("‹token›", "x" * 18)
    for who, text in SESSION
    if who == "tx"
)


def pieces(session: Iterable[tuple[str, str]], gap_s: float = 0.0) -> list[SerialPiece]:
    """As read from a file, ``gap_s`` apart."""
    return [
        SerialPiece(number, number * gap_s, who == "tx", text)
        for number, (who, text) in enumerate(session, 1)
    ]


def script(session: Iterable[tuple[str, str]] = SESSION) -> Script:
    return script_of(pieces(session))


def spoken(events: Iterable[Event]) -> str:
    return "".join(event.data.decode("latin-1") for event in events if isinstance(event, Say))


def told(events: Iterable[Event]) -> list[Event]:
    """What is not said."""
    return [event for event in events if not isinstance(event, Say)]


def talk(matcher: Matcher, *sent: str) -> list[str]:
    """The answer to each of ``sent``."""
    return [spoken(matcher.receive(text.encode("latin-1"))) for text in sent]


def written(
    path: Path, session: Iterable[tuple[str, str]] = SESSION, *, source: str = "line:modem"
) -> Path:
    """A timeline file of the session; what has marks in it was a secret."""
    clock = RealClock()
    timeline = Timeline(path, clock, Redactor())
    timeline.record("harness", "note", text="begin")
    for who, text in session:
        timeline.record(source, "serial", dir=who, bytes=text)
        timeline.record(source, "note", text="between")
    timeline.close()
    clock.close()
    return path
