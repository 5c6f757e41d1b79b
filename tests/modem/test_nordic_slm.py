"""The nordic-slm driver against answers as the application's documents and source have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.errors import UsageError
from harness.line import EventTimeout
from harness.modem import HttpOrder, open_modem
from harness.modem.errors import BadAnswer, PdpRefused, SocketError
from harness.modem.nordic_slm import NordicSlm
from tests.line.peer import Answer, Peer

OK, ERROR = b"\r\nOK\r\n", b"\r\nERROR\r\n"
REPLY = b"HTTP/1.1 202 \r\nContent-Length: 7\r\n\r\nTest OK"
OVER = b"\r\n#XDATAMODE: 0\r\n"
READ = b"\nAT#XRECV=1"
HEAD, BODY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 6\r\n\r\n", b"OK\r\n\x00x"
TOLD = b"\r\n#XHTTPCREQ: 0\r\n" + OVER + HEAD + b"\r\n#XHTTPCRSP:%d,0\r\n" % len(HEAD)
ORDER = HttpOrder(
    "10.151.236.157", 80, "/a", (("Host", "m.m"), ("Content-Type", "application/json"),
                                 ("Things-Message-Token", "abc")), b"[]",
)  # fmt: skip
REQUEST = b'\nAT#XHTTPCREQ="POST","/a","Things-Message-Token: abc\\r\\n","application/json",2'


def received(data: bytes) -> bytes:
    return b"\r\n#XRECV: %d\r\n%s\r\n" % (len(data), data) + OK


@pytest.fixture
def peer() -> Iterator[Peer]:
    """The peer takes a line at CR, so the LF of CR LF comes first on the next one."""
    script: dict[bytes, Answer] = {
        b"AT#XSOCKET=1,1,0": b"\r\n#XSOCKET: 3,1,6\r\n" + OK,
        b'\nAT#XCONNECT="10.151.236.157",80': b"\r\n#XCONNECT: 1\r\n" + OK,
        b"\nAT#XSEND": OK, b"\n[{}]+++": OVER, READ: received(REPLY),
        b"\nAT#XSOCKET=0": b'\r\n#XSOCKET: 0,"closed"\r\n' + OK,
        b'AT#XHTTPCCON=1,"10.151.236.157",80': b"\r\n#XHTTPCCON: 1\r\n" + OK,
        REQUEST: OK + b"\r\n#XHTTPCREQ: 1\r\n",
        b"\n[]+++": TOLD + BODY + b"\r\n#XHTTPCRSP:%d,1\r\n" % len(BODY),
        b"AT#XHTTPCCON=0": b"\r\n#XHTTPCCON: 0\r\n" + OK,
    }  # fmt: skip
    with Peer(script) as peer:
        yield peer


@pytest.fixture
def modem(peer: Peer) -> Iterator[NordicSlm]:
    with open_modem("nordic-slm", peer.path) as modem:
        assert isinstance(modem, NordicSlm)
        yield modem


def post(modem: NordicSlm, timeout_s: float = 5) -> bytes:
    return modem.post_raw("10.151.236.157", 80, b"[{}]", response_timeout_s=timeout_s)


def test_post(modem: NordicSlm, peer: Peer) -> None:
    """A socket, data mode for the request, and #XRECV by count, also when it reads Test OK."""
    peer.script[b"AT#XSOCKET=0"] = peer.script[b"\nAT#XSOCKET=0"]
    peer.script[b"AT#XRECV=1"] = peer.script[READ]
    assert post(modem) == REPLY


def test_a_timeout_and_the_peers_end(modem: NordicSlm, peer: Peer) -> None:
    """ERROR is nothing in time; OK without data is the end; what came before it is the response."""
    answers = iter([ERROR, received(b"abc"), OK, OK])
    peer.script[READ] = lambda _: next(answers)
    assert post(modem) == b"abc"


def test_nothing_comes(modem: NordicSlm, peer: Peer) -> None:
    """A server that says nothing is not the modem's fault."""
    peer.script[READ] = ERROR
    with pytest.raises(EventTimeout):
        post(modem, 0.05)


def test_connect_failed(modem: NordicSlm, peer: Peer) -> None:
    """The socket is closed again."""
    peer.script[b'\nAT#XCONNECT="10.151.236.157",80'] = ERROR
    with pytest.raises(SocketError):
        post(modem)
    assert peer.heard[-1] == b"\nAT#XSOCKET=0"


def test_http_post(modem: NordicSlm, peer: Peer) -> None:
    """Raw head and body come before the codes with their lengths."""
    peer.script[b"\nAT#XHTTPCCON=0"] = peer.script[b"AT#XHTTPCCON=0"]
    answer = modem.http_post(ORDER)
    assert (answer.status, answer.body) == (202, BODY)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b"\r\n#XHTTPCREQ: -116\r\n", SocketError),
        (TOLD + b"OK\r\n#XHTTPCRSP: 0,-104\r\n", SocketError),
        (TOLD + BODY + b"\r\n#XHTTPCRSP:99,1\r\n", BadAnswer),
    ],
)
def test_http_failures(modem: NordicSlm, peer: Peer, told: bytes, kind: type[Exception]) -> None:
    """An errno of the application, and a body that is not as long as was said."""
    peer.script[b"\nAT#XHTTPCCON=0"] = ERROR
    peer.script[b"\n[]+++"] = told
    with pytest.raises(kind):
        modem.http_post(ORDER)


def test_the_terminator_in_a_body(modem: NordicSlm, peer: Peer) -> None:
    """+++ cannot be carried by the client's data mode, which is said before anything is sent."""
    with pytest.raises(UsageError, match=r"\+\+\+"):
        modem.http_post(HttpOrder("h", 80, "/", (), b"a+++b"))
    assert peer.heard == []


def test_activation(modem: NordicSlm, peer: Peer) -> None:
    """Another APN takes a new attach; the address is that of context 0."""
    peer.script |= {
        b"AT+CGDCONT?": b'\r\n+CGDCONT: 0,"IP","ibasis.iot"\r\n' + OK,
        b"\nAT+CFUN=4": OK, b'\nAT+CGDCONT=0,"IP","kpn"': OK, b"\nAT+CFUN=1": OK,
        b"\nAT+CEREG?": b"\r\n+CEREG: 0,1\r\n" + OK,
        b"\nAT+CGPADDR=0": b'\r\n+CGPADDR: 0,"10.1.2.3"\r\n' + OK,
    }  # fmt: skip
    assert modem.activate("kpn") == "10.1.2.3"
    peer.script[b"\nAT+CGDCONT?"] = peer.script[b"AT+CGDCONT?"]
    peer.script[b"\nAT+CGPADDR=0"] = b"\r\n+CGPADDR: 0\r\n" + OK
    with pytest.raises(PdpRefused, match="kpn"):
        modem.activate("kpn")


def test_identity_and_signal(modem: NordicSlm, peer: Peer) -> None:
    """The filler of %XICCID is taken off; the signal is LTE's."""
    peer.script |= {
        b"AT%XICCID": b"\r\n%XICCID: 8931041010654378930F\r\n" + OK,
        b"\nAT+CESQ": b"\r\n+CESQ: 99,99,255,255,20,56\r\n" + OK,
    }
    assert modem.iccid() == "8931041010654378930"
    assert modem.signal().rsrp_dbm == -85
