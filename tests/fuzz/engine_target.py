"""The host's AT engine under any bytes in any pieces, with commands given and given up.

An input is a program: its first byte chooses the dialect; then each byte is an order, most of them
"so many of the next bytes arrive now".
"""

from __future__ import annotations

from dataclasses import replace

from harness.at.dialect import Binary, Command
from harness.at.engine import AtEngine
from harness.at.events import Event, Final, Info, Noise, Payload, Urc
from harness.modem.families import FAMILIES

#: Small limits, so that they are met. A line or payload longer than them is passed on in parts.
LINE, PAYLOAD = 96, 160
DIALECTS = [
    replace(FAMILIES[name].dialect, line_limit=LINE, payload_limit=PAYLOAD, numeric=numeric)
    for name in sorted(FAMILIES)
    for numeric in (False, True)
]
COMMANDS = (
    Command("AT"), Command("AT+CSQ"), Command("AT+CMEE?"), Command("AT+CMGL=4", data_lines=True),
    Command('AT+CMGS="1"', prompt="> "), Command("AT+USOWR=0,4", prompt="@"),
    Command("AT+HTTPDATA=4,5", prompt="DOWNLOAD"), Command("AT+QHTTPPOST=4", prompt="CONNECT"),
    Command("AT+QIRD=0,150", binary=Binary("+QIRD:")), Command("ATD*99#"),
    Command("AT+USORD=0,9", binary=Binary("+USORD:", field=1)), Command("AT+CEREG?"),
)  # fmt: skip
WORDS = (
    b"\r\nOK\r\n", b"\r\nERROR\r\n", b"\r\n+CME ERROR: 10\r\n", b"\r\n> ", b"@", b"0\r", b"4\r",
    b"\r\nCONNECT\r\n", b"\r\nDOWNLOAD\r\n", b"+QIRD: 5\r\nhello", b"+CMT: 5\r\nx\r\n",
    b'\r\n+QIURC: "recv",0,4\r\nabcd', b"AT+CSQ\r", b"\r\n+CSQ: 1,2\r\n", b"NO CARRIER\r\n",
    b"RING\r\n", b"+CEREG: 5\r\n", b'\r\n+USORD: 0,4,"abcd"\r\n', b"\x01", b"\x20", b"\xf0",
    b"\xf1", b"\xf2", b"\xf3", b"\xf4", b"\xf5",
)  # fmt: skip
_START, _PAYLOAD, _FORGET, _FLUSH = 0xF0, 0xF1, 0xF2, 0xF3


def run(data: bytes) -> None:
    """Raises AssertionError, or whatever the engine should not have raised."""
    whole = _play(data, split=False)
    pieces = _play(data, split=True)
    assert whole == pieces, "another chunking, other events"


def _play(data: bytes, *, split: bool) -> list[Event]:
    engine = AtEngine(DIALECTS[data[0] % len(DIALECTS)] if data else DIALECTS[0])
    events: list[Event] = []
    prompted = fed = 0
    at = 1
    while at < len(data):
        order = data[at]
        at += 1
        new: list[Event] = []
        if order == _START and engine.running is None:
            chosen = data[at] if at < len(data) else 0
            at += 1
            engine.start(COMMANDS[chosen % len(COMMANDS)])
            prompted = 0
        elif order == _PAYLOAD and prompted:
            engine.send_payload(b"abcd\x1a")
            prompted = 0
        elif order == _FORGET:
            new, prompted = engine.forget(), 0
        elif order == _FLUSH:
            new = engine.flush()
        else:
            piece = data[at : at + 1 + order % 64]
            at += len(piece)
            fed += len(piece)
            parts = [bytes([byte]) for byte in piece] if split else [piece]
            for part in parts:
                new += engine.receive(part)
        for event in new:
            prompted = (prompted or _is_prompt(event)) and not isinstance(event, Final)
        events += new
        assert len(engine.half_line) <= LINE + PAYLOAD + 64, "kept more than its limits"
    assert _size(events) <= 2 * fed + 64, "more came out than went in"
    _is_usable(engine)
    return events


def _is_prompt(event: Event) -> bool:
    return type(event).__name__ == "Prompt"


def _size(events: list[Event]) -> int:
    total = 0
    for event in events:
        match event:
            case Noise(data) | Payload(data):
                total += len(data)
            case Urc(text, data):
                total += len(text) + len(data)
            case Info(text):
                total += len(text)
    return total


def _is_usable(engine: AtEngine) -> None:
    """Whatever happened, a command after a silence has its own answer."""
    engine.forget()
    engine.flush()
    engine.start(Command("AT+CGMM"))
    got = engine.receive(b"AT+CGMM\r\r\nX1\r\n\r\nOK\r\n")
    assert got[-1:] == [Final("OK", True)], got
    assert Info("X1") in got, got
    assert engine.running is None
