"""TLS of the simcom-7600 and simcom-a76 drivers against answers as the manuals print them.

SIM7500_SIM7600 Series AT Command Manual V3.00 §10, A76XX Series AT Command Manual V1.09 §19,
SIM767XX Series AT Command Manual V1.06 §17.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from harness.clock import RealClock
from harness.evidence import Timeline
from harness.modem import HttpOrder, open_modem
from harness.modem.errors import BadAnswer, CommandRefused, SocketError
from harness.modem.simcom_7600 import Simcom7600
from harness.modem.tls import TlsTrust
from tests.line.peer import Answer, Peer
from tests.modem.simcom import ERROR, OK, line

PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
OPEN = b'AT+CCHOPEN=0,"things.example",443,2'
READ, SEND = b"AT+CCHRECV=0,2048", b"AT+CCHSEND=0,4"
BODY = b"a\r\nOK\r\n\r\n+CCHRECV: 0,0\r\n\x00"
SETTINGS = {
    "sslversion": 3, "authmode": 1, "ignorelocaltime": 0, "enableSNI": 1, "ignorecertCN": 0,
}  # fmt: skip


def setting(key: str, value: int) -> bytes:
    return f'AT+CSSLCFG="{key}",0,{value}'.encode()


@pytest.fixture
def peer() -> Iterator[Peer]:
    script: dict[bytes, Answer] = {
        b'AT+CCERTDELE="things-hil-ca.pem"': ERROR,
        b'AT+CCERTDOWN="things-hil-ca.pem",%d' % len(PEM): b"\r\n>", PEM: OK,
        b'AT+CSSLCFG="cacert",0,"things-hil-ca.pem"': OK,
        **{setting(key, value): OK for key, value in SETTINGS.items()},
        b"AT+CCHSET=1,1": OK, b"AT+CCHSTART": OK + line(b"+CCHSTART: 0"),
        b"AT+CCHSSLCFG=0,0": OK, OPEN: OK + line(b"+CCHOPEN: 0,0"),
        b"AT+CCHSEND=0,4": b"\r\n>", b"ping": OK + line(b"+CCHSEND: 0,0"),
        b"AT+CCHRECV?": line(b"+CCHRECV: LEN,%d,0" % len(BODY)) + OK,
        READ: OK + line(b"+CCHRECV: DATA,0,%d\r\n%s" % (len(BODY), BODY), b"+CCHRECV: 0,0"),
        b"AT+CCHCLOSE=0": OK + line(b"+CCHCLOSE: 0,0"),
        b"AT+CCHSTOP": line(b"+CCHSTOP: 0") + OK,
    }  # fmt: skip
    with Peer(script) as peer:
        yield peer


@pytest.fixture
def timeline() -> Iterator[Timeline]:
    clock = RealClock(datetime(2026, 1, 1, tzinfo=UTC))
    yield Timeline(None, clock)
    clock.close()


@pytest.fixture(params=["simcom-7600", "simcom-a76"])
def modem(request: pytest.FixtureRequest, peer: Peer, timeline: Timeline) -> Iterator[Simcom7600]:
    with open_modem(request.param, peer.path, recorder=timeline) as modem:
        assert isinstance(modem, Simcom7600)
        yield modem


def notes(timeline: Timeline) -> list[str]:
    return [str(event.data["text"]) for event in timeline.events() if event.kind == "note"]


def test_trust(modem: Simcom7600, peer: Peer, timeline: Timeline) -> None:
    """The anchor is stored before it is named, and an older one deleted; nothing to note where
    the module knows all keys."""
    modem.prepare_tls(TlsTrust(PEM))
    assert peer.heard[0] == b'AT+CCERTDELE="things-hil-ca.pem"'
    assert set(map(setting, SETTINGS, SETTINGS.values())) <= set(peer.heard)
    assert notes(timeline) == []


def test_keys_that_are_not_known(modem: Simcom7600, peer: Peer, timeline: Timeline) -> None:
    """Of the name and the server name indication: noted. Firmware with TLS 1.3 counts versions
    otherwise. Of verification itself: an error."""
    for key in ("sslversion", "enableSNI", "ignorecertCN"):
        peer.script[setting(key, SETTINGS[key])] = ERROR
    peer.script[setting("sslversion", 0)] = OK
    modem.prepare_tls(TlsTrust(PEM))
    assert ["does not check the server's name" in note for note in notes(timeline)] == [False, True]
    peer.script[setting("authmode", 1)] = ERROR
    with pytest.raises(CommandRefused, match="authmode"):
        modem.prepare_tls(TlsTrust(PEM))


def test_without_an_anchor(modem: Simcom7600, peer: Peer) -> None:
    """Nothing is stored, and nothing is verified."""
    peer.script |= {setting("authmode", 0): OK, setting("ignorelocaltime", 1): OK}
    modem.prepare_tls(TlsTrust(None))
    assert not any(b"CERT" in heard for heard in peer.heard)


@pytest.mark.parametrize("early", [True, False])
def test_a_session(modem: Simcom7600, peer: Peer, early: bool) -> None:
    """Results come before OK or after it; data in blocks by count, with codes between them."""
    half = len(BODY) // 2
    blocks = (line(b"+CCHRECV: DATA,0,%d\r\n%s" % (half, BODY[:half]), b'+CMTI: "SM",1')
              + line(b"+CCHRECV: DATA, 0,%d\r\n%s" % (len(BODY) - half, BODY[half:])))  # fmt: skip
    end = line(b"+CCHRECV: 0,0", b"+CCH_PEER_CLOSED: 0")
    peer.script[READ] = OK + blocks + end
    if early:
        peer.script |= {OPEN: line(b"+CCHOPEN: 0,0") + OK, READ: blocks + OK + end}
    peer.say(line(b"+CCH_PEER_CLOSED: 0", b"+CCHOPEN: 0,15"))  # of an earlier life
    answers = iter([line(b"+CCHRECV: LEN,0,7"), line(b"+CCHRECV: LEN,%d,0" % len(BODY))])
    peer.script[b"AT+CCHRECV?"] = lambda _: next(answers, line(b"+CCHRECV: LEN,0,0")) + OK
    peer.script[b"ping"] = OK + line(b"+CCHSEND: 0,0", b"+CCHEVENT: 0, RECV EVENT")
    connection = modem.open_tls_socket("things.example", 443)
    assert modem.exchange(connection, b"ping", response_timeout_s=5) == BODY
    modem.close_socket(connection)
    assert peer.heard[-2:] == [b"AT+CCHCLOSE=0", b"AT+CCHSTOP"]


@pytest.mark.parametrize(
    ("answer", "number"),
    [(OK + line(b"+CCHOPEN: 0,15", b"+CCHCLOSE: 0,0"), 15), (OK + line(b"+CCHOPEN: 0,19"), 19),
     (ERROR, -1)],
)  # fmt: skip
def test_not_opened(modem: Simcom7600, peer: Peer, answer: bytes, number: int) -> None:
    """The module's own number; session and service are ended."""
    peer.script |= {OPEN: answer, b"AT+CCHCLOSE=0": ERROR}
    with pytest.raises(SocketError, match=f"error {number}$"):
        modem.open_tls_socket("things.example", 443)
    assert peer.heard[-2:] == [b"AT+CCHCLOSE=0", b"AT+CCHSTOP"]


