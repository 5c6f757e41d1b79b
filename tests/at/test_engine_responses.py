"""What a response is: echo, line ends, results, prompts and payload (V.250, 27.007, 27.005)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.at.dialect import Binary, Command, Dialect, UrcKind, always, registration
from harness.at.engine import AtEngine, LocalProtocolError
from harness.at.events import Echo, Event, Final, Info, Noise, Payload, Prompt, Urc

OK = Final("OK", True)
DIALECT = Dialect(
    urcs=(
        UrcKind("+CEREG:", registration), UrcKind("+CMTI:"), UrcKind("RDY"),
        UrcKind("+CMT:", always, data_line=True),
        UrcKind('+QIURC: "recv"', always, data_field=2), UrcKind("+QIURC:", always),
        UrcKind("+QIOPEN:", always),
    ),
    finals=(("SEND OK", True), ("SEND FAIL", False)),
)  # fmt: skip


def events_of(command: Command | str, *pieces: bytes, dialect: Dialect = DIALECT) -> list[Event]:
    engine = AtEngine(dialect)
    engine.start(Command(command) if isinstance(command, str) else command)
    return [event for piece in pieces for event in engine.receive(piece)]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r\r\n", b"\r\n\r\n", b"\r\n\r\n\r\n"])
@pytest.mark.parametrize("start", [b"\r\n", b"", b"\r\n\r\n"])
@pytest.mark.parametrize("echo", [b"", b"AT+CSQ\r"])
def test_line_ends_and_blank_lines(echo: bytes, start: bytes, end: bytes) -> None:
    """Every mixture of line ends and blank lines that modems send is the same response."""
    wire = echo + (start or (b"\r\n" if echo else b"")) + b"+CSQ: 18,99" + end + start + b"OK" + end
    found = [event for event in events_of("AT+CSQ", wire) if not isinstance(event, Echo)]
    assert found == [Info("+CSQ: 18,99"), OK]


def test_echo_with_the_prefix_of_the_answer() -> None:
    """The echo of a command is compared as a whole and dropped once, prefix or not."""
    assert events_of("AT+CEREG?", b"AT+CEREG?\r\r\n+CEREG: 0,1\r\n\r\nOK\r\n") == [
        Echo("AT+CEREG?"), Info("+CEREG: 0,1"), OK,
    ]  # fmt: skip


def test_only_one_echo_is_dropped() -> None:
    """A second line that equals the command is information."""
    assert events_of("ATI", b"ATI\r\r\nATI\r\n\r\nOK\r\n") == [Echo("ATI"), Info("ATI"), OK]


def test_garbage_before_the_echo() -> None:
    """Framing garbage glued to the echo is noise, and the echo is still recognised."""
    assert events_of("AT+CSQ", b"\x00\xffAT+CSQ\r\r\nOK\r\n") == [
        Noise(b"\x00\xff"), Echo("AT+CSQ"), OK,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("OK", True), ("ERROR", False), ("+CME ERROR: 10", False), ("ABORTED", False),
        ("+CME ERROR: SIM not inserted", False), ("+CMS ERROR: 321", False),
        ("CONNECT", True), ("CONNECT 150000000", True), ("SEND OK", True), ("SEND FAIL", False),
    ],
)  # fmt: skip
def test_final_results(text: str, ok: bool) -> None:
    """Each final result ends the command and says whether it succeeded."""
    assert events_of("AT+X", f"\r\n{text}\r\n".encode()) == [Final(text, ok)]


@pytest.mark.parametrize("text", ["OKAY", "+CME: 1", "CONNECTED", "SEND OK 1", " OK", "ERROR: 1"])
def test_lines_that_only_look_like_results(text: str) -> None:
    """A line that merely begins like a result is information."""
    assert events_of("AT+X", f"\r\n{text}\r\n\r\nOK\r\n".encode()) == [Info(text), OK]


@pytest.mark.parametrize("text", ["NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE"])
def test_results_of_calls(text: str) -> None:
    """NO CARRIER and its like end a call command; during any other they are unsolicited."""
    wire = f"\r\n{text}\r\n".encode()
    assert events_of("ATD*99#", wire) == [Final(text, False)]
    assert events_of("AT+CSQ", wire + b"\r\nOK\r\n") == [Urc(text), OK]
    assert AtEngine(DIALECT).receive(wire) == [Urc(text)]


@pytest.mark.parametrize(
    ("digit", "text", "ok"), [(0, "OK", True), (1, "CONNECT", True), (4, "ERROR", False)]
)
@pytest.mark.parametrize("lf", [b"", b"\n"])
def test_numeric_results(digit: int, text: str, ok: bool, lf: bytes) -> None:
    """With ATV0 a digit and CR end the command, and an LF after it begins no line."""
    engine = AtEngine(Dialect(numeric=True))
    engine.start(Command("AT+CSQ"))
    assert engine.receive(b"+CSQ: 18,99\r\n%d\r" % digit) == [
        Info("+CSQ: 18,99"), Final(text, ok),
    ]  # fmt: skip
    assert engine.receive(lf + b"2\r") == [Urc("RING")]


@pytest.mark.parametrize("prompt", ["> ", ">", "@", ">>>", "CONNECT", "DOWNLOAD"])
def test_prompts_split_at_every_byte(prompt: str) -> None:
    """A prompt is seen in any pieces, with a newline after it or not, and a code before it."""
    wire = b'AT+S=3\r\r\n+CMTI: "ME",0\r\n\r\n' + prompt.encode()
    wire += b"\r\n" if prompt.isalpha() else b""
    for at in range(len(wire) + 1):
        assert events_of(Command("AT+S=3", prompt=prompt), wire[:at], wire[at:]) == [
            Echo("AT+S=3"), Urc('+CMTI: "ME",0'), Prompt(prompt),
        ]  # fmt: skip


def test_error_instead_of_the_prompt() -> None:
    """A command that is refused before its prompt is over."""
    command = Command('AT+CMGS="1"', prompt="> ")
    assert events_of(command, b"\r\n+CMS ERROR: 305\r\n") == [Final("+CMS ERROR: 305", False)]


def test_data_that_reads_ok_is_not_taken_for_the_result() -> None:
    """With echo the data's own line OK is its echo; without echo OK is the result."""
    for echo, after in ((b"AT+S\r\r\n", b"OK\r\nSEND OK\r\n"), (b"\r\n", b"\r\nOK\r\n")):
        engine = AtEngine(DIALECT)
        engine.start(Command("AT+S", prompt="> "))
        engine.receive(echo + b"> ")
        engine.send_payload(b"OK")
        found = engine.receive(after)
        assert found[-1] == Final("SEND OK" if b"SEND" in after else "OK", True)
        assert engine.running is None


