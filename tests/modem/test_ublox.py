"""The u-blox drivers against answers as the AT command manuals print them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness.errors import UsageError
from harness.line import EventTimeout
from harness.modem import HttpOrder, open_modem
from harness.modem.errors import BadAnswer, CannotDo, PdpRefused, SocketError
from harness.modem.ublox import Ublox
from tests.line.peer import Answer, Peer

OK = b"\r\nOK\r\n"
ALL = ["ublox-sara-r4", "ublox-sara-r5", "ublox-sara-u2"]
REPLY = b'HTTP/1.1 202 \r\nContent-Length: 9\r\n\r\nOK\r\n"\x00,"\n'
CREATE, CONNECT = b"AT+USOCR=6", b'AT+USOCO=0,"10.151.236.157",80'
READ, SEND, CLOSE = b"AT+USORD=0,1024", b"AT+USOWR=0,4", b"AT+USOCL=0"
TOKEN = "a" * 64
ORDER = HttpOrder(
    "10.151.236.157", 80, "/a", (("Host", "m.m"), ("Content-Type", "application/json"),
                                 ("Things-Message-Token", TOKEN)), b"[]",
)  # fmt: skip
ORDERED = b'AT+UHTTPC=0,4,"/a","hil-down","hil-up",6,"application/json"'
Open = Callable[[str], Ublox]


def received(data: bytes) -> bytes:
    return b'\r\n+USORD: 0,%d,"%s"\r\n' % (len(data), data) + OK


def file_of(data: bytes, start: bytes = b"\r\n") -> bytes:
    return start + b'+URDFILE: "hil-down",%d,"%s"\r\n' % (len(data), data) + OK


@pytest.fixture
def peer() -> Iterator[Peer]:
    script: dict[bytes, Answer] = {
        CREATE: b"\r\n+USOCR: 0\r\n" + OK, CONNECT: OK, CLOSE: OK, SEND: b"\r\n@",
        b"POST": b"\r\n+USOWR: 0,4\r\n" + OK + b"\r\n+UUSORD: 0,%d\r\n" % len(REPLY),
        READ: received(REPLY), b"AT+USOER": b"\r\n+USOER: 111\r\n" + OK,
        b"AT+UHTTP=0": OK, b'AT+UHTTP=0,0,"10.151.236.157"': OK, b"AT+UHTTP=0,5,80": OK,
        b"AT+UHTTP=0,7,60": OK, f'AT+UHTTP=0,9,"0:Things-Message-Token:{TOKEN}"'.encode(): OK,
        b'AT+UDELFILE="hil-up"': OK, b'AT+UDELFILE="hil-down"': b"\r\n+CME ERROR: 22\r\n",
        b'AT+UDWNFILE="hil-up",2': b"\r\n>", b"[]": OK,
        ORDERED: OK + b"\r\n+UUHTTPCR: 0,4,1\r\n", b'AT+URDFILE="hil-down"': file_of(REPLY),
        b"AT+UHTTPER=0": b"\r\n+UHTTPER: 0,3,11\r\n" + OK,
    }  # fmt: skip
    with Peer(script) as peer:
        yield peer


@pytest.fixture
def opened(peer: Peer) -> Iterator[Open]:
    made: list[Ublox] = []

    def make(family: str) -> Ublox:
        modem = open_modem(family, peer.path)
        assert isinstance(modem, Ublox)
        modem.channel.gap_s = 0.0
        made.append(modem)
        return modem

    yield make
    for modem in made:
        modem.close()


def post(modem: Ublox, timeout_s: float = 5) -> bytes:
    return modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=timeout_s)


@pytest.mark.parametrize("family", ALL)
def test_post(opened: Open, peer: Peer, family: str) -> None:
    """A socket is made, connected, written after @, read quoted and by count, closed."""
    assert post(opened(family)) == REPLY
    assert peer.heard == [CREATE, CONNECT, SEND, b"POST", READ, CLOSE]


def test_response_in_pieces(opened: Open, peer: Peer) -> None:
    """What is left after a read is announced again; an empty read is waited for."""
    answers = iter([
        received(b"") + b"\r\n+UUSORD: 0,9\r\n", received(REPLY[:9]), received(REPLY[9:]),
    ])  # fmt: skip
    peer.script[READ] = lambda _: next(answers)
    assert post(opened("ublox-sara-r5")) == REPLY


def test_closed_when_all_was_read(opened: Open, peer: Peer) -> None:
    """+UUSOCL comes with the last data; the socket is gone then, and reads of it are errors."""
    answers = iter([received(b"abc") + b"\r\n+UUSOCL: 0\r\n", b"\r\n+CME ERROR: 3\r\n"])
    peer.script[READ] = lambda _: next(answers)
    peer.script[CLOSE] = b"\r\n+CME ERROR: 3\r\n"
    assert post(opened("ublox-sara-r4")) == b"abc"


def test_codes_of_earlier_and_other_sockets(opened: Open, peer: Peer) -> None:
    """The end of an earlier socket 0, and of socket 1, do not end this one."""
    peer.say(b"\r\n+UUSOCL: 0\r\n\r\n+UUSOCL: 1\r\n")
    peer.script[READ] = received(b"")
    with pytest.raises(EventTimeout):
        post(opened("ublox-sara-r4"), 0.1)


@pytest.mark.parametrize("family", ALL)
def test_connect_failed(opened: Open, peer: Peer, family: str) -> None:
    """The number is +USOER's, and the socket is closed."""
    peer.script[CONNECT] = b"\r\nERROR\r\n"
    with pytest.raises(SocketError) as caught:
        post(opened(family))
    assert caught.value.code == 111
    assert peer.heard[-1] == CLOSE


