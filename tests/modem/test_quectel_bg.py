"""The quectel-bg driver against answers as the manuals print them, byte for byte.

BG96 TCP/IP Application Note V1.2 (§2.3), BG95&BG77&BG600L TCP/IP Application Note (§3.3.3),
BG95&BG77 HTTP(S) Application Note V1.0, 27.005 and 27.007; so that the driver and the virtual
modem are not only tested against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from harness.at.events import Urc
from harness.line import EventTimeout
from harness.modem import HttpOrder, open_modem
from harness.modem.core import Modem
from harness.modem.errors import (
    BadAnswer,
    CmeError,
    CmsError,
    CommandRefused,
    PdpRefused,
    SimProblem,
    SocketError,
)
from harness.modem.quectel_bg import QuectelBg
from harness.modem.values import Signal, apn_of
from tests.line.peer import Peer

OK = b"\r\nOK\r\n"
OPEN = b'AT+QIOPEN=1,0,"TCP","10.151.236.157",80,0,0'
REPLY = b"HTTP/1.1 202 \r\nContent-Length: 4\r\n\r\nOK\r\n"
DELIVER = b"07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
URL = "http://10.151.236.157/a"
ORDER = HttpOrder("10.151.236.157", 80, "/a", (("Host", "m.m"),), b"[]")
POST = b"POST /a HTTP/1.1\r\nHost: m.m\r\nContent-Length: 2\r\n\r\n[]"


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer({
        OPEN: OK + b"\r\n+QIOPEN: 0,0\r\n",
        b"AT+QISEND=0,4": b"\r\n> ", b"POST": b"\r\nSEND OK\r\n" + b'\r\n+QIURC: "recv",0\r\n',
        b"AT+QIRD=0,1500": b"\r\n+QIRD: %d\r\n%s\r\n" % (len(REPLY), REPLY) + OK,
        b"AT+QICLOSE=0": OK, b"AT+CMGF=0": OK,
        b"AT+QIGETERROR": b"\r\n+QIGETERROR: 566,socket connect failed\r\n" + OK,
        b'AT+QHTTPCFG="contextid",1': OK, b'AT+QHTTPCFG="requestheader",1': OK,
        b"AT+QHTTPURL=23,10": b"\r\nCONNECT\r\n", URL.encode(): OK,
        b"AT+QHTTPPOST=%d,30,60" % len(POST): b"\r\nCONNECT\r\n",
        b"AT+CMEE?": b"\r\n+CMEE: 1\r\n" + OK,
    }) as peer:  # fmt: skip
        yield peer


@pytest.fixture
def modem(peer: Peer) -> Iterator[QuectelBg]:
    with open_modem("quectel-bg", peer.path) as modem:
        assert isinstance(modem, QuectelBg)
        yield modem


def test_post(modem: QuectelBg, peer: Peer) -> None:
    """A raw POST opens, sends by length, reads by count and closes."""
    assert modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=5) == REPLY
    assert peer.heard == [OPEN, b"AT+QISEND=0,4", b"POST", b"AT+QIRD=0,1500", b"AT+QICLOSE=0"]


def test_codes_of_an_earlier_connection(modem: QuectelBg, peer: Peer) -> None:
    """What was said about the connection id before it is opened does not count."""
    peer.say(b'\r\n+QIURC: "closed",0\r\n\r\n+QIURC: "recv",0\r\n\r\n+QIOPEN: 0,566\r\n')
    peer.say(b'\r\n+QIURC: "closed",1\r\n')
    assert modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=5) == REPLY
    assert Urc('+QIURC: "closed",1') in modem.channel.urcs


def test_response_in_pieces(modem: QuectelBg, peer: Peer) -> None:
    """An empty buffer is waited for; what is in the buffer needs no second code (§2.3.2)."""
    half = len(REPLY) // 2
    answers = iter([
        b"\r\n+QIRD: 0\r\n" + OK + b'\r\n+QIURC: "recv",0\r\n',
        b"\r\n+QIRD: %d\r\n%s\r\n" % (half, REPLY[:half]) + OK,
        b"\r\n+QIRD: %d\r\n%s\r\n" % (len(REPLY) - half, REPLY[half:]) + OK,
    ])  # fmt: skip
    peer.script[b"AT+QIRD=0,1500"] = lambda _: next(answers)
    assert modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=5) == REPLY


def test_closed_before_all_was_read(modem: QuectelBg, peer: Peer) -> None:
    """When the peer closed, what is in the buffer is read before the response ends."""
    answers = iter([
        b"\r\n+QIRD: 0\r\n" + OK + b'\r\n+QIURC: "closed",0\r\n',
        b"\r\n+QIRD: 3\r\nabc\r\n" + OK, b"\r\n+QIRD: 0\r\n" + OK,
    ])  # fmt: skip
    peer.script[b"AT+QIRD=0,1500"] = lambda _: next(answers)
    assert modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=5) == b"abc"


def test_connect_failed(modem: QuectelBg, peer: Peer) -> None:
    """The number after +QIOPEN is in the error, and the id is closed."""
    peer.script[OPEN] = OK + b"\r\n+QIOPEN: 0,566\r\n"
    with pytest.raises(SocketError, match=r"10\.151\.236\.157:80: error 566") as caught:
        modem.post_raw("10.151.236.157", 80, b"POST")
    assert caught.value.code == 566
    assert peer.heard[-1] == b"AT+QICLOSE=0"


def test_connect_that_says_nothing(modem: QuectelBg, peer: Peer) -> None:
    """Without +QIOPEN the id is closed, and the wait is not blamed on the modem."""
    peer.script[OPEN] = OK
    with pytest.raises(EventTimeout):
        modem.open_socket("10.151.236.157", 80, timeout_s=0.05)
    assert peer.heard[-1] == b"AT+QICLOSE=0"


@pytest.mark.parametrize("answer", [b"\r\nSEND FAIL\r\n", b"\r\nERROR\r\n"])
def test_send_failed(modem: QuectelBg, peer: Peer, answer: bytes) -> None:
    """A send that fails is a socket error with the number of +QIGETERROR."""
    peer.script[b"POST"] = answer
    with pytest.raises(SocketError) as caught:
        modem.post_raw("10.151.236.157", 80, b"POST")
    assert caught.value.code == 566


@pytest.mark.parametrize("stated", [b",200,30", b",200"])
@pytest.mark.parametrize("between", [b"", b'\r\n+CMTI: "ME",0\r\n', b"\r\nRING\r\n"])
def test_http_post(modem: QuectelBg, peer: Peer, stated: bytes, between: bytes) -> None:
    """The body ends at OK and +QHTTPREAD, whatever reads OK inside it, and with codes between."""
    body = b"a\r\nOK\r\n\r\n+QHTTPREAD x\r\nERROR\r\n"
    assert len(body) == 31 - 1
    peer.say(b"\r\n+QHTTPPOST: 702\r\n\r\n+QHTTPREAD: 0\r\n")  # of an earlier post
    peer.script[POST] = OK + b"\r\n+QHTTPPOST: 0" + stated + b"\r\n"
    peer.script[b"AT+QHTTPREAD=80"] = (
        b"\r\nCONNECT\r\n" + body + OK + between + b"\r\n+QHTTPREAD: 0\r\n"
    )
    answer = modem.http_post(ORDER)
    assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize(
    ("code", "kind"), [(b"702", SocketError), (b"0", BadAnswer), (b"0,x", BadAnswer)]
)
def test_http_post_failed(modem: QuectelBg, peer: Peer, code: bytes, kind: type[Exception]) -> None:
    """An error number, and an answer without a status, are told apart."""
    peer.script[POST] = OK + b"\r\n+QHTTPPOST: " + code + b"\r\n"
    with pytest.raises(kind):
        modem.http_post(ORDER)


def test_http_body_of_another_length(modem: QuectelBg, peer: Peer) -> None:
    """A body that is not as long as was said is refused."""
    peer.script[POST] = OK + b"\r\n+QHTTPPOST: 0,200,9\r\n"
    peer.script[b"AT+QHTTPREAD=80"] = b"\r\nCONNECT\r\nabc" + OK + b"\r\n+QHTTPREAD: 0\r\n"
    with pytest.raises(BadAnswer, match="3 of 9"):
        modem.http_post(ORDER)


def test_http_refused_before_the_data(modem: QuectelBg, peer: Peer) -> None:
    """A refusal instead of CONNECT keeps its number."""
    peer.script[b"AT+QHTTPPOST=%d,30,60" % len(POST)] = b"\r\n+CME ERROR: 703\r\n"
    with pytest.raises(CmeError) as caught:
        modem.http_post(ORDER)
    assert caught.value.code == 703


def test_activation(modem: QuectelBg, peer: Peer) -> None:
    """An active context is left alone; a refused one names its APN."""
    peer.script[b'AT+QICSGP=1,1,"apn","","",0'] = OK
    peer.script[b"AT+QIACT?"] = b'\r\n+QIACT: 1,1,1,"10.7.157.1"\r\n' + OK
    assert modem.activate("apn") == "10.7.157.1"
    peer.script[b"AT+QIACT?"] = OK
    with pytest.raises(PdpRefused, match="APN apn"):
        modem.activate("apn")


def test_one_broken_sms_hides_no_other(modem: QuectelBg, peer: Peer) -> None:
    """Undecodable messages are reported, and the others are listed."""
    peer.script[b"AT+CMGL=4"] = (
        b"\r\n+CMGL: 0,1,,23\r\n" + DELIVER + b"\r\n+CMGL: 1,1,,3\r\nZZZZ"
        b"\r\n+CMGL: 2,0,,9\r\n\r\n+CMGL: 3,2,,9\r\n0011000B91\r\n+CMGL: 4,0,,23\r\n"
        + DELIVER + b"\r\n" + OK
    )  # fmt: skip
    found = modem.list_sms()
    assert [(sms.index, sms.status, sms.text) for sms in found] == [
        (0, "REC READ", "How are you?"), (4, "REC UNREAD", "How are you?"),
    ]  # fmt: skip
    assert [(broken.index, broken.pdu) for broken in modem.unreadable] == [(1, "ZZZZ"), (2, "")]
    assert "index 1 is no PDU" in modem.unreadable[0].reason


def test_sms_in_text_mode(modem: QuectelBg, peer: Peer) -> None:
    """Text of several lines stays one message."""
    peer.script[b"AT+CMGF=1"] = OK
    peer.script[b'AT+CMGL="ALL"'] = (
        b'\r\n+CMGL: 1,"REC UNREAD","5277",,"26/03/01,12:00:00+04"\r\none\r\ntwo'
        b'\r\n+CMGL: 2,"REC READ","5277",,"26/03/01,12:00:01+04"\r\nOK\r\n' + OK
    )
    found = modem.list_sms_text()
    assert [(sms.index, sms.sender, sms.text) for sms in found] == [
        (1, "5277", "one\ntwo"), (2, "5277", "OK"),
    ]  # fmt: skip


def test_no_sms_at_an_index(modem: QuectelBg, peer: Peer) -> None:
    """An empty place is a CMS error on some modems and a bare OK on others."""
    peer.script[b"AT+CMGR=7"] = b"\r\n+CMS ERROR: 321\r\n"
    with pytest.raises(CmsError, match="invalid memory index"):
        modem.read_sms(7)
    peer.script[b"AT+CMGR=7"] = OK
    with pytest.raises(BadAnswer, match="index 7"):
        modem.read_sms(7)


@pytest.mark.parametrize(
    ("answer", "signal"),
    [
        (b"+CSQ: 18,99", Signal(-77, None)), (b"+CSQ:31,0", Signal(-51, 0)),
        (b"+CSQ: 99,99", Signal(None, None)), (b"+CSQ: 0,7", Signal(-113, 7)),
    ],
)  # fmt: skip
def test_signal(modem: QuectelBg, peer: Peer, answer: bytes, signal: Signal) -> None:
    """RSSI in dBm, None when the modem does not know."""
    peer.script[b"AT+CSQ"] = b"\r\n" + answer + b"\r\n" + OK
    assert modem.signal() == signal


@pytest.mark.parametrize(
    ("final", "code"),
    [(b"+CME ERROR: 10", 10), (b"+CME ERROR: SIM not inserted", 10), (b"+CME ERROR: odd", None)],
)
def test_cme_errors(modem: QuectelBg, peer: Peer, final: bytes, code: int | None) -> None:
    """A CME error keeps its number, also when it came as text."""
    peer.script[b"AT+CIMI"] = b"\r\n" + final + b"\r\n"
    with pytest.raises(CmeError) as caught:
        modem.line("AT+CIMI")
    assert caught.value.code == code
    assert not isinstance(caught.value, CmsError)


def test_plain_error_and_empty_answer(modem: QuectelBg, peer: Peer) -> None:
    """ERROR has no number; OK without the information asked for is a bad answer."""
    with pytest.raises(CommandRefused, match=r"AT\+CIMI was answered ERROR"):
        modem.line("AT+CIMI")
    peer.script[b"AT+CIMI"] = OK
    with pytest.raises(BadAnswer, match="without information"):
        modem.line("AT+CIMI")


def test_busy_sim_is_asked_again(modem: QuectelBg, peer: Peer) -> None:
    """A SIM that is busy after power-up is given time."""
    answers = iter([b"\r\n+CME ERROR: 14\r\n", b"\r\n+CPIN: READY\r\n" + OK])
    peer.script[b"AT+CPIN?"] = lambda _: next(answers)
    assert modem.sim_state() == "READY"
    peer.script[b"AT+CPIN?"] = b"\r\n+CME ERROR: 14\r\n"
    with pytest.raises(SimProblem, match="SIM busy"):
        modem.sim_state(timeout_s=0)


def test_iccid_without_filler(modem: QuectelBg, peer: Peer) -> None:
    """A 19-digit ICCID loses the F it is padded with."""
    for name in (b"CGMI", b"CGMM", b"CGMR", b"CGSN", b"CIMI"):
        peer.script[b"AT+" + name] = b"\r\nX\r\n" + OK
    peer.script[b"AT+QCCID"] = b"\r\n+QCCID: 8931041010654378930F\r\n" + OK
    assert modem.identify().iccid == "8931041010654378930"


def test_clock_of_both_kinds(modem: QuectelBg, peer: Peer) -> None:
    """27.007 gives local time with its offset; BG9x gives UTC with the zone as a remark."""
    peer.script[b"AT+CCLK?"] = b'\r\n+CCLK: "26/03/01,12:00:00+04"\r\n' + OK
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert modem.clock() == noon
    assert modem.clock().utcoffset() == timedelta(hours=1)
    assert Modem(modem.channel).clock() == noon - timedelta(hours=1)
    peer.script[b"AT+CCLK?"] = b'\r\n+CCLK: "not set"\r\n' + OK
    with pytest.raises(BadAnswer, match="no time"):
        modem.clock()


def test_power_off(modem: QuectelBg, peer: Peer) -> None:
    """Power off waits for the modem's last word."""
    peer.script[b"AT+QPOWD=1"] = OK + b"\r\nPOWERED DOWN\r\n"
    modem.power_off(timeout_s=5)
    assert not modem.channel.urcs


def test_codes_with_other_numbers_in_the_place_of_a_count(modem: QuectelBg, peer: Peer) -> None:
    """Only recv is followed by data: an incoming connection is one line."""
    peer.script[b"AT"] = b'\r\n+QIURC: "incoming",11,2,"10.0.0.1",80\r\n' + OK
    assert modem.command("AT").lines == ()
    peer.script[b"AT"] = b'\r\n+QIURC: "recv",1,4\r\nOK\r\n\r\n' + OK
    assert modem.command("AT").lines == ()
    assert modem.channel.urcs[-1] == Urc('+QIURC: "recv",1,4', b"OK\r\n")


def test_apn_by_sim_type() -> None:
    """NET-APN: regular and Comarch SIMs use one APN, the others another."""
    assert {apn_of(sim) for sim in ("regular", "comarch")} == {"kpnthings.iot"}
    assert {apn_of(sim) for sim in ("plus", "early-access", "jasper")} == {"kpnthings2.m2m"}