def test_text_prompt_repeats_after_each_line() -> None:
    """The prompt that a modem repeats per line of text is told apart from the result."""
    engine = AtEngine(DIALECT)
    engine.start(Command("AT+CMGS=1", prompt="> "))
    assert engine.receive(b"AT+CMGS=1\r\r\n> ") == [Echo("AT+CMGS=1"), Prompt("> ")]
    engine.send_payload(b"one\rtwo\x1a")
    assert engine.receive(b"one\r\n> two\x1a\r\n+CMGS: 7\r\n\r\nOK\r\n") == [
        Echo("one"), Prompt("> "), Echo("two"), Info("+CMGS: 7"), OK,
    ]  # fmt: skip


HOSTILE = st.lists(
    st.sampled_from([
        b"\r\nOK\r\n", b"\r\nERROR\r\n", b"> ", b"@", b">>>", b"\r\nNO CARRIER\r\n", b"\x00",
        b"\x1a", b"\x1b", b'"', b"\n", b"\r", b'\r\n+CMTI: "ME",0\r\n', b"AT+QIRD=0,1500\r",
        b"\r\n+QIRD: 3\r\n", b"\xff\xfe",
    ])
    | st.binary(max_size=9),
    min_size=1, max_size=12,
).map(b"".join).filter(bool)  # fmt: skip


