"""The telit-me910 driver against answers as the AT Commands Reference Guides print them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.line import EventTimeout
from harness.modem import HttpOrder, open_modem
from harness.modem.errors import BadAnswer, CannotDo, CommandRefused, PdpRefused, SocketError
from harness.modem.telit_me910 import TelitMe910
from tests.line.peer import Peer

OK = b"\r\nOK\r\n"
REPLY = b'HTTP/1.1 202 \r\nContent-Length: 9\r\n\r\nOK\r\n"\x00\r\nx'
DIAL = b'AT#SD=1,0,80,"10.151.236.157",0,0,1'
READ, SEND = b"AT#SRECV=1,1500", b"AT#SSENDEXT=1,4"
ORDER = HttpOrder(
    "10.151.236.157", 80, "/a", (("Host", "m.m"), ("Content-Type", "application/json"),
                                 ("Things-Message-Token", "abc")), b"[]",
)  # fmt: skip
POST = b'AT#HTTPSND=0,0,"/a",2,"application/json","Things-Message-Token: abc"'


def received(data: bytes) -> bytes:
    return b"\r\n#SRECV: 1,%d\r\n%s\r\n" % (len(data), data) + OK


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer({
        b"AT#SCFGEXT=1,1,0,0": OK, DIAL: OK, b"AT#SH=1": OK, SEND: b"\r\n> ",
        b"POST": OK + b"\r\nSRING: 1,%d\r\n" % len(REPLY), READ: received(REPLY),
        b'AT#HTTPCFG=0,"10.151.236.157",80,0,"","",0,60,1': OK, POST: b">>>",
        b'AT+CGDCONT=1,"IP","kpnthings2.m2m"': OK,
    }) as peer:  # fmt: skip
        yield peer


@pytest.fixture
def modem(peer: Peer) -> Iterator[TelitMe910]:
    with open_modem("telit-me910", peer.path) as modem:
        assert isinstance(modem, TelitMe910)
        yield modem


def test_post(modem: TelitMe910, peer: Peer) -> None:
    """Dials in command mode, sends by count, reads by count, hangs up."""
    assert modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=5) == REPLY
    assert peer.heard == [b"AT#SCFGEXT=1,1,0,0", DIAL, SEND, b"POST", READ, b"AT#SH=1"]


def test_nothing_there_yet(modem: TelitMe910, peer: Peer) -> None:
    """An error of #SRECV is an empty buffer; SRING says when it is worth another look."""
    answers = iter([b"\r\nERROR\r\n\r\nSRING: 1,3\r\n", received(REPLY)])
    peer.script[READ] = lambda _: next(answers)
    assert modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=5) == REPLY


@pytest.mark.parametrize("word", [b"NO CARRIER", b"NO CARRIER: 1", b"NO CARRIER: 1,2"])
def test_closed_with_data_unread(modem: TelitMe910, peer: Peer, word: bytes) -> None:
    """NO CARRIER is the peer's close, in every form; what came before it is read first."""
    answers = iter([received(b"abc"), b"\r\nERROR\r\n"])
    peer.script[b"POST"] = OK + b"\r\n" + word + b"\r\n"
    peer.script[READ] = lambda _: next(answers)
    assert modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=5) == b"abc"


def test_another_connections_end(modem: TelitMe910, peer: Peer) -> None:
    """NO CARRIER of connection 2, and one from before the call, do not end this one."""
    peer.say(b"\r\nNO CARRIER\r\n\r\nSRING: 1\r\n")
    peer.script[b"POST"] = OK + b"\r\nNO CARRIER: 2\r\n"
    peer.script[READ] = b"\r\nERROR\r\n"
    with pytest.raises(EventTimeout):
        modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=0.1)


@pytest.mark.parametrize(("answer", "code"), [(b"+CME ERROR: 559", 559), (b"ERROR", -1)])
def test_connect_failed(modem: TelitMe910, peer: Peer, answer: bytes, code: int) -> None:
    """The number is in the error when the modem gives one."""
    peer.script[DIAL] = b"\r\n" + answer + b"\r\n"
    with pytest.raises(SocketError) as caught:
        modem.open_socket("10.151.236.157", 80)
    assert caught.value.code == code


def test_send_refused(modem: TelitMe910, peer: Peer) -> None:
    """No prompt, no data: a socket error."""
    peer.script[SEND] = b"\r\nERROR\r\n"
    with pytest.raises(SocketError):
        modem.post_raw("10.151.236.157", 80, b"POST")


def test_activation(modem: TelitMe910, peer: Peer) -> None:
    """The address comes with #SGACT, or with +CGPADDR when the context is up already."""
    peer.script[b"AT#SGACT=1,1"] = b"\r\n#SGACT: 10.1.2.3\r\n" + OK
    assert modem.activate("kpnthings2.m2m") == "10.1.2.3"
    peer.script[b"AT#SGACT=1,1"] = b"\r\n+CME ERROR: 553\r\n"
    peer.script[b"AT+CGPADDR=1"] = b'\r\n+CGPADDR: 1,"10.1.2.4"\r\n' + OK
    assert modem.activate("kpnthings2.m2m") == "10.1.2.4"
    peer.script[b"AT#SGACT=1,1"] = b"\r\n+CME ERROR: 555\r\n"
    with pytest.raises(PdpRefused, match="kpnthings2"):
        modem.activate("kpnthings2.m2m")


