"""The channel on a real PTY: commands, codes, late answers, evidence and counting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.at.dialect import Binary, Command, Dialect, UrcKind
from harness.at.engine import LocalProtocolError
from harness.at.events import Urc
from harness.clock import Deadline, RealClock, WorkLedger, pause
from harness.evidence import Timeline
from harness.line import AtChannel, AtTimeout, EventTimeout, OutOfStep, PortGone
from harness.line.channel import QUEUE_LENGTH
from tests.line.peer import Peer

DIALECT = Dialect((UrcKind("+CMTI:"), UrcKind("+QIOPEN:")))
PROBING = Dialect((UrcKind("+CMTI:"),), probe="AT+CMEE?")
OK = b"\r\nOK\r\n"


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer({
        b"AT": OK, b"AT+SILENT": b"", b"AT+CMEE?": b"\r\n+CMEE: 1\r\n" + OK,
        b"AT+E": b"AT+E\r\r\n\xff\x00\r\n+CMTI: 1\r\n" + OK,
        b"AT+CSQ": b"\r\n+CSQ: 18,99\r\n" + OK,
        b"AT+CMGS=1": b"\r\n> ", b"one\rtwo\x1a": b"\r\n+CMGS: 7\r\n" + OK,
        b"AT+R": b"\r\n+R: 8\r\n" + OK + b"\x00\x1a" + OK,
    }) as peer:  # fmt: skip
        yield peer


def test_echo_garbage_and_code(peer: Peer) -> None:
    """The echo is dropped once, garbage is kept, and the code is queued."""
    with AtChannel(peer.path, DIALECT) as channel:
        response = channel.execute("AT+E")
        assert (response.ok, response.final, response.lines) == (True, "OK", ("\xff\x00",))
        assert channel.wait_for("+CMTI:", timeout_s=1) == Urc("+CMTI: 1")
        assert not channel.urcs


def test_binary_answer(peer: Peer) -> None:
    """Bytes by count come back as they are."""
    with AtChannel(peer.path) as channel:
        response = channel.read_binary("AT+R", Binary("+R:"))
        assert (response.lines, response.data) == (("+R: 8",), b"\r\nOK\r\n\x00\x1a")


def test_payload_after_the_prompt(peer: Peer) -> None:
    """The payload goes out once the prompt came, byte for byte."""
    with AtChannel(peer.path) as channel:
        assert channel.execute_with_prompt("AT+CMGS=1", b"one\rtwo\x1a").lines == ("+CMGS: 7",)
    assert peer.heard == [b"AT+CMGS=1", b"one\rtwo\x1a"]


def test_silence_is_an_at_timeout(peer: Peer) -> None:
    """A command without an answer names itself, what came, and the patience."""
    with AtChannel(peer.path) as channel:
        with pytest.raises(AtTimeout, match=r"AT\+SILENT within 0\.1 s; .* nothing") as caught:
            channel.execute("AT+SILENT", timeout_s=0.1)
        assert not isinstance(caught.value, EventTimeout)
        assert (caught.value.sent, caught.value.seen) == ("AT+SILENT", b"")


def test_code_that_does_not_come(peer: Peer) -> None:
    """Waiting for a code in vain is an error of its own, and the line stays in step."""
    with AtChannel(peer.path, PROBING) as channel:
        with pytest.raises(EventTimeout, match=r"\+CMTI:"):
            channel.wait_for("+CMTI:", timeout_s=0.05)
        assert channel.execute("AT").ok
    assert peer.heard == [b"AT"]


@pytest.mark.parametrize("dialect", [DIALECT, PROBING])
def test_late_answer_before_the_next_command(peer: Peer, dialect: Dialect) -> None:
    """After a time-out a late answer is drained before the next command."""
    with AtChannel(peer.path, dialect) as channel:
        with pytest.raises(AtTimeout):
            channel.execute("AT+SILENT", timeout_s=0.05)
        peer.say(b"\r\nLATE\r\n" + OK)
        assert channel.execute("AT+NO").final == "ERROR"


def test_answer_that_comes_during_the_probes(peer: Peer) -> None:
    """A late OK, while the modem is being probed, is not taken for the probe's answer."""
    probes = iter([OK, OK + b"\r\n+CMEE: 1\r\n" + OK])

    def probed(_: Peer) -> bytes:
        return next(probes, b"\r\n+CMEE: 1\r\n" + OK)

    peer.script[b"AT+CMEE?"] = probed
    with AtChannel(peer.path, PROBING) as channel:
        with pytest.raises(AtTimeout):
            channel.execute("AT+SILENT", timeout_s=0.05)
        assert channel.execute("AT+CSQ").lines == ("+CSQ: 18,99",)
    assert peer.heard.count(b"AT+CMEE?") == 4


