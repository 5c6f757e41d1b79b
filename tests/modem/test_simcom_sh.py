"""The SH client of simcom-7080 and simcom-7000, and AT+CNACT, as the manuals print them.

SIM7070_SIM7080_SIM7090 Series HTTP(S) Application Note V1.02 (§5.1.2, example 2) and AT Command
Manual V1.05 (§7.2.1, §13.2); SIM7000 Series AT Command Manual V1.06 (§9.2.5, §9.2.12).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.modem import HttpOrder, open_modem
from harness.modem.errors import BadAnswer, CannotDo, CommandRefused, PdpRefused, SocketError
from harness.modem.simcom_sh import ShClient
from tests.line.peer import Peer
from tests.modem.simcom import ERROR, OK, line

TOKEN = ("Things-Message-Token", "ab" * 32)
ORDER = HttpOrder(
    "10.151.236.157", 8080, "/a", (("Content-Type", "application/json"), TOKEN), b'["\x1aOK"]'
)
BODY = b'a\r\nOK\r\n\r\n+SHREAD: 9\r\n"\x00\x1a'
COMMAND = {"simcom-7080": (b"SHBOD", b"4096"), "simcom-7000": (b"SHBODEXT", b"1024")}


@pytest.fixture(params=["simcom-7080", "simcom-7000"])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def peer(family: str) -> Iterator[Peer]:
    command, limit = COMMAND[family]
    with Peer({
        b"AT+SHSTATE?": line(b"+SHSTATE: 0") + OK,
        b'AT+SHCONF="URL","http://10.151.236.157:8080"': OK, b'AT+SHCONF="BODYLEN",' + limit: OK,
        b'AT+SHCONF="HEADERLEN",350': OK, b'AT+SHCONF="TIMEOUT",60': OK,
        b"AT+SHCONN": OK, b"AT+SHCHEAD": OK,
        b'AT+SHAHEAD="Content-Type","application/json"': OK,
        b'AT+SHAHEAD="Things-Message-Token","%s"' % TOKEN[1].encode(): OK,
        b"AT+" + command + b"=7,10000": b"\r\n> ", ORDER.body: OK,
        b'AT+SHREQ="/a",3': OK + line(b'+SHREQ: "POST",200,%d' % len(BODY)),
        b"AT+SHREAD=0,%d" % len(BODY): OK + line(b"+SHREAD: %d\r\n%s" % (len(BODY), BODY)),
        b"AT+SHDISC": OK,
        b"AT+CNACT?": line(b'+CNACT: 1,"10.94.36.44"') + OK,  # of SIM7000
    }) as peer:  # fmt: skip
        yield peer


@pytest.fixture
def modem(peer: Peer, family: str) -> Iterator[ShClient]:
    with open_modem(family, peer.path) as modem:
        assert isinstance(modem, ShClient)
        yield modem


def test_http_post(modem: ShClient, peer: Peer) -> None:
    """Server and path go apart, old headers are cleared, and the body comes after OK."""
    peer.say(line(b'+SHREQ: "POST",404,0', b"+SHREAD: 2\r\nxx"))  # of an earlier post
    answer = modem.http_post(ORDER)
    assert (answer.status, answer.body) == (200, BODY)
    assert peer.heard[-1] == b"AT+SHDISC"


def test_http_body_in_blocks(modem: ShClient, peer: Peer) -> None:
    """A long body comes in blocks, with codes in between."""
    peer.script[b"AT+SHREAD=0,%d" % len(BODY)] = (
        OK + line(b"+SHREAD: 5\r\n" + BODY[:5], b'+CMTI: "SM",1')
        + line(b"+SHREAD: %d\r\n%s" % (len(BODY) - 5, BODY[5:]))
    )  # fmt: skip
    assert modem.http_post(ORDER).body == BODY


def test_http_left_connected(modem: ShClient, peer: Peer) -> None:
    """A connection that an interrupted post left is ended first."""
    peer.script[b"AT+SHSTATE?"] = line(b"+SHSTATE: 1") + OK
    assert modem.http_post(ORDER).status == 200
    asked = peer.heard.index(b"AT+SHSTATE?")
    assert peer.heard[asked + 1] == b"AT+SHDISC"


@pytest.mark.parametrize(
    ("report", "kind"),
    [(b'"POST",601,0', SocketError), (b'"POST"', BadAnswer), (b'"POST",200,3', BadAnswer)],
)
def test_http_failed(modem: ShClient, peer: Peer, report: bytes, kind: type[Exception]) -> None:
    """A number that is no status, no status, and a body of another length are told apart."""
    peer.script[b'AT+SHREQ="/a",3'] = OK + line(b"+SHREQ: " + report)
    peer.script[b"AT+SHREAD=0,3"] = OK + line(b"+SHREAD: 0")
    with pytest.raises(kind):
        modem.http_post(ORDER)
    assert peer.heard[-1] == b"AT+SHDISC"


def test_http_without_body(modem: ShClient, peer: Peer) -> None:
    """An answer without body is not read."""
    peer.script[b'AT+SHREQ="/a",3'] = OK + line(b'+SHREQ: "POST",202,0')
    answer = modem.http_post(ORDER)
    assert (answer.status, answer.body) == (202, b"")


def test_http_not_connected(modem: ShClient, peer: Peer) -> None:
    """A server that cannot be reached is a socket error, and nothing is sent to it."""
    peer.script[b"AT+SHCONN"] = ERROR
    with pytest.raises(SocketError, match="cannot connect"):
        modem.http_post(ORDER)
    assert peer.heard[-1] == b"AT+SHDISC"


@pytest.mark.parametrize(
    "order",
    [
        HttpOrder("h" * 60, 80, "/", (), b""),
        HttpOrder("h", 80, "/" * 513, (), b""),
        HttpOrder("h", 80, "/", (("X", "y" * 320),), b""),
        HttpOrder("h", 80, "/", (), bytes(4097)),
    ],
    ids=["server", "path", "headers", "body"],
)
def test_http_limits(modem: ShClient, peer: Peer, order: HttpOrder) -> None:
    """What the client cannot send is refused before anything is sent."""
    with pytest.raises(CannotDo, match="use post_raw"):
        modem.http_post(order)
    assert peer.heard == []


ACTIVE = line(b'+CNACT: 0,1,"10.94.36.44"\r\n+CNACT: 1,0,"0.0.0.0"') + OK
IDLE = line(b'+CNACT: 0,0,"0.0.0.0"\r\n+CNACT: 1,1,"10.0.0.1"') + OK


def test_activation_7080() -> None:
    """Network 0 is activated unless it is active; what another network has does not count."""
    answers = iter([IDLE, ACTIVE, ACTIVE, ACTIVE, IDLE])
    with Peer({
        b'AT+CGDCONT=1,"IP","apn"': OK, b'AT+CNCFG=0,1,"apn"': OK,
        b"AT+CNACT?": lambda _: next(answers),
        b"AT+CNACT=0,1": OK + line(b"+APP PDP: 0,ACTIVE"),
        b"AT+CNACT=0,0": OK + line(b"+APP PDP: 0,DEACTIVE"),
    }) as peer, open_modem("simcom-7080", peer.path) as modem:  # fmt: skip
        assert modem.activate("apn") == "10.94.36.44"
        assert modem.activate("apn") == "10.94.36.44"
        assert peer.heard.count(b"AT+CNACT=0,1") == 1
        modem.deactivate()
        modem.deactivate()  # is down already
        assert peer.heard.count(b"AT+CNACT=0,0") == 1


@pytest.mark.parametrize("answer", [OK + line(b"+APP PDP: 0,DEACTIVE"), line(b"+CME ERROR: 30")])
def test_activation_refused_7080(answer: bytes) -> None:
    """A network that stays down names its APN."""
    with Peer({
        b'AT+CGDCONT=1,"IP","apn"': OK, b'AT+CNCFG=0,1,"apn"': OK,
        b"AT+CNACT?": IDLE, b"AT+CNACT=0,1": answer,
    }) as peer, open_modem("simcom-7080", peer.path) as modem:  # fmt: skip
        peer.say(line(b"+APP PDP: 0,ACTIVE"))  # of an earlier life
        with pytest.raises(PdpRefused, match="APN apn"):
            modem.activate("apn")


@pytest.mark.parametrize("family", ["simcom-7080", "simcom-7000", "simcom-800"])
def test_power_off(family: str) -> None:
    """The last word of the modem stands for OK."""
    with (
        Peer({b"AT+CPOWD=1": line(b"NORMAL POWER DOWN")}) as peer,
        open_modem(family, peer.path) as modem,
    ):
        modem.power_off(timeout_s=5)
        assert peer.heard == [b"AT+CPOWD=1"]
        assert not modem.channel.urcs


def test_network_of_the_client_7000() -> None:
    """The client's network is made active with the APN of the sockets, once."""
    answers = iter([line(b'+CNACT: 0,"0.0.0.0"') + OK, line(b'+CNACT: 1,"10.0.0.1"') + OK])
    with Peer({
        b'AT+CGDCONT=1,"IP","apn"': OK,
        b"AT+CIPSHUT": line(b"SHUT OK"), b"AT+CIPMUX=1": OK, b"AT+CIPRXGET=1": OK,
        b'AT+CSTT="apn"': OK, b"AT+CIICR": OK, b"AT+CIFSR;E0": line(b"10.7.7.7") + OK,
        b"AT+CNACT?": lambda _: next(answers),
        b'AT+CNACT=1,"apn"': OK + line(b"+APP PDP: ACTIVE"),
    }) as peer, open_modem("simcom-7000", peer.path) as modem:  # fmt: skip
        assert modem.activate("apn") == "10.7.7.7"
        with pytest.raises(CommandRefused, match="SHSTATE"):  # as far as this peer goes
            modem.http_post(ORDER)
        assert b'AT+CNACT=1,"apn"' in peer.heard
