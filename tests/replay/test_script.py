"""Turns: what a recorded host sent, taken apart without knowing its dialect."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.recording import SerialPiece
from harness.virtual_modem.replay import script_of
from tests.replay.lines import HOST, PAYLOAD, SESSION, SMS, pieces, script


def _shape(session: list[tuple[str, str]]) -> list[tuple[str, bool]]:
    return [(turn.sent, turn.payload) for turn in script(session).turns]


def test_every_shape_is_a_turn() -> None:
    """Each command and each payload is a turn, whatever the payload looks like."""
    turns = script().turns
    assert [turn.sent for turn in turns] == [text for who, text in SESSION if who == "tx"]
    assert [turn.sent for turn in turns if turn.payload] == [
        PAYLOAD, "AT\r\n", "next", SMS + "\x1a", "http://m.m/fota?token=‹token›",
    ]  # fmt: skip
    assert [said.text for said in script().opening] == ["\r\nRDY\r\n"]
    assert turns[1].key == "+CPIN=‹pin›"
    assert turns[-2].length == len(HOST[-2]) == 40


def test_typed_by_hand() -> None:
    """A line that was typed and echoed letter by letter is one turn, with its corrections made."""
    session = [("tx", "a"), ("rx", "a"), ("tx", "t+csx"), ("rx", "t+csx"), ("tx", "\x08q"),
               ("rx", "\x08q"), ("tx", "\r"), ("rx", "\r\r\n+CSQ: 1,9\r\n\r\nOK\r\n"),
               ("tx", "A/"), ("rx", "\r\n+CSQ: 2,9\r\n\r\nOK\r\n")]  # fmt: skip
    turns = script(session).turns
    assert [(turn.sent, turn.key) for turn in turns] == [
        ("at+csx\x08q\r", "+CSQ"), ("A/", "+CSQ"),
    ]  # fmt: skip
    assert [said.after for said in turns[0].said] == [1, 6, 8, 9]


def test_line_feed_belongs_to_its_line() -> None:
    """CR LF ends one line, also when the modem answered the CR before the LF was seen."""
    assert _shape([("tx", "AT\r\nAT\r"), ("rx", "\r\nOK\r\n"), ("tx", "\nAT\r\n")]) == [
        ("AT\r\n", False), ("AT\r\n", False), ("AT\r\n", False),
    ]  # fmt: skip


def test_given_up_payload() -> None:
    """A host that leaves a prompt with ESC, or gives up waiting, goes on with a command."""
    gave_up = [("tx", "AT+CMGS=9\r"), ("rx", "\r\n> "), ("tx", "\x1bAT+CMEE?\r")]
    assert _shape(gave_up)[1:] == [("\x1b", True), ("AT+CMEE?\r", False)]
    late = [("tx", "AT+QISEND=0,4\r"), ("rx", "\r\n> "), ("tx", "ATAT"), ("tx", "\x1bAT+CMEE?\r")]
    assert _shape(late)[1:] == [("ATAT", True), ("\x1bAT+CMEE?\r", False)]


def test_payload_in_pieces() -> None:
    """A payload goes on over its echo and ends where the modem says something else."""
    session = [("tx", "AT+CMGS=\"1\"\r"), ("rx", "\r\n> "), ("tx", "ho"), ("rx", "ho"), ("tx", "i"),
               ("rx", "i\r\n> "), ("tx", "x\x1a"), ("rx", "x\r\n+CMGS: 1\r\n\r\nOK\r\n"),
               ("tx", "AT\r")]  # fmt: skip
    assert _shape(session)[1:] == [("hoi", True), ("x\x1a", True), ("AT\r", False)]


def test_data_mode() -> None:
    """Data after OK or CONNECT that are no command are payload, until a command comes."""
    session = [("tx", "AT#XSEND\r\n"), ("rx", "\r\nOK\r\n"),
               ("tx", "POST /\r\n"), ("rx", "HTTP\r\n"), ("tx", "GET /\r\n"), ("rx", "HTTP\r\n"),
               ("tx", "+++"), ("rx", "\r\nOK\r\n"), ("tx", "AT\r\n")]  # fmt: skip
    assert [payload for _, payload in _shape(session)] == [False, True, True, True, False]


def test_code_behind_a_prompt() -> None:
    """A code between prompt and payload does not make the payload a command."""
    session = [("tx", "AT+CMGS=9\r"), ("rx", "\r\n> "), ("rx", '\r\n+CMTI: "ME",1\r\n'),
               ("tx", "0001\x1a")]  # fmt: skip
    assert _shape(session)[1:] == [("0001\x1a", True)]


def _split(text: str, cuts: list[int]) -> list[str]:
    places = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(places)]


@given(st.lists(st.integers(0, 200), max_size=5))
def test_chunks_of_the_host(cuts: list[int]) -> None:
    """In which pieces the host's bytes were recorded makes no difference."""
    chopped = [
        SerialPiece(piece.line, piece.host_s, piece.sent, part)
        for piece in pieces(SESSION)
        for part in (_split(piece.text, cuts) if piece.sent and "‹" not in piece.text
                     else [piece.text])
    ]  # fmt: skip
    assert script_of(chopped) == script()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("tx", "rx")),
            st.text(st.sampled_from("AT+\r\n> @\x1a\x1b/1‹›x\x08")) | st.sampled_from(
                ("AT+X=3\r", "\r\n> ", "\r\nCONNECT\r\n", "\r\nOK\r\n", "A/")
            ),
        )
    )
)  # fmt: skip
def test_any_recording_has_turns(session: list[tuple[str, str]]) -> None:
    """Whatever was recorded is all there, in order, and each part once."""
    made = script(session)
    assert "".join(turn.sent for turn in made.turns) == "".join(t for w, t in session if w == "tx")
    said = [*made.opening, *(said for turn in made.turns for said in turn.said)]
    assert "".join(one.text for one in said) == "".join(t for w, t in session if w == "rx")
    assert all(turn.sent for turn in made.turns)
