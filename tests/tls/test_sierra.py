"""What is Sierra's own about TLS: certificates, profiles, modes of sessions, and their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from harness.at.dialect import Binary, Command
from harness.modem.errors import CmeError, SocketError
from harness.modem.sierra_hl78 import MARK, SierraHl78
from harness.modem.tls import TlsTrust
from harness.network.certificates import Authority
from tests.tls.https import NAME, Https, authority
from tests.tls.modems import ORDER, attached, posted

PEM = authority().pem
EMPTY = "root_cert,0,0\r\nlocal_cert,0,0"
LISTED = Binary("CONNECT", until=re.compile(rb"\r\n\r\nOK\r\n"))
FACTORY = "+KSSLCRYPTO: 0,8,3,25392,12,4,1,0"
WRONG = (
    "AT+KCERTSTORE=2,10", "AT+KCERTSTORE=0,4097", "AT+KCERTSTORE=0,10,4", "AT+KCERTDELETE=0,4",
    "AT+KSSLCRYPTO=8,8,3,25392,12,4,1,0", "AT+KSSLCRYPTO=0,8,3", "AT+KSSLCRYPTO=0,8,3,1,12,4,4",
    "AT+KSSLCFG=3,0", f'AT+KTCPCFG=1,2,"{NAME}",443', f'AT+KTCPCFG=1,3,"{NAME}",443,,,,,8',
    f'AT+KHTTPCFG=1,"{NAME}",443,1',
)  # fmt: skip


@pytest.fixture
def modem(https: Https) -> Iterator[SierraHl78]:
    with attached("sierra-hl78", https) as driver:
        assert isinstance(driver, SierraHl78)
        yield driver


def refused(modem: SierraHl78, command: str) -> int | None:
    with pytest.raises(CmeError) as caught:
        modem.command(command)
    return caught.value.code


def listed(modem: SierraHl78) -> str:
    return modem.channel.read_binary("AT+KCERTSTORE?", LISTED).data.decode()


def store(modem: SierraHl78, data: bytes, size: int, more: str = "") -> str:
    command = Command(f"AT+KCERTSTORE=0,{size}{more}", prompt="CONNECT")
    return modem.channel.execute_with_prompt(command, data, timeout_s=10).final


@pytest.mark.parametrize("behind", [b"", MARK])
def test_a_certificate_is_stored_listed_and_deleted(modem: SierraHl78, behind: bytes) -> None:
    """By its count, whether the host sends the pattern behind it or not; deleting none is OK."""
    assert listed(modem) == EMPTY
    assert store(modem, PEM + behind, len(PEM)) == "OK"
    stored = f"root_cert,0,{len(PEM)}\r\n{PEM.decode().rstrip()}\r\nlocal_cert,0,0"
    assert listed(modem) == stored
    modem.command("AT+KCERTDELETE=0,0")
    modem.command("AT+KCERTDELETE=0")
    assert listed(modem) == EMPTY


def test_what_is_no_certificate_is_refused(modem: SierraHl78) -> None:
    """931 for the content, 930 where the pattern comes before the stated size; nothing is kept."""
    assert store(modem, b"123456789", 9) == "+CME ERROR: 931"
    assert store(modem, b"12" + MARK, 18) == "+CME ERROR: 930"
    with pytest.raises(CmeError, match="931"):
        modem.prepare_tls(TlsTrust(PEM.replace(b"MII", b"AAA", 1)))
    assert listed(modem) == EMPTY


def test_wrong_values_are_errors(modem: SierraHl78) -> None:
    """Out of range, incomplete, or not modelled."""
    for command in WRONG:
        assert not modem.channel.execute(command).ok, command
    assert modem.command("AT+KSSLCRYPTO?").lines[0] == FACTORY
    assert modem.command("AT+KTCPCFG?").lines == ()


def test_options_and_profiles(modem: SierraHl78) -> None:
    """Eight profiles that verify from the factory; the version is TLS 1.2; 918 as in the tests of
    the vendor; a root index that is left out is kept."""
    assert modem.command("AT+KSSLCFG?").lines == ("+KSSLCFG: 0,3", "+KSSLCFG: 2,0")
    for option in ("0,0", "0,3", '1,"string"', "2,0"):
        modem.command(f"AT+KSSLCFG={option}")
    assert refused(modem, "AT+KSSLCFG=2,1") == 918
    profiles = modem.command("AT+KSSLCRYPTO?").lines
    assert len(profiles) == 8
    assert profiles[0] == FACTORY
    assert profiles[7] == "+KSSLCRYPTO: 7,8,2,16384,8,4,1,0"
    modem.command("AT+KSSLCRYPTO=7,8,1,8192,4,4,3,2")
    modem.command("AT+KSSLCRYPTO=7,8,1,8192,4,4,0")
    assert modem.command("AT+KSSLCRYPTO?").lines[7] == "+KSSLCRYPTO: 7,8,1,8192,4,4,0,2"


def test_certificates_and_profiles_outlive_a_loss_of_power(modem: SierraHl78) -> None:
    """They are in the module's flash."""
    modem.prepare_tls(TlsTrust(PEM))
    modem.command("AT+KSSLCRYPTO=7,8,1,8192,4,4,0,2")
    modem.reboot()
    modem.wait_ready(timeout_s=10)
    assert listed(modem).startswith(f"root_cert,0,{len(PEM)}\r\n")
    assert modem.command("AT+KSSLCRYPTO?").lines[7] == "+KSSLCRYPTO: 7,8,1,8192,4,4,0,2"


