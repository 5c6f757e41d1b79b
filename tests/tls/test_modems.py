"""Quectel's TLS sockets and HTTPS client: the driver on the virtual modem, on a real TLS server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.at.dialect import Command
from harness.clock import RealClock
from harness.evidence import Timeline
from harness.modem import HttpOrder, open_modem
from harness.modem.core import Modem
from harness.modem.errors import CannotDo, SocketError
from harness.modem.quectel_bg import QuectelBg
from harness.modem.tls import TlsTrust
from harness.network.certificates import CERTIFICATE_KINDS, CertificateKind
from harness.network.loop import LoopThread
from harness.token import compute
from harness.virtual_modem import ModemNetwork, ModemSettings, Subscription, VirtualModem
from tests.platform.bench import NOW, SECRET
from tests.tls.https import BODY, NAME, Https, authority, ip_request

WRONG = tuple(kind for kind in CERTIFICATE_KINDS if kind != "right")
ADDRESS = "10.151.236.157"
HEADERS = (
    ("Host", NAME),
    ("Content-Type", "application/json"),
    ("Things-Message-Token", compute(BODY, SECRET)),
)
ORDER = HttpOrder(NAME, 443, "/ingestion/ip/senml/v1", HEADERS, BODY, tls=True)


@pytest.fixture(params=["quectel-bg", "quectel-ec"])
def modem(request: pytest.FixtureRequest, https: Https) -> Iterator[QuectelBg]:
    """A driver on an attached virtual modem whose network leads to the HTTPS platform."""
    clock, loop = RealClock(NOW), LoopThread()
    timeline = Timeline(None, clock)
    virtual = VirtualModem(
        "probe", request.param, clock=clock, recorder=timeline, loop=loop,
        subscription=Subscription.of("plus"),
        network=ModemNetwork(
            routes={(ADDRESS, 443): https.address}, names={NAME: ADDRESS}
        ),
        settings=ModemSettings(witness=True, counted=False),
    )  # fmt: skip
    driver = open_modem(request.param, virtual.start(), name="probe", recorder=timeline)
    assert isinstance(driver, QuectelBg)
    driver.channel.gap_s = 0.0
    driver.wait_ready(timeout_s=10)
    driver.wait_registered(timeout_s=10, poll_s=0.05)
    driver.activate("kpnthings2.m2m")
    yield driver
    driver.close()
    virtual.close()
    loop.close()
    clock.close()


def posted(modem: QuectelBg) -> bytes:
    connection = modem.open_tls_socket(NAME, 443)
    try:
        return modem.exchange(connection, ip_request(host=NAME), response_timeout_s=10)
    finally:
        modem.close_socket(connection)


def test_tls_socket_and_https_client_deliver(https: Https, modem: QuectelBg) -> None:
    """With the authority given, both ways are accepted, TLS 1.2, with the server's name."""
    modem.prepare_tls(TlsTrust(authority().pem))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    assert modem.http_post(ORDER).status == 202
    https.rig.wait(2)
    handshake = https.handshake(2)
    assert handshake.session is not None
    assert (handshake.session.version, handshake.sni) == ("TLSv1.2", NAME)
    assert https.rig.platform.uplinks[0].findings == ()


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_certificate_is_refused_both_ways(
    https: Https, modem: QuectelBg, kind: CertificateKind
) -> None:
    """Refused with an alert that the platform sees; the modem itself says 566 and 7xx."""
    https.rig.platform.present_certificate(kind)
    modem.prepare_tls(TlsTrust(authority().pem))
    with pytest.raises(SocketError, match="566"):
        posted(modem)
    with pytest.raises(SocketError):
        modem.http_post(ORDER)
    https.handshake(2)
    assert [one.outcome for one in https.rig.platform.handshakes] == ["refused"] * 2


@pytest.mark.parametrize("kind", ["expired", "self-signed"])
def test_without_an_anchor_anything_is_taken(
    https: Https, modem: QuectelBg, kind: CertificateKind
) -> None:
    """That is how modules leave the factory, and the platform blames it."""
    https.rig.platform.present_certificate(kind)
    modem.prepare_tls(TlsTrust(None))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    assert [finding.severity for finding in https.handshake().findings] == ["error"]


def test_an_expired_certificate_passes_where_validity_is_ignored(
    https: Https, modem: QuectelBg
) -> None:
    """``ignorelocaltime`` 1, the factory setting, lets it through although it is verified."""
    https.rig.platform.present_certificate("expired")
    modem.prepare_tls(TlsTrust(authority().pem))
    modem.command('AT+QSSLCFG="ignorelocaltime",1,1')
    assert posted(modem).startswith(b"HTTP/1.1 202 ")


def test_level_1_without_a_certificate_file_makes_no_connection(
    https: Https, modem: QuectelBg
) -> None:
    """566, as seen on modules; the platform sees a refusal or nothing, never an uplink."""
    modem.prepare_tls(TlsTrust(None))
    modem.command('AT+QSSLCFG="seclevel",1,1')
    with pytest.raises(SocketError, match="566"):
        posted(modem)
    assert https.rig.platform.uplinks == []


def test_files_are_kept_listed_and_deleted(modem: QuectelBg) -> None:
    """+QFUPL tells size and checksum, refuses an existing name; +QFDEL frees it."""
    answer = modem.prompted('AT+QFUPL="a.pem",5,10', b"abcde", "CONNECT", timeout_s=10)
    # 0x6162 ^ 0x6364 ^ 0x6500
    assert answer.lines == ("+QFUPL: 5,6706",)
    assert modem.command('AT+QFLST="*"').lines == ('+QFLST: "UFS:a.pem",5',)
    assert not modem.channel.execute(Command('AT+QFUPL="a.pem",5,10', prompt="CONNECT")).ok
    modem.command('AT+QFDEL="a.pem"')
    assert modem.command("AT+QFLST").lines == ()


def test_states_and_push_mode(https: Https, modem: QuectelBg) -> None:
    """+QSSLSTATE lists TLS connections only; in push mode data come with their code."""
    modem.command(f'AT+QSSLOPEN=1,1,3,"{NAME}",443,1')
    modem.channel.wait_for("+QSSLOPEN: 3,0", timeout_s=10)
    (line,) = modem.command("AT+QSSLSTATE").lines
    assert line == f'+QSSLSTATE: 3,"SSLClient","{NAME}",443,0,2,1,3,1,"uart1",1'
    assert modem.command("AT+QISTATE").lines == ()
    request = ip_request(host=NAME)
    assert modem.channel.execute_with_prompt(f"AT+QSSLSEND=3,{len(request)}", request).ok
    urc = modem.channel.wait_for('+QSSLURC: "recv",3,', timeout_s=10)
    assert urc.data.startswith(b"HTTP/1.1 202 ")
    modem.command("AT+QSSLCLOSE=3")
    assert modem.command("AT+QSSLSTATE").lines == ()


def test_families_without_tls_say_so() -> None:
    """A clear refusal that says what to do, not a failed connection."""
    modem = Modem.__new__(Modem)
    with pytest.raises(CannotDo, match="hil families"):
        modem.prepare_tls(TlsTrust(None))
    with pytest.raises(CannotDo, match="TLS"):
        modem.open_tls_socket(NAME, 443)