@pytest.mark.parametrize("command", [b"AT+CCHSET=1,1", b"AT+CCHSTART"])
def test_a_service_that_still_runs(modem: Simcom7600, peer: Peer, command: bytes) -> None:
    """Refuses its settings or a second start: it is stopped first."""
    good = peer.script[command]
    assert isinstance(good, bytes)
    answers = iter([ERROR, good])
    peer.script[command] = lambda _: next(answers)
    modem.open_tls_socket("things.example", 443)
    assert b"AT+CCHSTOP" in peer.heard


@pytest.mark.parametrize(("answer", "number"), [(ERROR, -1), (OK + line(b"+CCHSTART: 9"), 9)])
def test_a_service_that_does_not_start(
    modem: Simcom7600, peer: Peer, answer: bytes, number: int
) -> None:
    """Its number, or none."""
    peer.script[b"AT+CCHSTART"] = answer
    with pytest.raises(SocketError, match=f"error {number}$"):
        modem.open_tls_socket("things.example", 443)


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [(b"ping", OK + line(b"+CCHSEND: 0,4"), SocketError), (SEND, ERROR, SocketError),
     (READ, OK + line(b"+CCHRECV: 0,6"), SocketError),
     (b"AT+CCHRECV?", line(b"+CCHRECV: LEN") + OK, BadAnswer),
     (READ, line(b"+CCHRECV: 0,11") + ERROR, SocketError)],
)  # fmt: skip
def test_broken_sessions(
    modem: Simcom7600, peer: Peer, command: bytes, answer: bytes, kind: type[Exception]
) -> None:
    """What was not sent or not read is told."""
    connection = modem.open_tls_socket("things.example", 443)
    peer.script[command] = answer
    with pytest.raises(kind):
        modem.exchange(connection, b"ping", response_timeout_s=5)


@pytest.mark.parametrize(
    "said", [b"+CCH_PEER_CLOSED: 0", b"+CCH_RECV_CLOSED: 0,9", b"+CCH: CCH STOP"]
)
def test_the_end(modem: Simcom7600, peer: Peer, said: bytes) -> None:
    """By the peer, an error of receiving, or the network: what came is read before it."""
    peer.script[b"ping"] = OK + line(b"+CCHSEND: 0,0", said)
    answers = iter([line(b"+CCHRECV: LEN,%d,0" % len(BODY))])
    peer.script[b"AT+CCHRECV?"] = lambda _: next(answers, line(b"+CCHRECV: LEN,0,0")) + OK
    connection = modem.open_tls_socket("things.example", 443)
    assert modem.exchange(connection, b"ping", response_timeout_s=5) == BODY


def test_https_client(modem: Simcom7600, peer: Peer) -> None:
    """The SSL context is named for HTTPS only."""
    peer.script |= {
        b"AT+HTTPINIT": OK, b"AT+HTTPTERM": OK, b'AT+HTTPPARA="SSLCFG",0': OK,
        b'AT+HTTPPARA="URL","https://things.example/a"': OK,
        b'AT+HTTPPARA="URL","http://things.example/a"': OK,
        b'AT+HTTPPARA="CONTENT","application/octet-stream"': OK,
        b"AT+HTTPACTION=1": OK + line(b"+HTTPACTION: 1,202,0"),
    }  # fmt: skip
    for port, tls in ((443, True), (80, False)):
        order = HttpOrder("things.example", port, "/a", (), b"", tls=tls)
        assert modem.http_post(order).status == 202
    assert peer.heard.count(b'AT+HTTPPARA="SSLCFG",0') == 1
