"""Replay by command: found by its text, from here on, then from the start."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.virtual_modem.replay import Event, Follower, PayloadDiffers, Say, Unknown
from tests.replay.lines import HOST, PAYLOAD, SESSION, script, spoken, talk, told

ERROR = "\r\nERROR\r\n"


def _answers() -> list[str]:
    """What was recorded after each piece of the host."""
    answers: list[str] = []
    for who, text in SESSION:
        if who == "tx":
            answers.append("")
        elif answers:
            answers[-1] += text
    return answers


def test_the_same_host_hears_the_same() -> None:
    """The recorded host gets the recorded answers, with the codes where they came."""
    matcher = Follower(script())
    assert spoken(matcher.start()) == "\r\nRDY\r\n"
    assert talk(matcher, *HOST) == _answers()
    assert matcher.played == len(HOST)
    assert matcher.missing is None


def test_next_place_and_around() -> None:
    """A command asked again goes on to its next place, and behind the last one to the first."""
    matcher = Follower(script())
    first, second, third = talk(matcher, *["AT+CEREG?\r"] * 3)
    assert "0,2" in first
    assert "0,1" in second
    assert first == third


def test_commands_left_out_and_in_other_order() -> None:
    """What the host leaves out is skipped; case and white space around a command do not matter."""
    matcher = Follower(script())
    assert talk(matcher, "at+csq \r\n", "ATE0\r", "AT+QISEND=0,4\r", "AT\r\n") == [
        "\r\n+CSQ: 20,99\r\n\r\nOK\r\n", "ATE0\r\r\nOK\r\n", "\r\n> ", ERROR,
    ]  # fmt: skip


def test_never_recorded() -> None:
    """A command that was never recorded is told and answered with ERROR; others go on."""
    matcher = Follower(script())
    events = matcher.receive(b"AT+QPING=1\r")
    assert events == [Unknown("AT+QPING=1"), Say(ERROR.encode())]
    assert talk(matcher, "AT" + "x" * 70_000 + "\r") == [ERROR]
    assert talk(matcher, "AT+CSQ\r") == ["\r\n+CSQ: 20,99\r\n\r\nOK\r\n"]


def test_bare_at() -> None:
    """A line without a command is OK, recorded or not: hosts begin with it."""
    matcher = Follower(script())
    assert matcher.receive(b"AT\r") == [Say(b"\r\nOK\r\n")]
    recorded = [("tx", "AT\r"), ("rx", "AT\r\r\nOK\r\n")]
    assert talk(Follower(script(recorded)), "AT\r") == ["AT\r\r\nOK\r\n"]


def test_payload_decides_between_places() -> None:
    """Of two places with the same command the one with the host's payload is played."""
    matcher = Follower(script())
    assert talk(matcher, "AT+QISEND=0,4\r", "next") == ["\r\n> ", "\r\nSEND OK\r\n"]
    assert talk(matcher, "AT+QISEND=0,4\r", "AT\r\n") == ["\r\n> ", ERROR]


def test_another_payload() -> None:
    """Another payload of the same length is answered as recorded, and told with both texts."""
    matcher = Follower(script())
    other = PAYLOAD.replace("m.m", "x.x")
    talk(matcher, f"AT+QISEND=0,{len(PAYLOAD)}\r")
    events = matcher.receive(other.encode("latin-1"))
    assert told(events) == [PayloadDiffers(14, PAYLOAD, other)]
    assert spoken(events).startswith("\r\nSEND OK")


def test_text_up_to_its_end() -> None:
    """The text of an SMS ends with Ctrl-Z however long it is; ESC gives it up."""
    for text in ("0001\x1a", "\x1b"):
        matcher = Follower(script())
        talk(matcher, "AT+CMGS=14\r")
        (differs,) = told(matcher.receive(text.encode()))
        assert isinstance(differs, PayloadDiffers)
        assert differs.seen == text
        assert talk(matcher, "AT+CSQ\r") == ["\r\n+CSQ: 20,99\r\n\r\nOK\r\n"]


def test_redaction_matches_anything() -> None:
    """A mark stands for whatever the host sends, and an echo of it gives the same back."""
    matcher = Follower(script([
        ("tx", "AT+CPIN=‹pin›\r"), ("rx", "AT+CPIN=‹pin›\r\r\nOK\r\n"),
        ("tx", "AT+X=9\r"), ("rx", "\r\n> "),
        ("tx", "Bearer ‹bearer›\r\n"), ("rx", "‹bearer› ‹other›\r\n"),
    ]))  # fmt: skip
    assert talk(matcher, 'AT+CPIN="1234"\r') == ['AT+CPIN="1234"\r\r\nOK\r\n']
    assert talk(matcher, "AT+X=9\r", "Bearer abc\r\n") == ["\r\n> ", "abc <other>\r\n"]


def test_line_feed_before_a_payload() -> None:
    """The LF of a host that ends lines with CR LF is no part of the payload."""
    matcher = Follower(script())
    assert talk(matcher, "AT+QISEND=0,4\r\n", "next") == ["\r\n> ", "\r\nSEND OK\r\n"]
    matcher = Follower(script([("tx", "AT+X=2\r"), ("rx", "\r\n> "), ("tx", "\n\n"), ("rx", "!")]))
    assert talk(matcher, "AT+X=2\r", "\n\n") == ["\r\n> ", "!"]


_noise = st.binary(max_size=30) | st.sampled_from([text.encode("latin-1") for text in HOST])


@given(st.lists(_noise, max_size=12), st.data())
def test_any_chunking_gives_the_same(parts: list[bytes], data: st.DataObject) -> None:
    """However the host's bytes arrive, the same events come of them."""
    whole = b"".join(parts)
    matcher = Follower(script())
    expected = matcher.receive(whole)
    chopped = Follower(script())
    events: list[Event] = []
    at = 0
    while at < len(whole):
        size = data.draw(st.integers(1, len(whole) - at))
        events += chopped.receive(whole[at : at + size])
        at += size
    assert events == expected
    assert chopped.played == matcher.played
