"""AT+CIICR and the HTTP client of simcom-800, and the context of simcom-7000.

SIM7000 Series TCPIP Application Note V1.02 (§4.1), SIM7000 Series HTTP Application Note V1.01.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.modem import HttpOrder, open_modem
from harness.modem.errors import BadAnswer, CannotDo, CommandRefused, PdpRefused, SocketError
from harness.modem.simcom_800 import Simcom800
from harness.modem.simcom_cip import SimcomCip
from tests.line.peer import Peer
from tests.modem.simcom import ERROR, HOST, OK, PORT, line

TOKEN = ("Things-Message-Token", "ab" * 32)
USERDATA = b'AT+HTTPPARA="USERDATA","Things-Message-Token: %s"' % TOKEN[1].encode()
ORDER = HttpOrder(HOST, PORT, "/a", (("Content-Type", "application/json"), TOKEN), b'["\x1aOK"]')
BODY = b'a\r\nOK\r\n\r\n+HTTPACTION: 1,1,1\r\n"\x00\x1a'


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer({
        b'AT+CGDCONT=1,"IP","apn"': OK, b"AT+CNACT?": line(b'+CNACT: 0,"0.0.0.0"') + OK,
        b"AT+CIPSHUT": line(b"SHUT OK"), b"AT+CIPMUX=1": OK, b"AT+CIPRXGET=1": OK,
        b'AT+CSTT="apn"': OK, b"AT+CIICR": OK, b"AT+CIFSR;E0": line(b"10.78.245.128") + OK,
        b"AT+SAPBR=2,1": line(b'+SAPBR: 1,3,"0.0.0.0"') + OK,
        b'AT+SAPBR=3,1,"Contype","GPRS"': OK, b'AT+SAPBR=3,1,"APN","apn"': OK,
        b"AT+SAPBR=1,1": OK,
        b"AT+HTTPINIT": OK, b"AT+HTTPTERM": OK, b'AT+HTTPPARA="CID",1': OK,
        b'AT+HTTPPARA="URL","http://10.151.236.157/a"': OK,
        b'AT+HTTPPARA="CONTENT","application/json"': OK, USERDATA: OK,
        b"AT+HTTPDATA=7,30000": b"\r\nDOWNLOAD\r\n", ORDER.body: OK,
        b"AT+HTTPACTION=1": OK + line(b"+HTTPACTION: 1,200,%d" % len(BODY)),
        b"AT+HTTPREAD": b"\r\n+HTTPREAD: %d\r\n%s\r\n" % (len(BODY), BODY) + OK,
    }) as peer:  # fmt: skip
        yield peer


@pytest.fixture(params=["simcom-800", "simcom-7000"])
def modem(request: pytest.FixtureRequest, peer: Peer) -> Iterator[SimcomCip]:
    with open_modem(str(request.param), peer.path) as modem:
        assert isinstance(modem, SimcomCip)
        yield modem


@pytest.fixture
def old(peer: Peer) -> Iterator[Simcom800]:
    with open_modem("simcom-800", peer.path) as modem:
        assert isinstance(modem, Simcom800)
        yield modem


def test_activation(modem: SimcomCip, peer: Peer) -> None:
    """What can only be set without a context is set after AT+CIPSHUT."""
    assert modem.activate("apn") == "10.78.245.128"
    assert peer.heard == [
        b'AT+CGDCONT=1,"IP","apn"', b"AT+CIPSHUT", b"AT+CIPMUX=1", b"AT+CIPRXGET=1",
        b'AT+CSTT="apn"', b"AT+CIICR", b"AT+CIFSR;E0",
    ]  # fmt: skip
    modem.deactivate()


@pytest.mark.parametrize(
    ("command", "answer"),
    [(b"AT+CIICR", ERROR), (b"AT+CIICR", line(b"+PDP: DEACT", b"ERROR")),
     (b"AT+CIFSR;E0", ERROR), (b"AT+CIFSR;E0", OK)],
)  # fmt: skip
def test_activation_refused(modem: SimcomCip, peer: Peer, command: bytes, answer: bytes) -> None:
    """A context without address names its APN."""
    peer.script[command] = answer
    with pytest.raises(PdpRefused, match="APN apn"):
        modem.activate("apn")


@pytest.mark.parametrize("blank", [b" ", b""])
def test_results_with_and_without_a_blank(modem: SimcomCip, peer: Peer, blank: bytes) -> None:
    """The number of the connection is followed by a blank in some manuals only."""
    peer.script |= {
        b'AT+CIPSTART=0,"TCP","10.151.236.157",80': OK + line(b"0,%sCONNECT OK" % blank),
        b"AT+CIPSEND=0,4": b"\r\n> ", b"POST": line(b"0,%sSEND OK" % blank, b"0,%sCLOSED" % blank),
        b"AT+CIPRXGET=2,0,1460": line(b"+CIPRXGET: 2,0,0,0") + OK, b"AT+CIPCLOSE=0": ERROR,
    }  # fmt: skip
    assert modem.post_raw(HOST, PORT, b"POST", response_timeout_s=5) == b""


def test_already_connected(modem: SimcomCip, peer: Peer) -> None:
    """A connection that is there already is no new one."""
    peer.script[b'AT+CIPSTART=0,"TCP","10.151.236.157",80'] = OK + line(b"0, ALREADY CONNECT")
    peer.script[b"AT+CIPCLOSE=0"] = line(b"0, CLOSE OK")
    with pytest.raises(SocketError, match="ALREADY CONNECT"):
        modem.open_socket(HOST, PORT)
    assert peer.heard[-1] == b"AT+CIPCLOSE=0"


def test_http_post(old: Simcom800, peer: Peer) -> None:
    """The bearer gets the APN of the sockets, the header goes as USERDATA, the body by count."""
    old.activate("apn")
    answer = old.http_post(ORDER)
    assert (answer.status, answer.body) == (200, BODY)
    assert b'AT+SAPBR=3,1,"APN","apn"' in peer.heard
    assert peer.heard[-1] == b"AT+HTTPTERM"


def test_http_on_an_open_bearer(old: Simcom800, peer: Peer) -> None:
    """A bearer that is open is left alone; a space may lack in the report."""
    peer.script[b"AT+SAPBR=2,1"] = line(b'+SAPBR: 1,1,"10.1.2.3"') + OK
    peer.script[b"AT+HTTPACTION=1"] = OK + line(b"+HTTPACTION:1,202,0")
    answer = old.http_post(ORDER)
    assert (answer.status, answer.body) == (202, b"")
    assert b"AT+SAPBR=1,1" not in peer.heard


def test_bearer_is_closed_too(old: Simcom800, peer: Peer) -> None:
    """Deactivating ends the bearer of the HTTP client, if it is open."""
    old.deactivate()
    peer.script[b"AT+SAPBR=2,1"] = line(b'+SAPBR: 1,1,"10.1.2.3"') + OK
    peer.script[b"AT+SAPBR=0,1"] = OK
    old.deactivate()
    assert peer.heard.count(b"AT+SAPBR=0,1") == 1


def test_http_bearer_refused(old: Simcom800, peer: Peer) -> None:
    """A bearer that does not come up is a refused context."""
    peer.script[b"AT+SAPBR=1,1"] = ERROR
    with pytest.raises(PdpRefused, match=r"SAPBR=1,1"):
        old.http_post(ORDER)


@pytest.mark.parametrize(
    ("report", "kind"), [(b"1,601,0", SocketError), (b"1", BadAnswer), (b"1,200,9", BadAnswer)]
)
def test_http_failed(old: Simcom800, peer: Peer, report: bytes, kind: type[Exception]) -> None:
    """The module's own number, a report without status and another length are told apart."""
    peer.script[b"AT+HTTPACTION=1"] = OK + line(b"+HTTPACTION: " + report)
    with pytest.raises(kind):
        old.http_post(ORDER)
    assert peer.heard[-1] == b"AT+HTTPTERM"


def test_http_header_refused(old: Simcom800, peer: Peer) -> None:
    """Firmware that knows no USERDATA says so."""
    peer.script[USERDATA] = ERROR
    with pytest.raises(CommandRefused, match="USERDATA"):
        old.http_post(ORDER)


def test_http_limit(old: Simcom800, peer: Peer) -> None:
    """A body that the client cannot take is refused before anything is sent."""
    with pytest.raises(CannotDo, match="319488"):
        old.http_post(HttpOrder("h", 80, "/", (), bytes(319_489)))
    assert peer.heard == []