@pytest.mark.parametrize("answer", [b"\r\nERROR\r\n", b"\r\nABORTED\r\n"])
def test_send_refused(opened: Open, peer: Peer, answer: bytes) -> None:
    """An error or an abort instead of @ is a socket error."""
    peer.script[SEND] = answer
    with pytest.raises(SocketError):
        post(opened("ublox-sara-r4"))


@pytest.mark.parametrize("family", ALL[:2])
@pytest.mark.parametrize("start", [b"\r\n", b"\n"])
def test_http_post(opened: Open, peer: Peer, family: str, start: bytes) -> None:
    """The answer is a file with head and body; SARA-R4 has only LF before it."""
    peer.script[b'AT+URDFILE="hil-down"'] = file_of(REPLY, start)
    answer = opened(family).http_post(ORDER)
    assert (answer.status, answer.body) == (202, REPLY.partition(b"\r\n\r\n")[2])


def test_http_failures(opened: Open, peer: Peer) -> None:
    """A failed order has +UHTTPER's code; a file without HTTP is no answer; limits hold."""
    modem = opened("ublox-sara-r5")
    peer.script[ORDERED] = OK + b"\r\n+UUHTTPCR: 0,4,0\r\n"
    with pytest.raises(SocketError) as caught:
        modem.http_post(ORDER)
    assert caught.value.code == 11
    peer.script[ORDERED] = OK + b"\r\n+UUHTTPCR: 0,4,1\r\n"
    peer.script[b'AT+URDFILE="hil-down"'] = file_of(b"<html>")
    with pytest.raises(BadAnswer):
        modem.http_post(ORDER)
    with pytest.raises(UsageError, match="64"):
        modem.http_post(HttpOrder("h", 80, "/", (("X", "a" * 65),), b""))


def test_no_header_of_ones_own_in_2g_and_3g(opened: Open, peer: Peer) -> None:
    """An honest cannot, before anything is sent."""
    with pytest.raises(CannotDo, match="cannot set the header"):
        opened("ublox-sara-u2").http_post(ORDER)
    assert peer.heard == []


def test_profile_that_reports(opened: Open, peer: Peer) -> None:
    """SARA-R5: the context, then the profile, which is up when +UUPSDA says so."""
    peer.script |= {
        b'AT+CGDCONT=1,"IP","kpn"': OK, b"AT+CGACT=1,1": OK,
        b"AT+CGPADDR=1": b'\r\n+CGPADDR: 1,"10.1.2.3"\r\n' + OK,
        b"AT+UPSND=0,8": b"\r\n+UPSND: 0,8,0\r\n" + OK,
        b"AT+UPSD=0,0,0": OK, b"AT+UPSD=0,100,1": OK,
        b"AT+UPSDA=0,3": OK + b'\r\n+UUPSDA: 0,"10.1.2.3"\r\n',
    }  # fmt: skip
    modem = opened("ublox-sara-r5")
    assert modem.activate("kpn") == "10.1.2.3"
    peer.script[b"AT+UPSDA=0,3"] = OK + b"\r\n+UUPSDA: 1\r\n"
    with pytest.raises(PdpRefused, match="kpn"):
        modem.activate("kpn")
    peer.script[b"AT+UPSDA=0,3"] = OK
    with pytest.raises(PdpRefused, match="kpn"):
        modem.activate("kpn", timeout_s=0.1)


def test_profile_with_its_own_apn(opened: Open, peer: Peer) -> None:
    """SARA-U2: the APN is the profile's; its address is asked for."""
    peer.script |= {
        b'AT+CGDCONT=1,"IP","kpn"': OK, b"AT+UPSND=0,8": b"\r\n+UPSND: 0,8,0\r\n" + OK,
        b'AT+UPSD=0,1,"kpn"': OK, b'AT+UPSD=0,7,"0.0.0.0"': OK, b"AT+UPSDA=0,3": OK,
        b"AT+UPSND=0,0": b'\r\n+UPSND: 0,0,"10.1.2.3"\r\n' + OK,
    }  # fmt: skip
    modem = opened("ublox-sara-u2")
    assert modem.activate("kpn") == "10.1.2.3"
    peer.script[b"AT+UPSDA=0,3"] = b"\r\n+CME ERROR: 148\r\n"
    with pytest.raises(PdpRefused, match="148"):
        modem.activate("kpn")


def test_power(opened: Open, peer: Peer) -> None:
    """Power off and the silent reset are one command each."""
    peer.script |= {b"AT+CPWROFF": OK, b"AT+CFUN=15": OK}
    modem = opened("ublox-sara-r4")
    modem.reboot()
    modem.power_off()
    assert peer.heard == [b"AT+CFUN=15", b"AT+CPWROFF"]
