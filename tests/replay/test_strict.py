"""Strict replay: exactly the recorded bytes in the recorded order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.virtual_modem.replay import Event, Mismatch, StrictFollower
from tests.replay.lines import HOST, SESSION, script, spoken, talk, told

WHOLE = "".join(HOST).encode("latin-1")
HEARD = "".join(text for who, text in SESSION if who == "rx")


def test_the_recorded_host() -> None:
    """The recorded bytes get the recorded answers, and then nothing is missing."""
    matcher = StrictFollower(script())
    assert spoken(matcher.start()) + "".join(talk(matcher, *HOST)) == HEARD
    assert matcher.missing is None
    assert matcher.played == len(HOST)


def test_another_command() -> None:
    """The first byte that differs ends it, with the line of the recording and both texts."""
    matcher = StrictFollower(script())
    events = matcher.receive(b"ATE0\rAT+CPIN=1\rAT+CSQ\r")
    assert told(events) == [Mismatch(7, "AT+CEREG?\r", "AT+CS")]
    assert matcher.receive(b"AT+CEREG?\r") == []
    assert matcher.missing is None  # the mismatch says it


def test_too_much_and_too_little() -> None:
    """Bytes behind the end of the recording differ too; what did not come is missing."""
    matcher = StrictFollower(script())
    matcher.receive(WHOLE[:-3])
    assert matcher.missing == Mismatch(33, "AT+CSQ\r", "AT+C")
    assert told(matcher.receive(WHOLE[-3:] + b"A")) == [Mismatch(33, "", "A")]


def test_echo_where_it_came() -> None:
    """An echo letter by letter comes letter by letter."""
    matcher = StrictFollower(script([
        ("tx", "A"), ("rx", "A"), ("tx", "T"), ("rx", "T"), ("tx", "\r"), ("rx", "\r\r\nOK\r\n"),
    ]))  # fmt: skip
    assert talk(matcher, "A", "T", "\r") == ["A", "T", "\r\r\nOK\r\n"]


def test_redaction_matches_anything_up_to_what_follows() -> None:
    """A mark takes what the host sends, but not the end of its line."""
    session = [("tx", 'AT+CLCK="SC",1,‹pin›\r\n'), ("rx", "\r\nOK\r\n"), ("tx", "AT\r\n")]
    matcher = StrictFollower(script(session))
    assert talk(matcher, 'AT+CLCK="SC",1,"99"\r\n', "AT\r\n") == ["\r\nOK\r\n", ""]
    for wrong in ('AT+CLCK="SC",0', 'AT+CLCK="SC",1,"99"\rA'):
        (mismatch,) = told(StrictFollower(script(session)).receive(wrong.encode()))
        assert isinstance(mismatch, Mismatch)
        assert mismatch.seen == wrong


@given(st.integers(0, len(WHOLE)), st.binary(max_size=3), st.data())
def test_any_chunking_gives_the_same(at: int, wrong: bytes, data: st.DataObject) -> None:
    """However the bytes arrive, also wrong ones, the same events come of them."""
    sent = WHOLE[:at] + wrong + WHOLE[at:]
    expected = StrictFollower(script()).receive(sent)
    matcher = StrictFollower(script())
    events: list[Event] = []
    done = 0
    while done < len(sent):
        size = data.draw(st.integers(1, len(sent) - done))
        events += matcher.receive(sent[done : done + size])
        done += size
    assert events == expected