@given(HOSTILE, st.lists(st.integers(0, 300)))
def test_payload_is_counted(payload: bytes, cuts: list[int]) -> None:
    """Whatever the payload holds, it is returned as it was, in any chunking."""
    command = Command("AT+QIRD=0,1500", binary=Binary("+QIRD:"))
    wire = b"\r\n+QIRD: %d\r\n%s\r\n\r\nOK\r\n" % (len(payload), payload)
    edges = sorted({0, len(wire), *(at % (len(wire) + 1) for at in cuts)})
    pieces = [wire[a:b] for a, b in itertools.pairwise(edges)]
    assert events_of(command, *pieces) == [Info(f"+QIRD: {len(payload)}"), Payload(payload), OK]


def test_payload_of_no_bytes() -> None:
    """A count of zero is followed by the result at once."""
    command = Command("AT+QIRD=0,1500", binary=Binary("+QIRD:"))
    assert events_of(command, b"\r\n+QIRD: 0\r\n\r\nOK\r\n") == [Info("+QIRD: 0"), OK]


def test_quoted_parameters_with_separators() -> None:
    """Semicolons and commands inside quotes do not count as commands of the line."""
    assert Command('AT+QICSGP=1,1,"a;+CEREG=1"').own_prefixes == ("+QICSGP:",)
    assert Command("AT+CREG?;+CEREG?;E0").own_prefixes == ("+CREG:", "+CEREG:")
    assert Command("at+creg?").own_prefixes == ("+CREG:",)
    assert Command("ATE0V1").own_prefixes == ()


def test_several_commands_on_one_line() -> None:
    """Information of every command on the line is its answer; one result ends them all."""
    wire = b'\r\n+CREG: 0,1\r\n\r\n+CEREG: 5,"1A2B"\r\n\r\n+CEREG: 0,5\r\n\r\nOK\r\n'
    assert events_of("AT+CREG?;+CEREG?", wire) == [
        Info("+CREG: 0,1"), Urc('+CEREG: 5,"1A2B"'), Info("+CEREG: 0,5"), OK,
    ]  # fmt: skip


def test_sms_lines_that_look_like_results() -> None:
    """The line after +CMGR is data, also when it reads OK; so is an empty one."""
    command = Command("AT+CMGR=0", data_lines=True)
    for text in ("OK", "ERROR", '+CMTI: "ME",1', "> ", ""):
        wire = f'\r\n+CMGR: "REC UNREAD","5277"\r\n{text}\r\n\r\nOK\r\n'.encode()
        assert events_of(command, wire) == [Info('+CMGR: "REC UNREAD","5277"'), Info(text), OK]


def test_result_other_than_ok() -> None:
    """A line declared as the end of a command ends it (+CPOWD, CIFSR)."""
    command = Command("AT+CPOWD=1", completes="NORMAL POWER DOWN")
    assert events_of(command, b"\r\nNORMAL POWER DOWN\r\n") == [Final("NORMAL POWER DOWN", True)]


def test_misuse_is_our_own_error() -> None:
    """Two commands at once, a line break in a command, or data without a prompt are refused."""
    engine = AtEngine(DIALECT)
    with pytest.raises(LocalProtocolError, match="CR or LF"):
        engine.start(Command("AT\r"))
    with pytest.raises(LocalProtocolError, match="prompt"):
        engine.send_payload(b"x")
    engine.start(Command("AT"))
    with pytest.raises(LocalProtocolError, match="AT is running"):
        engine.start(Command("AT+CSQ"))


def test_line_ends_in_a_string_where_the_modem_takes_them() -> None:
    """They go out as they are between quotes, and nowhere else."""
    engine = AtEngine(Dialect(line_end="\r\n", lines_in_strings=True))
    assert engine.start(Command('AT+X="a\nb"')) == b'AT+X="a\nb"\r\n'
    assert engine.receive(b"\r\nOK\r\n") == [Final("OK", True)]
    with pytest.raises(LocalProtocolError, match="CR or LF"):
        engine.start(Command('AT+X="a"\nb'))
