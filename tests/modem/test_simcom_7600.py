"""The simcom-7600 and simcom-a76 drivers against answers as the manuals print them.

SIM7500_SIM7600 Series AT Command Manual V3.00 (§11.2, §13.2), its HTTP(S) Application Note V3.00
(§5.1.2), SIM767XX Series AT Command Manual V1.06 (§3.2.3, §14.2).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.modem import HttpOrder, open_modem
from harness.modem.errors import BadAnswer, CannotDo, CommandRefused, PdpRefused, SocketError
from harness.modem.simcom_7600 import Simcom7600
from tests.line.peer import Peer
from tests.modem.simcom import ERROR, OK, line

TOKEN = ("Things-Message-Token", "ab" * 32)
ORDER = HttpOrder(
    "10.151.236.157", 80, "/a", (("Content-Type", "application/json"), TOKEN), b'["\x1aOK"]'
)
BODY = b'a\r\nOK\r\n\r\n+HTTPREAD: 0\r\n"\x00\x1a'


@pytest.fixture(params=["simcom-7600", "simcom-a76"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer({
        b"AT+HTTPINIT": OK, b"AT+HTTPTERM": OK,
        b'AT+HTTPPARA="URL","http://10.151.236.157/a"': OK,
        b'AT+HTTPPARA="CONTENT","application/json"': OK,
        b'AT+HTTPPARA="USERDATA","Things-Message-Token: %s"' % TOKEN[1].encode(): OK,
        b"AT+HTTPDATA=7,30000": b"\r\nDOWNLOAD\r\n", ORDER.body: OK,
        b"AT+HTTPACTION=1":
            OK + line(b"+HTTPACTION: 1,200,%d" % len(BODY), b"+HTTP_PEER_CLOSED"),
        b"AT+HTTPREAD=0,%d" % len(BODY):
            OK + line(b"+HTTPREAD: DATA,%d" % len(BODY) + b"\r\n" + BODY, b"+HTTPREAD: 0"),
        b'AT+CGDCONT=1,"IP","apn"': OK, b"AT+NETOPEN?": line(b"+NETOPEN: 0") + OK,
        b"AT+NETOPEN": OK + line(b"+NETOPEN: 0"),
        b"AT+IPADDR": line(b"+IPADDR: 10.148.0.17") + OK,
        b"AT+NETCLOSE": OK + line(b"+NETCLOSE: 0"),
    }) as peer:  # fmt: skip
        yield peer


@pytest.fixture
def modem(peer: Peer, family: str) -> Iterator[Simcom7600]:
    with open_modem(family, peer.path) as modem:
        assert isinstance(modem, Simcom7600)
        yield modem


def test_activation(modem: Simcom7600, peer: Peer) -> None:
    """A closed network is opened, and an open one is left alone."""
    assert modem.activate("apn") == "10.148.0.17"
    assert b"AT+NETOPEN" in peer.heard
    peer.script[b"AT+NETOPEN?"] = line(b"+NETOPEN: 1,0") + OK
    peer.script[b"AT+NETOPEN"] = ERROR
    assert modem.activate("apn") == "10.148.0.17"


@pytest.mark.parametrize("answer", [OK + line(b"+NETOPEN: 1"), ERROR])
def test_activation_refused(modem: Simcom7600, peer: Peer, answer: bytes) -> None:
    """A network that is not opened names its APN; an old report is not the new one's."""
    peer.say(line(b"+NETOPEN: 0"))
    peer.script[b"AT+NETOPEN"] = answer
    with pytest.raises(PdpRefused, match="APN apn"):
        modem.activate("apn")


def test_no_address_after_all(modem: Simcom7600, peer: Peer) -> None:
    """A network without address is not active."""
    peer.script[b"AT+IPADDR"] = line(b"+IPADDR: Network not opened", b"ERROR")
    with pytest.raises(PdpRefused, match="is not active"):
        modem.activate("apn")


def test_deactivation(modem: Simcom7600, peer: Peer) -> None:
    """The network's end is waited for; a failure has its number, a refusal is one."""
    modem.deactivate()
    peer.script[b"AT+NETCLOSE"] = line(b"+NETCLOSE: 2", b"ERROR")
    with pytest.raises(SocketError, match="error 2"):
        modem.deactivate()
    peer.script[b"AT+NETCLOSE"] = ERROR
    with pytest.raises(CommandRefused):
        modem.deactivate()


