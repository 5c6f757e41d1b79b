"""Unsolicited codes: told apart, never lost, in order, bounded; and answers that come late."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.at.dialect import Binary, Command, Dialect
from harness.at.engine import AtEngine
from harness.at.events import Echo, Event, Final, Info, Noise, Payload, Urc
from tests.at.test_engine_responses import DIALECT, OK, events_of

URCS = [
    (b'\r\n+CMTI: "ME",0\r\n', Urc('+CMTI: "ME",0')),
    (b"\r\n+CEREG: 1\r\n", Urc("+CEREG: 1")),
    (b'\r\n+CEREG: 5,"1A2B","01020304",8\r\n', Urc('+CEREG: 5,"1A2B","01020304",8')),
    (b'\r\n+QIURC: "recv",0\r\n', Urc('+QIURC: "recv",0')),
    (b'\r\n+QIURC: "closed",0\r\n', Urc('+QIURC: "closed",0')),
    (b'\r\n+QIURC: "incoming",11,2,"10.0.0.1",80\r\n',
     Urc('+QIURC: "incoming",11,2,"10.0.0.1",80')),
    (b'\r\n+QIURC: "recv",0,7\r\n\r\nOK\r\n\x00', Urc('+QIURC: "recv",0,7', b"\r\nOK\r\n\x00")),
    (b'\r\n+CMT: "5277",,"26/01/01"\r\nOK\r\n', Urc('+CMT: "5277",,"26/01/01"', b"OK")),
    (b"\r\nRING\r\n", Urc("RING")),
    (b"\r\nRDY\r\n", Urc("RDY")),
]  # fmt: skip

# Responses as the parts between which a code may come; what belongs together is one part.
RESPONSES: list[tuple[Command, list[bytes]]] = [
    (Command("AT"), [b"\r\nOK\r\n"]),
    (Command("AT"), [b"AT\r\r\n", b"OK\r\n"]),
    (Command("AT+CEREG?"), [b"AT+CEREG?\r\r\n", b'+CEREG: 2,5,"1A2B","01",8\r\n', b"\r\nOK\r\n"]),
    (Command("AT+CSQ"), [b"\r\n+CSQ: 18,99\r\n", b"\r\n+CME ERROR: 14\r\n"]),
    (Command("ATI"), [b"\r\nQuectel\r\n", b"BG96\r\n", b"Revision: 1\r\n", b"\r\nOK\r\n"]),
    (Command("AT+QIRD=0,9", binary=Binary("+QIRD:")),
     [b"\r\n+QIRD: 6\r\n\r\nOK\r\n\r\n", b"\r\nOK\r\n"]),
    (Command("AT+CMGR=1", data_lines=True), [b"\r\n+CMGR: 0,,3\r\n0791\r\n", b"\r\nOK\r\n"]),
]  # fmt: skip


@given(
    st.sampled_from(RESPONSES),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(URCS)), max_size=6),
    st.lists(st.integers(0, 400)),
)
def test_codes_anywhere_in_a_response(
    response: tuple[Command, list[bytes]],
    codes: list[tuple[int, tuple[bytes, Urc]]],
    cuts: list[int],
) -> None:
    """Codes at any line boundary leave the response as it is, and are kept in their order."""
    command, parts = response
    plain = events_of(command, b"".join(parts))
    placed = [(at % (len(parts) + 1), code) for at, code in codes]
    wire, expected = b"", list[Urc]()
    for index in range(len(parts) + 1):
        for place, (data, urc) in placed:
            if place == index:
                wire += data
                expected.append(urc)
        wire += parts[index] if index < len(parts) else b""
    edges = sorted({0, len(wire), *(at % (len(wire) + 1) for at in cuts)})
    found = events_of(command, *(wire[a:b] for a, b in itertools.pairwise(edges)))
    assert [event for event in found if isinstance(event, Urc)] == expected
    assert [event for event in found if not isinstance(event, Urc)] == plain


@given(
    st.lists(st.sampled_from([data for data, _ in URCS] + [b"\xff", b"\n", b"OK\r\n", b"> "])),
    st.lists(st.integers(0, 900)),
    st.booleans(),
)
def test_any_chunking_gives_the_same_events(
    parts: list[bytes], cuts: list[int], numeric: bool
) -> None:
    """Codes and garbage while idle are the same events, whole or in pieces, also with ATV0."""
    wire = b"".join(parts)
    dialect = Dialect(DIALECT.urcs, line_limit=40, numeric=numeric)
    edges = sorted({0, len(wire), *(at % (len(wire) + 1) for at in cuts)})
    whole, pieces = AtEngine(dialect), AtEngine(dialect)
    found = [e for a, b in itertools.pairwise(edges) for e in pieces.receive(wire[a:b])]
    assert found == whole.receive(wire)


def test_flood() -> None:
    """Ten thousand codes inside one response are all kept, in order."""
    flood = b"".join(b'\r\n+CMTI: "ME",%d\r\n' % index for index in range(10_000))
    found = events_of("AT+CSQ", b"\r\n+CSQ: 1,99\r\n" + flood + b"\r\nOK\r\n")
    assert found[0] == Info("+CSQ: 1,99")
    assert found[-1] == OK
    assert found[1:-1] == [Urc(f'+CMTI: "ME",{index}') for index in range(10_000)]


@given(st.binary(min_size=1, max_size=3000).filter(lambda data: b"\n" not in data))
def test_line_without_end_is_bounded(data: bytes) -> None:
    """Bytes without a line end are given out as noise; never more than the limit is kept."""
    engine = AtEngine(Dialect(line_limit=100))
    events = [event for at in range(len(data)) for event in engine.receive(data[at : at + 1])]
    events += engine.flush()
    assert all(isinstance(event, Noise) for event in events)
    assert b"".join(event.data for event in events if isinstance(event, Noise)) == data
    assert max(len(event.data) for event in events if isinstance(event, Noise)) <= 101


def test_absurd_byte_count_is_no_reason_to_wait() -> None:
    """A count past the payload limit is not waited for."""
    engine = AtEngine(DIALECT)
    text = '+QIURC: "recv",0,99999999'
    assert engine.receive(text.encode() + b"\r\n\r\nRDY\r\n") == [Urc(text), Urc("RDY")]


def test_answer_without_length_is_bounded() -> None:
    """Data that run up to a mark which never comes end at the payload limit."""
    rule = Binary("CONNECT", until=re.compile(b"\r\nOK\r\n"))
    engine = AtEngine(Dialect(payload_limit=1000))
    engine.start(Command("AT+R", binary=rule))
    events = engine.receive(b"\r\nCONNECT\r\n" + b"x" * 1500 + b"\r\nOK\r\n")
    assert events == [Info("CONNECT"), Noise(b"x" * 1000), Info("x" * 500), OK]


def test_data_up_to_a_mark() -> None:
    """Data without a stated length end where the mark begins, in any two pieces."""
    command = Command(
        "AT+R", binary=Binary("CONNECT", until=re.compile(rb"\r\nOK\r\n(?=\r\n\+R:)"))
    )
    wire = b"\r\nCONNECT\r\nab\r\nOK\r\ncd\r\nOK\r\n\r\n+R: 0\r\n"
    expected: list[Event] = [Info("CONNECT"), Payload(b"ab\r\nOK\r\ncd"), OK, Urc("+R: 0")]
    for at in range(len(wire)):
        assert events_of(command, wire[:at], wire[at:]) == expected


# Answers after the command was given up


def test_half_line_of_a_code_survives_giving_up() -> None:
    """A code of which half had come when the command was given up is not lost."""
    engine = AtEngine(DIALECT)
    engine.start(Command("AT+COPS=?"))
    engine.receive(b'\r\n+CMTI: "M')
    assert engine.forget() == []
    assert engine.receive(b'E",3\r\n') == [Urc('+CMTI: "ME",3')]


def test_half_payload_is_noise_not_nothing() -> None:
    """What had come of a payload is given out when its command is given up."""
    engine = AtEngine(DIALECT)
    engine.start(Command("AT+QIRD=0,9", binary=Binary("+QIRD:")))
    assert engine.receive(b"\r\n+QIRD: 9\r\nabc") == [Info("+QIRD: 9")]
    assert engine.forget() == [Noise(b"abc")]
    assert engine.running is None


def test_flush_ends_what_never_came() -> None:
    """After a silence a half line is noise, and a code keeps the data that came."""
    engine = AtEngine(DIALECT)
    assert engine.receive(b"\x00\x00") == []
    assert engine.flush() == [Noise(b"\x00\x00")]
    assert engine.receive(b'+QIURC: "recv",0,9\r\nabc') == []
    assert engine.flush() == [Urc('+QIURC: "recv",0,9', b"abc")]
    assert engine.flush() == []


@pytest.mark.parametrize("final", [b"\r\nOK\r\n", b"\r\n+CME ERROR: 30\r\n"])
def test_late_answer_is_not_the_next_commands(final: bytes) -> None:
    """Information and result of a given-up command are noise while another one runs."""
    engine = AtEngine(DIALECT)
    engine.start(Command("AT+COPS?"))
    engine.forget()
    engine.start(Command("AT+CSQ"))
    found = engine.receive(b'AT+CSQ\r\r\n+COPS: 0,0,"KPN"\r\n' + final + b"\r\n+CSQ: 1,99\r\n")
    assert found == [
        Echo("AT+CSQ"), Noise(b'+COPS: 0,0,"KPN"'), Noise(final.strip()), Info("+CSQ: 1,99"),
    ]  # fmt: skip
    assert engine.receive(b"\r\nOK\r\n") == [OK]


def test_late_registration_is_told_from_its_code() -> None:
    """The late answer of AT+CEREG? is noise, the code with the same prefix is a code."""
    engine = AtEngine(DIALECT)
    engine.start(Command("AT+CEREG?"))
    engine.forget()
    engine.start(Command("AT+CSQ"))
    late = b"\r\n+CEREG: 1\r\n\r\n+CEREG: 0,1\r\n\r\nOK\r\n"
    assert engine.receive(late + b"\r\n+CSQ: 1,99\r\n\r\nOK\r\n") == [
        Urc("+CEREG: 1"), Noise(b"+CEREG: 0,1"), Noise(b"OK"), Info("+CSQ: 1,99"), OK,
    ]  # fmt: skip


def test_same_command_again_takes_its_answer() -> None:
    """When the given-up command is asked again, its information is an answer."""
    engine = AtEngine(DIALECT)
    for _ in range(2):
        engine.forget()
        engine.start(Command("AT+COPS?"))
    assert engine.receive(b"\r\n+COPS: 0\r\n\r\nOK\r\n") == [Info("+COPS: 0"), OK]


def test_late_result_while_idle() -> None:
    """A result without a command is noise, and does not disturb the next command."""
    engine = AtEngine(DIALECT)
    assert engine.receive(b"\r\nOK\r\n\r\n+CME ERROR: 3\r\n") == [
        Noise(b"OK"), Noise(b"+CME ERROR: 3"),
    ]  # fmt: skip
    engine.start(Command("AT"))
    assert engine.receive(b"\r\nERROR\r\n") == [Final("ERROR", False)]
