"""The sierra-hl78 driver against answers as the vendor's guides and test scripts have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.errors import UsageError
from harness.line import EventTimeout
from harness.modem import HttpOrder, open_modem
from harness.modem.errors import BadAnswer, PdpRefused, SocketError
from harness.modem.sierra_hl78 import MARK, SierraHl78
from tests.line.peer import Answer, Peer

OK = b"\r\nOK\r\n"
REPLY = b"HTTP/1.1 202 \r\nContent-Length: 9\r\n\r\nOK\r\n\r\nOK\r"
CREATE = b'AT+KTCPCFG=1,0,"10.151.236.157",80'
READ = b"AT+KTCPRCV=2,4096"
TOKEN = b"Things-Message-Token: abc\r\n"
HEAD = b"Content-Length: 2\r\nContent-Type: application/json\r\n" + TOKEN
ORDER = HttpOrder(
    "10.151.236.157", 80, "/a", (("Host", "m.m"), ("Content-Type", "application/json"),
                                 ("Things-Message-Token", "abc")), b"[]",
)  # fmt: skip


def received(data: bytes) -> bytes:
    return b"\r\nCONNECT\r\n" + data + MARK + b"\r\n" + OK


@pytest.fixture
def peer() -> Iterator[Peer]:
    script: dict[bytes, Answer] = {
        CREATE: b"\r\n+KTCPCFG: 2\r\n" + OK, b"AT+KTCPCNX=2": OK + b"\r\n+KTCP_IND: 2,1\r\n",
        b"AT+KTCPSND=2,4": b"\r\nCONNECT\r\n",
        b"POST" + MARK: OK + b"\r\n+KTCP_DATA: 2,%d\r\n" % len(REPLY), READ: received(REPLY),
        b"AT+KTCPCLOSE=2,1": OK, b"AT+KTCPDEL=2": OK,
        b'AT+KHTTPCFG=1,"10.151.236.157",80':
            b"\r\n+KHTTPCFG: 1\r\n" + OK + b"\r\n+KHTTP_IND: 1,1\r\n",
        b"AT+KHTTPHEADER=1": b"\r\nCONNECT\r\n", HEAD + MARK: OK,
        b'AT+KHTTPPOST=1,,"/a"': b"\r\nCONNECT\r\n",
        b"[]": received(REPLY) + b'\r\n+KHTTP_IND: 1,3,9,202,""\r\n',
        b"AT+KHTTPCLOSE=1,1": OK, b"AT+KHTTPDEL=1": OK,
    }  # fmt: skip
    with Peer(script) as peer:
        yield peer


@pytest.fixture
def modem(peer: Peer) -> Iterator[SierraHl78]:
    with open_modem("sierra-hl78", peer.path) as modem:
        assert isinstance(modem, SierraHl78)
        yield modem


def post(modem: SierraHl78, timeout_s: float = 5) -> bytes:
    return modem.post_raw("10.151.236.157", 80, b"POST", response_timeout_s=timeout_s)


def test_post(modem: SierraHl78, peer: Peer) -> None:
    """A session is made, connected, used with the mark both ways, closed and deleted."""
    assert post(modem) == REPLY
    assert peer.heard == [
        CREATE, b"AT+KTCPCNX=2", b"AT+KTCPSND=2,4", b"POST" + MARK, READ,
        b"AT+KTCPCLOSE=2,1", b"AT+KTCPDEL=2",
    ]  # fmt: skip


def test_the_mark_in_the_data(modem: SierraHl78, peer: Peer) -> None:
    """Received data may hold the mark; data to be sent may not, and are refused before they go."""
    data = b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n" % (len(MARK) + 1) + MARK + b"!"
    peer.script[READ] = received(data)
    assert post(modem) == data
    with pytest.raises(UsageError, match="EOF"):
        modem.post_raw("10.151.236.157", 80, b"x" + MARK)


def test_closed_with_data_unread(modem: SierraHl78, peer: Peer) -> None:
    """+KTCP_NOTIF 4 is the peer's close; what is in the buffer is read first."""
    answers = iter([received(b"abc"), received(b"")])
    peer.script[b"POST" + MARK] = OK + b"\r\n+KTCP_DATA: 2,3\r\n\r\n+KTCP_NOTIF: 2,4\r\n"
    peer.script[READ] = lambda _: next(answers)
    assert post(modem) == b"abc"


