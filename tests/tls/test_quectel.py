"""What is Quectel's own about TLS: numbers of errors, files, states and push mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.at.dialect import Command
from harness.modem.errors import SocketError
from harness.modem.quectel_bg import QuectelBg
from harness.modem.tls import TlsTrust
from tests.tls.https import NAME, Https, authority, ip_request
from tests.tls.modems import attached, posted


@pytest.fixture(params=["quectel-bg", "quectel-ec"])
def modem(request: pytest.FixtureRequest, https: Https) -> Iterator[QuectelBg]:
    with attached(request.param, https) as driver:
        assert isinstance(driver, QuectelBg)
        yield driver


def test_a_refused_certificate_is_566(https: Https, modem: QuectelBg) -> None:
    """Refused with an alert that the platform sees; the modem itself says 566."""
    https.rig.platform.present_certificate("unknown-ca")
    modem.prepare_tls(TlsTrust(authority().pem))
    with pytest.raises(SocketError, match="566"):
        posted(modem)
    assert https.handshake().outcome == "refused"


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