def test_http_post(modem: TelitMe910, peer: Peer) -> None:
    """The body stands right behind <<<, whatever it reads like, as long as was stated."""
    body = b"<OK\r\n\r\nOK\r\n<<<" + b"x" * 60
    peer.script[b"[]"] = OK + b'\r\n#HTTPRING: 0,202,"text/plain",%d\r\n' % len(body)
    peer.script[b"AT#HTTPRCV=0,%d" % len(body)] = b"\r\n<<<" + body + b"\r\n" + OK
    answer = modem.http_post(ORDER)
    assert (answer.status, answer.body) == (202, body)


def test_http_body_of_unstated_length(modem: TelitMe910, peer: Peer) -> None:
    """Length 0: pieces are asked for until there is none."""
    pieces = iter([b"\r\n<<<abc\r\n" + OK, b"\r\n<<<de\r\n" + OK, b"\r\nERROR\r\n"])
    peer.script[b"[]"] = OK + b'\r\n#HTTPRING: 0,200,"",0\r\n'
    peer.script[b"AT#HTTPRCV=0,1500"] = lambda _: next(pieces)
    assert modem.http_post(ORDER).body == b"abcde"


def test_http_failures(modem: TelitMe910, peer: Peer) -> None:
    """Status 0 is no answer; a body shorter than stated is refused; one header is the limit."""
    peer.script[b"[]"] = OK + b'\r\n#HTTPRING: 0,0,"",0\r\n'
    with pytest.raises(SocketError):
        modem.http_post(ORDER)
    peer.script[b"[]"] = OK + b'\r\n#HTTPRING: 0,200,"",70\r\n'
    peer.script[b"AT#HTTPRCV=0,70"] = b"\r\nERROR\r\n"
    with pytest.raises(BadAnswer, match="0 of 70"):
        modem.http_post(ORDER)
    two = HttpOrder("h", 80, "/", (("A", "1"), ("B", "2")), b"")
    with pytest.raises(CannotDo, match="1 header"):
        modem.http_post(two)


TLS_DIAL = b'AT#SSLD=1,443,"m.m",0,1,600'
TLS_READ, TLS_SEND = b"AT#SSLRECV=1,1000,10", b"AT#SSLSENDEXT=1,4"


def secured(peer: Peer) -> None:
    """A module whose secure socket is enabled already."""
    peer.script |= {
        b"AT#SSLEN?": b"\r\n#SSLEN: 1,1\r\n" + OK, TLS_DIAL: OK, TLS_SEND: b"\r\n> ",
    }  # fmt: skip


@pytest.mark.parametrize("nothing", [
    b"\r\n#SSLRECV: 0\r\nTIMEOUT\r\n" + OK, b"\r\nTIMEOUT\r\n" + OK,
    b"\r\n+CME ERROR: 1008\r\n",
])  # fmt: skip
@pytest.mark.parametrize("word", [b"NO CARRIER", b"NO CARRIER: SSL,1", b"NO CARRIER:SSL,1,2"])
def test_the_end_of_a_tls_connection(
    modem: TelitMe910, peer: Peer, word: bytes, nothing: bytes
) -> None:
    """Whatever form firmware gives them: nothing to read, NO CARRIER, and no socket to close."""
    secured(peer)
    answers = iter([b"\r\n#SSLRECV: 3\r\nO\r\n\r\n" + OK, nothing])
    peer.script[b"POST"] = OK + b"\r\nSSLSRING: 1,3\r\n\r\n" + word + b"\r\n"
    peer.script[TLS_READ] = lambda _: next(answers)
    peer.script[b"AT#SSLH=1"] = b"\r\n+CME ERROR: 1008\r\n"
    connection = modem.open_tls_socket("m.m", 443)
    assert modem.exchange(connection, b"POST", response_timeout_s=5) == b"O\r\n"
    modem.close_socket(connection)
    assert peer.heard == [b"AT#SSLEN?", TLS_DIAL, TLS_SEND, b"POST", *[TLS_READ] * 2, b"AT#SSLH=1"]


@pytest.mark.parametrize(("answer", "code"), [(b"+CME ERROR: 1004", 1004), (b"ERROR", -1)])
def test_no_tls_connection(modem: TelitMe910, peer: Peer, answer: bytes, code: int) -> None:
    """The number is in the error when the modem gives one."""
    secured(peer)
    peer.script[TLS_DIAL] = b"\r\n" + answer + b"\r\n"
    with pytest.raises(SocketError) as caught:
        modem.open_tls_socket("m.m", 443)
    assert caught.value.code == code


def test_the_secure_socket_is_taken(modem: TelitMe910, peer: Peer) -> None:
    """By another service of the module: its own error, and nothing is dialled."""
    peer.script[b"AT#SSLEN?"] = b"\r\n#SSLEN: 1,0\r\n" + OK
    peer.script[b"AT#SSLEN=1,1"] = b"\r\n+CME ERROR: 1003\r\n"
    with pytest.raises(CommandRefused, match="1003"):
        modem.open_tls_socket("m.m", 443)
    assert TLS_DIAL not in peer.heard


def test_power_off(modem: TelitMe910, peer: Peer) -> None:
    """#SHDN is all; nothing is waited for."""
    peer.script[b"AT#SHDN"] = OK
    modem.power_off()
    assert peer.heard == [b"AT#SHDN"]
