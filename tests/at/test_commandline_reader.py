"""The modem's side of the command line."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from harness.at.commandline import (
    CommandLineReader,
    Echo,
    Event,
    Line,
    Overlong,
    Payload,
    PayloadAborted,
)


def events(reader: CommandLineReader, data: bytes) -> list[Event]:
    reader.receive(data)
    found = []
    while (event := reader.next_event()) is not None:
        found.append(event)
    return found


def test_a_line_is_echoed_exactly_and_given_without_its_prefix() -> None:
    """Echo is what was typed; the line is what follows AT."""
    assert events(CommandLineReader(), b"at+CSQ\r") == [Echo(b"at+CSQ\r"), Line("+CSQ")]


def test_lf_after_cr_is_neither_echoed_nor_part_of_the_next_line() -> None:
    """A host may end its lines with CR LF."""
    found = events(CommandLineReader(), b"AT\r\nATI\r\n")
    assert found == [Echo(b"AT\r"), Line(""), Echo(b"ATI\r"), Line("I")]


def test_backspace_edits_and_a_slash_repeats() -> None:
    """V.250 §5.2.2 and §5.2.3."""
    reader = CommandLineReader(echo=False)
    assert events(reader, b"ATX\x08I\r") == [Line("I")]
    assert events(reader, b"a/") == [Line("I", repeated=True)]


def test_a_line_without_prefix_is_no_command_line() -> None:
    """Noise gets no answer."""
    assert events(CommandLineReader(echo=False), b"noise\r\r\x00\xffAT\r") == [Line("")]


def test_an_endless_line_is_bounded() -> None:
    """What exceeds the buffer makes the line an error, not a leak."""
    reader = CommandLineReader(echo=False, max_line=10)
    assert events(reader, b"AT" + b"+" * 50 + b"\rAT\r") == [Overlong(), Line("")]


def test_lf_before_the_prompt_is_no_payload_and_after_it_is() -> None:
    """Fact 1.1: only an LF that was there before the prompt belongs to the command."""
    reader = CommandLineReader(echo=False)
    reader.receive(b"AT+QISEND=0,2\r\n")
    assert reader.next_event() == Line("+QISEND=0,2")
    reader.expect_bytes(2)
    assert events(reader, b"\nx") == [Payload(b"\nx")]


def test_a_host_known_for_cr_lf_may_send_its_lf_after_the_prompt() -> None:
    """Chunking must not turn a line end into payload."""
    reader = CommandLineReader(echo=False)
    events(reader, b"AT\r\nAT\r\n")
    assert events(reader, b"AT+QISEND=0,2\r") == [Line("+QISEND=0,2")]
    reader.expect_bytes(2)
    assert events(reader, b"\nxy") == [Payload(b"xy")]


def test_text_ends_with_ctrl_z_or_esc() -> None:
    """27.005 §3.5.1, in any chunking."""
    reader = CommandLineReader()
    reader.expect_text()
    assert events(reader, b"ab") == [Echo(b"ab")]
    assert events(reader, b"c\x1aAT\r")[:2] == [Echo(b"c"), Payload(b"abc")]
    reader.expect_text()
    assert events(reader, b"x\x1b") == [Echo(b"x"), PayloadAborted()]


@given(st.lists(st.sampled_from([b"AT", b"+CSQ", b"\r", b"\r\n", b"\x08", b"A/", b"z", b"\x00"])),
       st.lists(st.integers(1, 5)))  # fmt: skip
def test_any_chunking_gives_the_same_lines_and_echo(pieces: list[bytes], cuts: list[int]) -> None:
    """What a line means does not depend on how its bytes arrive."""
    data = b"".join(pieces)
    whole = events(CommandLineReader(), data)
    reader, parts, at = CommandLineReader(), [], 0
    for cut in [*cuts, len(data)]:
        parts += events(reader, data[at : at + cut])
        at += cut
    parts += events(reader, data[at:])

    def shape(found: list[Event]) -> tuple[bytes, list[Event]]:
        echo = b"".join(e.data for e in found if isinstance(e, Echo))
        return echo, [e for e in found if not isinstance(e, Echo)]

    assert shape(parts) == shape(whole)


@given(
    data=st.binary(max_size=60),
    cuts=st.lists(st.integers(0, 90), max_size=5),
    mark=st.sampled_from([b"--EOF--Pattern--", b"+++"]),
)
def test_payload_up_to_a_mark(data: bytes, cuts: list[int], mark: bytes) -> None:
    """Whatever comes before the mark is payload, in any chunking; what follows is a command."""
    data = data.replace(mark, b"").strip(mark[:1])
    reader = CommandLineReader(echo=False)
    reader.expect_mark(mark, 1000)
    wire = data + mark + b"ATI\r"
    edges = [0, *sorted(min(cut, len(wire)) for cut in cuts), len(wire)]
    events = []
    for start, end in itertools.pairwise(edges):
        reader.receive(wire[start:end])
        while (event := reader.next_event()) is not None:
            events.append(event)
    assert events == [Payload(data), Line("I")]


def test_payload_without_its_mark_is_bounded() -> None:
    """What exceeds the limit is dropped, and the mark is still found."""
    reader = CommandLineReader(echo=False)
    reader.expect_mark(b"+++", 10)
    for _ in range(100):
        reader.receive(b"x" * 1000)
        assert reader.next_event() is None
        assert reader.pending < 3
    reader.receive(b"+++")
    assert reader.next_event() == Payload(b"x" * 10)


def test_line_ends_in_a_string_belong_to_it() -> None:
    """Only where a line ends with CR LF: the string is kept as it is, also in a line too long."""
    reader = CommandLineReader(echo=False, crlf=True)
    typed = b'AT%CMNG=0,1,0,"a\nb\r\nc"\r\nAT\x01I\r\n'
    assert events(reader, typed) == [Line('%CMNG=0,1,0,"a\nb\r\nc"'), Line("I")]
    short = CommandLineReader(echo=False, crlf=True, max_line=6)
    assert events(short, b'AT+X="123\r\n456"\r\nAT\r\n') == [Overlong(), Line("")]
    assert events(CommandLineReader(echo=False), b'AT+X="a\rAT\r') == [Line('+X="a'), Line("")]