@pytest.mark.parametrize("word", [b"DATA,", b""])
def test_http_post(modem: Simcom7600, peer: Peer, word: bytes) -> None:
    """The body comes by count after OK, in blocks, with the word DATA or without."""
    half = len(BODY) // 2
    peer.script[b"AT+HTTPREAD=0,%d" % len(BODY)] = (
        OK + line(b"+HTTPREAD: %s%d\r\n%s" % (word, half, BODY[:half]), b'+CMTI: "SM",1')
        + line(b"+HTTPREAD: %s%d\r\n%s" % (word, len(BODY) - half, BODY[half:]), b"+HTTPREAD: 0")
    )  # fmt: skip
    peer.say(line(b"+HTTPACTION: 1,714,0"))  # of an earlier post
    answer = modem.http_post(ORDER)
    assert (answer.status, answer.body) == (200, BODY)
    assert peer.heard[-1] == b"AT+HTTPTERM"


def test_http_without_body(modem: Simcom7600, peer: Peer) -> None:
    """An answer without body is not read."""
    peer.script[b"AT+HTTPACTION=1"] = OK + line(b"+HTTPACTION: 1,202,0")
    answer = modem.http_post(ORDER)
    assert (answer.status, answer.body) == (202, b"")
    assert not any(heard.startswith(b"AT+HTTPREAD") for heard in peer.heard)


def test_http_after_an_interrupted_one(modem: Simcom7600, peer: Peer) -> None:
    """A client that is still started is stopped first."""
    answers = iter([ERROR, OK])
    peer.script[b"AT+HTTPINIT"] = lambda _: next(answers)
    assert modem.http_post(ORDER).status == 200
    assert peer.heard[:3] == [b"AT+HTTPINIT", b"AT+HTTPTERM", b"AT+HTTPINIT"]


@pytest.mark.parametrize(
    ("report", "kind"),
    [(b"1,714,0", SocketError), (b"1", BadAnswer), (b"1,200,999", BadAnswer)],
)
def test_http_failed(modem: Simcom7600, peer: Peer, report: bytes, kind: type[Exception]) -> None:
    """The module's own number, a report without status and a short body are told apart."""
    peer.script[b"AT+HTTPACTION=1"] = OK + line(b"+HTTPACTION: " + report)
    peer.script[b"AT+HTTPREAD=0,999"] = OK + line(b"+HTTPREAD: DATA,3\r\nabc", b"+HTTPREAD: 0")
    with pytest.raises(kind):
        modem.http_post(ORDER)
    assert peer.heard[-1] == b"AT+HTTPTERM"


def test_http_header_refused(modem: Simcom7600, peer: Peer) -> None:
    """Firmware that knows no USERDATA says so, and the client is stopped."""
    peer.script[b'AT+HTTPPARA="USERDATA","Things-Message-Token: %s"' % TOKEN[1].encode()] = ERROR
    with pytest.raises(CommandRefused, match="USERDATA"):
        modem.http_post(ORDER)
    assert peer.heard[-1] == b"AT+HTTPTERM"


@pytest.mark.parametrize(
    ("headers", "body"),
    [((("X", "y" * 520),), b""), ((("X", "1"), ("Y", "2")), b""), ((), bytes(153_601))],
)
def test_http_limits(
    modem: Simcom7600, peer: Peer, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    """What the client cannot send is refused before anything is sent."""
    with pytest.raises(CannotDo, match="use post_raw"):
        modem.http_post(HttpOrder("h", 80, "/", headers, body))
    assert peer.heard == []


def test_power_off(modem: Simcom7600, peer: Peer, family: str) -> None:
    """A76xx has a last word, SIM7600 has none."""
    peer.script[b"AT+CPOF"] = OK + (line(b"POWERD DOWN") if family == "simcom-a76" else b"")
    modem.power_off(timeout_s=5)
    assert peer.heard == [b"AT+CPOF"]
    assert not modem.channel.urcs