def test_numbers_of_a_failed_connection(https: Https, modem: SierraHl78) -> None:
    """14 without a root certificate, as from the factory; 15 for one that is refused."""
    with pytest.raises(SocketError) as caught:
        posted(modem)
    assert caught.value.code == 14
    https.rig.platform.present_certificate("unknown-ca")
    modem.prepare_tls(TlsTrust(PEM))
    with pytest.raises(SocketError) as caught:
        posted(modem)
    assert caught.value.code == 15
    assert https.handshake().outcome == "refused"
    assert modem.command("AT+KTCPCFG?").lines == ()


def test_a_server_without_tls_is_13(https: Https) -> None:
    """The handshake fails at what a plain HTTP server says to it."""
    with attached("sierra-hl78", Https(https.rig, https.rig.address)) as modem:
        modem.prepare_tls(TlsTrust(None))
        with pytest.raises(SocketError) as caught:
            posted(modem)
    assert caught.value.code == 13


def test_a_profile_names_its_root(https: Https, modem: SierraHl78) -> None:
    """Another profile verifies with another place; sessions are shown with mode and profile."""
    assert store(modem, PEM, len(PEM), ",3") == "OK"
    modem.command("AT+KSSLCRYPTO=5,8,3,25392,12,4,1,3")
    modem.command(f'AT+KTCPCFG=1,3,"{NAME}",443,,,,,5')
    assert modem.command("AT+KTCPCFG?").lines == (f'+KTCPCFG: 1,0,1,3,,"{NAME}",443,,,,0,5',)
    modem.command("AT+KTCPCNX=1")
    assert modem.channel.wait_for("+KTCP_", timeout_s=10).text == "+KTCP_IND: 1,1"
    modem.close_socket(1)
    assert https.handshake().session is not None


def test_https_says_whether_it_connected(https: Https, modem: SierraHl78) -> None:
    """One handshake for session and request; a certificate that is refused is +KHTTP_IND 0."""
    modem.prepare_tls(TlsTrust(PEM))
    assert modem.http_post(ORDER).status == 202
    https.rig.wait(1)
    https.handshake()
    assert len(https.rig.platform.handshakes) == 1
    https.rig.platform.present_certificate("self-signed")
    with pytest.raises(SocketError) as caught:
        modem.http_post(ORDER)
    assert caught.value.code == 0
    modem.prepare_tls(TlsTrust(None))
    assert modem.http_post(ORDER).status == 202


def test_a_request_of_another_session_has_its_own_connection(
    https: Https, modem: SierraHl78
) -> None:
    """HTTPS is connected, and then a plain session asks: the platform says 400 to it, in plain."""
    modem.prepare_tls(TlsTrust(PEM))
    for more in (',2,"","",1,0,0', ""):
        modem.command(f'AT+KHTTPCFG=1,"{NAME}",443{more}')
        modem.channel.wait_for("+KHTTP_IND:", timeout_s=10)
    modem.command('AT+KHTTPGET=2,"/"', timeout_s=20)
    urc = modem.channel.wait_for("+KHTTP_IND: 2,3,", timeout_s=10)
    assert ",400," in urc.text


def test_posting_after_the_anchor_was_replaced(https: Https, modem: SierraHl78) -> None:
    """Another authority's certificate takes the place of the first, and the first comes back."""
    modem.prepare_tls(TlsTrust(Authority.make().pem))
    with pytest.raises(SocketError):
        posted(modem)
    modem.prepare_tls(TlsTrust(PEM))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
