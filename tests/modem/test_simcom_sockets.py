"""TCP of the SIMCom drivers against answers as the manuals print them, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.at.events import Urc
from harness.line import EventTimeout
from harness.modem import open_modem
from harness.modem.errors import SocketError
from harness.modem.simcom import Simcom
from tests.line.peer import Peer
from tests.modem.simcom import ERROR, HOST, OK, PORT, WIRES, Wire, line

REPLY = b"HTTP/1.1 202 \r\nContent-Length: 4\r\n\r\nOK\r\n"
ODD = (
    b'\r\nOK\r\n\r\nERROR\r\n\r\n+CMTI: "SM",1\r\n"\x00\x1a\x1b>\r\n\r\n+IPCLOSE: 0,1\r\n'
    b"\r\n0, CLOSED\r\n\r\n+CASTATE: 0,0\r\n\r\n+CIPRXGET: 2,0,9,0\r\n"
)


@pytest.fixture(params=WIRES, ids=lambda wire: wire.family)
def wire(request: pytest.FixtureRequest) -> Wire:
    wire: Wire = request.param
    return wire


@pytest.fixture
def peer(wire: Wire) -> Iterator[Peer]:
    with Peer({
        **wire.setup, wire.open: wire.opened, wire.send: wire.prompt,
        b"POST": wire.sent + wire.arrival, wire.read: wire.data(REPLY), wire.close: wire.did_close,
        b"AT+CMEE?": line(b"+CMEE: 1") + OK,
    }) as peer:  # fmt: skip
        yield peer


@pytest.fixture
def modem(wire: Wire, peer: Peer) -> Iterator[Simcom]:
    with open_modem(wire.family, peer.path) as modem:
        assert isinstance(modem, Simcom)
        yield modem


def _post(modem: Simcom) -> bytes:
    return modem.post_raw(HOST, PORT, b"POST", response_timeout_s=5)


def test_post(modem: Simcom, peer: Peer, wire: Wire) -> None:
    """A raw POST opens, sends by length, reads by count and closes."""
    assert _post(modem) == REPLY
    assert peer.heard == [*wire.setup, wire.open, wire.send, b"POST", wire.read, wire.close]


def test_codes_of_an_earlier_connection(modem: Simcom, peer: Peer, wire: Wire) -> None:
    """What was said about the connection id before it is opened does not count."""
    peer.say(wire.closed + wire.arrival)
    assert _post(modem) == REPLY
    assert Urc(wire.closed.strip().decode()) not in modem.channel.urcs


def test_response_in_pieces(modem: Simcom, peer: Peer, wire: Wire) -> None:
    """An empty buffer is waited for; what is in it needs no second code."""
    answers = iter([
        wire.empty + wire.arrival, wire.data(REPLY[:20]), wire.data(REPLY[20:]),
    ])  # fmt: skip
    peer.script[wire.read] = lambda _: next(answers)
    assert _post(modem) == REPLY


def test_lost_arrival_code(
    modem: Simcom, peer: Peer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code that got lost costs time, not data."""
    monkeypatch.setattr(modem, "look_again_s", 0.02)
    answers = iter([wire.empty, wire.empty, wire.data(REPLY)])
    peer.script[b"POST"] = wire.sent
    peer.script[wire.read] = lambda _: next(answers)
    assert _post(modem) == REPLY


@pytest.mark.parametrize("at_the_end", ["empty", "ERROR"])
def test_closed_before_all_was_read(modem: Simcom, peer: Peer, wire: Wire, at_the_end: str) -> None:
    """What the peer sent before it closed is read; then the read may be empty or refused."""
    end = wire.empty if at_the_end == "empty" else ERROR
    answers = iter([wire.empty + wire.closed, wire.data(b"abc"), end])
    peer.script[wire.read] = lambda _: next(answers)
    peer.script[wire.close] = ERROR  # it is closed already
    assert _post(modem) == b"abc"


def test_codes_and_results_inside_the_data(modem: Simcom, peer: Peer, wire: Wire) -> None:
    """Data are counted: nothing in them is taken for an answer, a prompt or a code."""
    reply = b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n%s" % (len(ODD), ODD)
    peer.script[wire.read] = line(b"RING") + wire.data(reply)
    assert _post(modem) == reply
    assert [urc.text for urc in modem.channel.urcs if "RING" in urc.text] == ["RING"]


def test_read_refused_on_an_open_connection(modem: Simcom, peer: Peer, wire: Wire) -> None:
    """A refused read is an error as long as nobody closed the connection."""
    peer.script[wire.read] = ERROR
    with pytest.raises(SocketError, match="was answered ERROR"):
        _post(modem)
    assert peer.heard[-1] == wire.close


@pytest.mark.parametrize("how", ["reported", "refused"])
def test_connect_failed(modem: Simcom, peer: Peer, wire: Wire, how: str) -> None:
    """A failed connect is a socket error with the module's number, and frees the id."""
    peer.script[wire.open] = wire.failed if how == "reported" else ERROR
    with pytest.raises(SocketError) as caught:
        _post(modem)
    assert caught.value.code == (wire.code if how == "reported" else -1)
    assert peer.heard[-1] == wire.close


def test_connect_that_says_nothing(modem: Simcom, peer: Peer, wire: Wire) -> None:
    """Without its code the id is closed, and the wait is not blamed on the modem."""
    peer.script[wire.open] = OK
    with pytest.raises(EventTimeout):
        modem.open_socket(HOST, PORT, timeout_s=0.05)
    assert peer.heard[-1] == wire.close


def test_send_failed(modem: Simcom, peer: Peer, wire: Wire) -> None:
    """A send that fails after its data, or instead of the prompt, is a socket error."""
    for answer in wire.unsent:
        peer.script[b"POST"] = answer
        with pytest.raises(SocketError, match="not sent"):
            _post(modem)
    peer.script[wire.send] = wire.refused
    with pytest.raises(SocketError, match="not sent"):
        _post(modem)
    assert peer.heard[-1] == wire.close