def test_answer_that_comes_after_the_probes(peer: Peer) -> None:
    """An answer that overtakes nothing, and comes inside the next response, is told apart."""
    peer.script[b"AT+CSQ"] = b"\r\n+SILENT: 1\r\n" + OK + b"\r\n+CSQ: 18,99\r\n" + OK
    with AtChannel(peer.path, PROBING) as channel:
        with pytest.raises(AtTimeout):
            channel.execute("AT+SILENT", timeout_s=0.05)
        assert channel.execute("AT+CSQ").lines == ("+CSQ: 18,99",)


def test_probe_that_the_modem_does_not_know(peer: Peer) -> None:
    """A modem that refuses the probe is probed with AT."""
    del peer.script[b"AT+CMEE?"]
    with AtChannel(peer.path, PROBING) as channel:
        channel.resync(quiet_s=0.02)
    assert peer.heard == [b"AT+CMEE?", b"AT+CMEE?", b"AT", b"AT"]


def test_prompt_given_up_is_left_first(peer: Peer) -> None:
    """When a modem may still wait for data, ESC is sent before the probes."""
    with AtChannel(peer.path) as channel:
        with pytest.raises(AtTimeout):
            channel.execute_with_prompt("AT+SILENT", b"data", timeout_s=0.05)
        peer.script[b"\x1b"] = OK
        assert channel.execute("AT").ok
    assert peer.heard == [b"AT+SILENT", b"\x1b", b"AT", b"AT", b"AT"]


def test_out_of_step(peer: Peer) -> None:
    """A modem that answers nothing cleanly is reported, and the next command tries again."""
    peer.script[b"AT"] = OK + OK
    with AtChannel(peer.path) as channel:
        with pytest.raises(OutOfStep, match="power-cycle"):
            channel.resync(timeout_s=0.3, quiet_s=0.02)
        peer.script[b"AT"] = OK
        assert channel.execute("AT+CSQ").lines == ("+CSQ: 18,99",)


def test_a_probe_that_nobody_hears(peer: Peer) -> None:
    """It is given up after the time set for it, and followed by another."""
    deaf = iter((b"", b""))
    peer.script[b"AT"] = lambda _: next(deaf, OK)
    with AtChannel(peer.path) as channel:
        channel.quiet_s, channel.probe_s = 0.01, 0.03
        channel.resync(timeout_s=30)
    assert len(peer.heard) >= 4  # two that nobody heard, and two clean answers
    assert set(peer.heard) == {b"AT"}


def test_abort_then_next_command(peer: Peer) -> None:
    """After an abort the line is brought into step before the next command."""
    peer.script[b"\x1b"] = OK
    with AtChannel(peer.path) as channel:
        channel.abort()
        assert channel.execute("AT+CSQ").ok
    assert peer.heard == [b"\x1b", b"AT", b"AT", b"AT+CSQ"]


def test_code_split_by_a_time_out(peer: Peer) -> None:
    """A code of which half came before a time-out is kept."""
    with AtChannel(peer.path, DIALECT) as channel:
        peer.script[b"AT+SILENT"] = b"\r\n+CMTI: "
        with pytest.raises(AtTimeout):
            channel.execute("AT+SILENT", timeout_s=0.05)
        peer.say(b"5\r\n")
        assert channel.execute("AT").ok
        assert list(channel.urcs) == [Urc("+CMTI: 5")]


def test_subscribers_in_order(peer: Peer) -> None:
    """Callbacks come in the order of the codes, then of subscription."""
    calls: list[str] = []
    with AtChannel(peer.path, DIALECT) as channel:
        channel.subscribe("+CMTI:", lambda urc: calls.append("a" + urc.text))
        channel.subscribe("+", lambda urc: calls.append("b" + urc.text))
        peer.script[b"AT+N"] = b"\r\n+CMTI: 1\r\n\r\n+QIOPEN: 2\r\n\r\n+CMTI: 3\r\n" + OK
        assert channel.execute("AT+N").ok
    assert calls == ["a+CMTI: 1", "b+CMTI: 1", "b+QIOPEN: 2", "a+CMTI: 3", "b+CMTI: 3"]


