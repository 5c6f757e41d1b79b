"""Data that stand on the line of their own head: SIM7080 +CARECV, u-blox +USORD, Telit <<<."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.at.dialect import Binary, Command, Dialect
from harness.at.engine import AtEngine
from harness.at.events import Event, Final, Info, Payload, Prompt, Urc

CARECV = Binary("+CARECV:", inline=re.compile(rb"\+CARECV: (\d+),"))
USORD = Binary("+USORD:", inline=re.compile(rb'\+USORD: \d+,(\d+),"'))
HTTPRCV = Binary("<<<", inline=re.compile(rb"<<<"), length=7)
TO_THE_END = Binary("<<<", inline=re.compile(rb"<<<"), until=re.compile(rb"\r\nOK\r\n"))


def run(binary: Binary, pieces: list[bytes]) -> list[Event]:
    engine = AtEngine(Dialect())
    engine.start(Command("AT+X", prefix=binary.after, binary=binary))
    return [event for piece in pieces for event in engine.receive(piece)]


CASES = [
    (CARECV, b"\r\n+CARECV: 7,a\r\nOK\r\n\r\n\r\nOK\r\n", b"a\r\nOK\r\n", "+CARECV: 7,"),
    (USORD, b'\r\n+USORD: 0,7,""\r\nOK\x00""\r\n\r\nOK\r\n', b'"\r\nOK\x00"', '+USORD: 0,7,"'),
    (HTTPRCV, b"\r\n<<<<OK\r\n>>\r\nOK\r\n", b"<OK\r\n>>", "<<<"),
    (TO_THE_END, b"\r\n<<<abc\r\nOK\r\n", b"abc", "<<<"),
]


@pytest.mark.parametrize(("binary", "wire", "data", "head"), CASES)
def test_data_after_a_head_on_the_same_line(
    binary: Binary, wire: bytes, data: bytes, head: str
) -> None:
    """The data are taken by count, and what is left of their line is no information."""
    seen = run(binary, [wire])
    assert seen == [Info(head), Payload(data), Final("OK", True)]


@pytest.mark.parametrize(
    "wire", [b'\r\n+USORD: 0,0,""\r\n\r\nOK\r\n', b"\r\n+USORD: 0,0\r\n\r\nOK\r\n"]
)
def test_no_data(wire: bytes) -> None:
    """Nothing buffered: information without data, in both forms that are seen."""
    kinds = [type(event) for event in run(USORD, [wire])]
    assert kinds == [Info, Final]


@given(
    data=st.binary(min_size=1, max_size=40),
    cuts=st.lists(st.integers(0, 120), max_size=6),
    case=st.sampled_from(["ca", "us"]),
)
def test_any_chunking_gives_the_same(data: bytes, cuts: list[int], case: str) -> None:
    """Whatever the data are and however the bytes arrive, they come out whole."""
    if case == "ca":
        binary, wire = CARECV, b"\r\n+CARECV: %d,%s\r\n\r\nOK\r\n" % (len(data), data)
    else:
        binary, wire = USORD, b'\r\n+USORD: 3,%d,"%s"\r\n\r\nOK\r\n' % (len(data), data)
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    pieces = [wire[a:b] for a, b in itertools.pairwise(edges)]
    seen = run(binary, pieces)
    assert [event for event in seen if not isinstance(event, Info)] == [
        Payload(data),
        Final("OK", True),
    ]
    assert len(seen) == 3


def test_the_word_of_the_prompt_before_the_data_of_the_answer() -> None:
    """HL78's +KHTTPPOST: CONNECT asks for the body, a second CONNECT comes before the response."""
    engine = AtEngine(Dialect())
    rule = Binary("CONNECT", until=re.compile(rb"--EOF--\r\n\r\nOK\r\n"))
    engine.start(Command("AT+KHTTPPOST=1", prompt="CONNECT", binary=rule))
    assert engine.receive(b"\r\nCONNECT\r\n") == [Prompt("CONNECT")]
    engine.send_payload(b"[]")
    wire = b"\r\nCONNECT\r\nHTTP/1.1 200\r\n\r\nOK\r\n--EOF--\r\n\r\nOK\r\n"
    seen = [event for event in engine.receive(wire) if not isinstance(event, Info)]
    assert seen == [Payload(b"HTTP/1.1 200\r\n\r\nOK\r\n"), Final("OK", True)]


def test_ok_that_asks_for_data() -> None:
    """Data mode: OK is the prompt, and what ends the command is named."""
    engine = AtEngine(Dialect())
    engine.start(Command("AT#XSEND", prompt="OK", completes="#XDATAMODE:"))
    assert engine.receive(b"\r\nOK\r\n") == [Prompt("OK")]
    engine.send_payload(b"abc+++")
    assert engine.receive(b"\r\n#XDATAMODE: 0\r\n") == [Final("#XDATAMODE: 0", True)]


def test_raw_data_without_a_command() -> None:
    """What comes up to the pattern is one payload, and the match is read as a line."""
    engine = AtEngine(Dialect())
    engine.expect_raw(re.compile(rb"\r\n#XHTTPCRSP:\d+,1\r\n"))
    wire = b"HTTP/1.1 200\r\n\r\nOK\r\n\r\n#XHTTPCRSP:4,1\r\n"
    seen = [event for byte in wire for event in engine.receive(bytes([byte]))]
    assert seen == [Payload(b"HTTP/1.1 200\r\n\r\nOK\r\n"), Urc("#XHTTPCRSP:4,1")]
