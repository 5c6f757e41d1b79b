"""The engine: any chunking of the bytes gives the same events."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from harness.at.dialect import Binary, Command, Dialect, UrcKind, registration
from harness.at.engine import AtEngine
from harness.at.events import Echo, Event, Final, Info, Payload, Prompt, Urc

DIALECT = Dialect((UrcKind("+CEREG:", registration), UrcKind("+CMTI:")), line_limit=200)
STREAM = b'AT+QIRD=0,9\r\r\n+CMTI: "ME",0\r\n\r\n+QIRD: 9\r\n\r\nOK\r\n> \x00\r\n\r\nOK\r\n'


def events_of(command: Command, pieces: list[bytes]) -> list[Event]:
    engine = AtEngine(DIALECT)
    engine.start(command)
    return [event for piece in pieces for event in engine.receive(piece)]


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@given(st.lists(st.integers(0, 500)))
def test_payload_that_looks_like_results_is_counted(cuts: list[int]) -> None:
    """A payload with OK, a prompt and NUL in it is one payload, in any chunking."""
    command = Command("AT+QIRD=0,9", binary=Binary("+QIRD:"))
    assert events_of(command, cut(STREAM, cuts)) == [
        Echo("AT+QIRD=0,9"), Urc('+CMTI: "ME",0'), Info("+QIRD: 9"),
        Payload(b"\r\nOK\r\n> \x00"), Final("OK", True),
    ]  # fmt: skip


@given(st.binary(max_size=600), st.lists(st.integers(0, 600)))
def test_any_bytes_in_any_chunks(data: bytes, cuts: list[int]) -> None:
    """Garbage never raises, and gives the same events whole or in pieces."""
    command = Command("AT+X", prompt="> ")
    assert events_of(command, cut(data, cuts)) == events_of(command, [data])


def test_unsolicited_registration_inside_its_own_read() -> None:
    """The URC without <n> is told apart from the read answer with the same prefix."""
    data = b'\r\n+CEREG: 5,"1A2B","01",8\r\n\r\n+CEREG: 2,5\r\n\r\nOK\r\n'
    assert events_of(Command("AT+CEREG?"), [data]) == [
        Urc('+CEREG: 5,"1A2B","01",8'), Info("+CEREG: 2,5"), Final("OK", True),
    ]  # fmt: skip


def test_prompt_split_over_reads() -> None:
    """A prompt without newline is seen once both of its bytes are there."""
    pieces = [b"AT+CMGS=5\r\r\n", b">", b" "]
    command = Command("AT+CMGS=5", prompt="> ")
    assert events_of(command, pieces) == [Echo("AT+CMGS=5"), Prompt("> ")]