def test_callback_that_fails_loses_nothing(peer: Peer) -> None:
    """An error in a callback reaches the caller; the codes stay, and the line heals."""
    with AtChannel(peer.path, DIALECT) as channel:
        channel.subscribe("+CMTI:", lambda urc: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            channel.execute("AT+E")
        assert list(channel.urcs) == [Urc("+CMTI: 1")]
        assert channel.execute("AT").ok


def test_callback_cannot_use_the_line(peer: Peer) -> None:
    """A command inside another one is refused as our own mistake."""
    with AtChannel(peer.path, DIALECT) as channel:
        channel.subscribe("+CMTI:", lambda urc: channel.execute("AT"))
        peer.script[b"AT+N"] = b"\r\n+CMTI: 1\r\n"
        with pytest.raises(LocalProtocolError, match="one thread"):
            channel.execute("AT+N")


def test_wait_for_takes_the_oldest_and_can_ignore_the_past(peer: Peer) -> None:
    """Queued codes count unless told otherwise; only the wanted one is taken."""
    with AtChannel(peer.path, DIALECT) as channel:
        peer.script[b"AT+N"] = b"\r\n+CMTI: 1\r\n\r\n+QIOPEN: 0,0\r\n\r\n+CMTI: 2\r\n" + OK
        channel.execute("AT+N")
        assert channel.wait_for(lambda u: u.text.startswith("+QI"), timeout_s=1).text[-3:] == "0,0"
        assert channel.wait_for("+CMTI:", timeout_s=1).text == "+CMTI: 1"
        with pytest.raises(EventTimeout):
            channel.wait_for("+CMTI:", timeout_s=0.02, queued=False)


def test_discard_also_takes_what_is_unread(peer: Peer) -> None:
    """Stale codes are taken out, those on the line included; the others stay."""
    with AtChannel(peer.path, DIALECT) as channel:
        peer.script[b"AT+N"] = b"\r\n+QIOPEN: 0,0\r\n\r\n+CMTI: 2\r\n" + OK
        channel.execute("AT+N")
        peer.say(b"\r\n+QIOPEN: 0,566\r\n")
        gone = channel.discard(lambda urc: urc.text.startswith("+QIOPEN: 0,"))
        assert [urc.text for urc in gone] == ["+QIOPEN: 0,0", "+QIOPEN: 0,566"]
        assert list(channel.urcs) == [Urc("+CMTI: 2")]


def test_pump_takes_what_is_there(peer: Peer) -> None:
    """Pumping processes codes without a command."""
    with AtChannel(peer.path, DIALECT) as channel:
        peer.say(b"\r\n+CMTI: 1\r\n")
        channel.pump()
        assert list(channel.urcs) == [Urc("+CMTI: 1")]


def test_flood_of_codes(peer: Peer) -> None:
    """Ten thousand codes during a command are all kept and in order."""
    flood = b"".join(b"\r\n+CMTI: %d\r\n" % index for index in range(10_000))
    peer.script[b"AT+N"] = b"\r\n+N: 1\r\n" + flood + OK
    with AtChannel(peer.path, DIALECT) as channel:
        assert channel.execute("AT+N", timeout_s=30).lines == ("+N: 1",)
        assert [urc.text for urc in channel.urcs] == [f"+CMTI: {n}" for n in range(10_000)]
        assert channel.lost_urcs == 0


def test_evidence_of_a_dialogue(peer: Peer, tmp_path: Path) -> None:
    """Every byte of both directions and every code is on the timeline, sent before received."""
    timeline = Timeline(tmp_path / "t.jsonl", RealClock())
    with AtChannel(peer.path, DIALECT, name="m", recorder=timeline) as channel:
        channel.execute("AT+E")
        channel.note("a remark")
    serial = [event.data for event in timeline.events("serial", "line:m")]
    assert serial[0] == {"dir": "tx", "bytes": "AT+E\r"}
    received = "".join(data["bytes"] for data in serial[1:] if data["dir"] == "rx")
    assert received == "AT+E\r\r\n\xff\x00\r\n+CMTI: 1\r\n\r\nOK\r\n"
    assert [event.data["text"] for event in timeline.events("urc")] == ["+CMTI: 1"]
    assert [event.data["text"] for event in timeline.events("note")] == ["a remark"]
    timeline.close()


def test_work_is_counted_exactly(peer: Peer) -> None:
    """What is written is counted in, what is read is counted out, and nothing is left over."""
    ledger = WorkLedger()

    def answer(_: Peer) -> bytes:
        ledger.done("line:m:tx", len(b"AT+W\r"))
        ledger.begin("line:m:rx", len(OK))
        return OK

    peer.script[b"AT+W"] = answer
    with AtChannel(peer.path, name="m", work=ledger) as channel:
        for _ in range(50):
            assert channel.execute("AT+W").ok
        assert ledger.open() == {}


def test_work_of_a_write_that_failed_is_counted_out(peer: Peer) -> None:
    """Bytes that a vanished port did not take are not work in flight."""
    ledger = WorkLedger()
    with AtChannel(peer.path, name="m", work=ledger) as channel:
        peer.unplug()
        with pytest.raises(PortGone):
            channel.execute("AT")
        with pytest.raises(PortGone):
            channel.abort()
        assert ledger.open() == {}


def test_interrupted_command(peer: Peer) -> None:
    """After Ctrl-C inside a command its answer is not taken for that of the next one."""
    with AtChannel(peer.path) as channel:

        def interrupt(_: Urc) -> None:
            raise KeyboardInterrupt

        channel.subscribe("RING", interrupt)
        peer.script[b"AT+N"] = b"\r\nRING\r\n"
        with pytest.raises(KeyboardInterrupt):
            channel.execute("AT+N")
        peer.say(b"\r\n+N: 1\r\n" + OK)
        assert channel.execute("AT+CSQ").lines == ("+CSQ: 18,99",)


def test_command_object_with_data_lines(peer: Peer) -> None:
    """A command can say that data lines follow its prefix."""
    peer.script[b"AT+CMGL=4"] = b"\r\n+CMGL: 1,0,,9\r\nOK\r\n+CMGL: 2,0,,9\r\n07\r\n" + OK
    with AtChannel(peer.path) as channel:
        lines = channel.execute(Command("AT+CMGL=4", data_lines=True)).lines
    assert lines == ("+CMGL: 1,0,,9", "OK", "+CMGL: 2,0,,9", "07")


def test_transcript_is_kept(peer: Peer) -> None:
    """The last bytes of both directions are at hand without any recorder."""
    with AtChannel(peer.path) as channel:
        channel.execute("AT")
        assert channel.transcript[0][1:] == ("tx", b"AT\r")
        assert b"".join(data for _, way, data in channel.transcript if way == "rx") == OK


def test_queue_that_nobody_empties(peer: Peer) -> None:
    """Past its bound the queue drops the oldest codes, counts them, and says so once."""
    timeline = Timeline(None, RealClock())
    flood = b"".join(b"\r\n+CMTI: %d\r\n" % index for index in range(QUEUE_LENGTH + 5))
    peer.script[b"AT+N"] = flood + OK
    with AtChannel(peer.path, DIALECT, recorder=timeline) as channel:
        assert channel.execute("AT+N", timeout_s=60).ok
        assert (channel.lost_urcs, len(channel.urcs)) == (5, QUEUE_LENGTH)
        assert channel.urcs[0] == Urc("+CMTI: 5")
    assert len(timeline.events("note")) == 1
    assert len(timeline.events("urc")) == QUEUE_LENGTH + 5


def test_an_echoed_pin_in_pieces_is_nowhere() -> None:
    """A modem's echo is read as it comes; no piece of it may tell a digit of the PIN."""

    clock = RealClock()
    timeline = Timeline(None, clock)

    def heard() -> list[str]:
        events = timeline.events("serial")
        return [event.data["bytes"] for event in events if event.data["dir"] == "rx"]

    def echo_in_pieces(peer: Peer) -> bytes:
        for number, piece in enumerate((b"AT+CP", b'IN="7', b"39", b'1"', b"\r", b"\r\nOK")):
            peer.say(piece)
            deadline = Deadline.after(60)
            while len(heard()) == number:
                assert not deadline.expired
                pause(0.001)
        return b"\r\n"

    with (
        Peer({b'AT+CPIN="7391"': echo_in_pieces}) as peer,
        AtChannel(peer.path, recorder=timeline) as channel,
    ):
        assert channel.execute('AT+CPIN="7391"').ok
    clock.close()
    (sent,) = (event for event in timeline.events("serial") if event.data["dir"] == "tx")
    assert sent.data["bytes"] == "AT+CPIN=‹pin›\r"
    assert heard() == ["AT+CP", "IN=‹pin›", "", "", "\r", "\r\nOK", "\r\n"]