def test_codes_that_do_not_end_it(modem: SierraHl78, peer: Peer) -> None:
    """Another session's end, an earlier one's, and a remark about a count (8) do not end it."""
    peer.say(b"\r\n+KTCP_NOTIF: 2,4\r\n\r\n+KTCP_IND: 2,1\r\n")
    peer.script[b"POST" + MARK] = OK + b"\r\n+KTCP_NOTIF: 1,4\r\n\r\n+KTCP_NOTIF: 2,8\r\n"
    peer.script[READ] = received(b"")
    with pytest.raises(EventTimeout):
        post(modem, 0.1)


def test_connect_failed(modem: SierraHl78, peer: Peer) -> None:
    """The number of +KTCP_NOTIF is in the error, and the session is deleted."""
    peer.script[b"AT+KTCPCNX=2"] = OK + b"\r\n+KTCP_NOTIF: 2,5\r\n"
    with pytest.raises(SocketError) as caught:
        post(modem)
    assert caught.value.code == 5
    assert peer.heard[-1] == b"AT+KTCPDEL=2"


def test_connect_that_says_nothing(modem: SierraHl78, peer: Peer) -> None:
    """The session is deleted, and the modem is not blamed."""
    peer.script[b"AT+KTCPCNX=2"] = OK
    with pytest.raises(EventTimeout):
        modem.open_socket("10.151.236.157", 80, timeout_s=0.05)
    assert peer.heard[-1] == b"AT+KTCPDEL=2"


def test_send_refused(modem: SierraHl78, peer: Peer) -> None:
    """An error instead of CONNECT is a socket error."""
    peer.script[b"AT+KTCPSND=2,4"] = b"\r\n+CME ERROR: 3\r\n"
    with pytest.raises(SocketError):
        post(modem)


def test_activation(modem: SierraHl78, peer: Peer) -> None:
    """+KCNX_IND 1 is up, 4 is on the way, 2 is a refusal."""
    addresses = iter([OK, b'\r\n+KCGPADDR: 1,"10.1.2.3"\r\n' + OK, OK])
    peer.script |= {
        b'AT+CGDCONT=1,"IP","kpn"': OK, b'AT+KCNXCFG=1,"GPRS","kpn"': OK,
        b"AT+KCGPADDR=1": lambda _: next(addresses),
        b"AT+KCNXUP=1": OK + b"\r\n+KCNX_IND: 1,4,1\r\n\r\n+KCNX_IND: 1,1,0\r\n",
    }  # fmt: skip
    assert modem.activate("kpn") == "10.1.2.3"
    peer.script[b"AT+KCNXUP=1"] = OK + b"\r\n+KCNX_IND: 1,2\r\n"
    with pytest.raises(PdpRefused, match="kpn"):
        modem.activate("kpn")


def test_http_post(modem: SierraHl78, peer: Peer) -> None:
    """Header block with the length, body by its count, head and body of the answer."""
    answer = modem.http_post(ORDER)
    assert (answer.status, answer.body) == (202, b"OK\r\n\r\nOK\r")
    assert peer.heard[-2:] == [b"AT+KHTTPCLOSE=1,1", b"AT+KHTTPDEL=1"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(b"\r\nERROR\r\n", SocketError), (received(b"SSH-2.0\r\n"), BadAnswer)],
)
def test_http_failures(modem: SierraHl78, peer: Peer, answer: bytes, kind: type[Exception]) -> None:
    """No answer, or one that is no HTTP; the session is deleted in each case."""
    peer.script[b"[]"] = answer
    with pytest.raises(kind):
        modem.http_post(ORDER)
    assert peer.heard[-1] == b"AT+KHTTPDEL=1"


def test_power_off(modem: SierraHl78, peer: Peer) -> None:
    """+CPWROFF is all."""
    peer.script[b"AT+CPWROFF"] = OK
    modem.power_off()
    assert peer.heard == [b"AT+CPWROFF"]
