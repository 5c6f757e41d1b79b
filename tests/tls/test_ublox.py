"""What is u-blox' own about TLS: certificates, profiles, levels, numbers of errors."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator

import pytest

from harness.at.dialect import Command
from harness.modem import open_modem
from harness.modem.errors import BadAnswer, CmeError, CommandRefused, SocketError
from harness.modem.tls import TlsTrust
from harness.modem.ublox import Ublox
from harness.network.certificates import CertificateKind
from tests.line.peer import Peer
from tests.tls.https import NAME, Https, authority, ip_request
from tests.tls.modems import ORDER, attached, posted

R4, R5, U2 = ALL = ("ublox-sara-r4", "ublox-sara-r5", "ublox-sara-u2")
DER = ssl.PEM_cert_to_DER_cert(authority().pem.decode())
MD5 = hashlib.md5(DER, usedforsecurity=False).hexdigest()
OK = b"\r\nOK\r\n"


@pytest.fixture
def modem(request: pytest.FixtureRequest, https: Https) -> Iterator[Ublox]:
    with attached(getattr(request, "param", R5), https) as driver:
        assert isinstance(driver, Ublox)
        yield driver


on_all = pytest.mark.parametrize("modem", ALL, indirect=True)


def refused(modem: Ublox, command: str, data: bytes = b"") -> int | None:
    response = modem.channel.execute_with_prompt(command, data, prompt=">", timeout_s=10)
    with pytest.raises(CmeError) as caught:
        modem.checked(command, response)
    return caught.value.code


def stored(modem: Ublox, name: str, data: bytes) -> tuple[str, ...]:
    command = f'AT+USECMNG=0,0,"{name}",{len(data)}'
    return modem.prompted(command, data, ">", timeout_s=10).lines


@on_all
def test_a_certificate_stays_and_a_profile_goes_with_the_power(modem: Ublox) -> None:
    """+USECMNG lists it by name, whom it is made out for, and its end; its MD5 is that of the
    DER."""
    modem.prepare_tls(TlsTrust(authority().pem))
    assert modem.command("AT+USECPRF=0,0").lines == ("+USECPRF: 0,0,3",)
    modem.reboot()
    modem.wait_ready(timeout_s=10)
    assert modem.command("AT+USECPRF=0,0").lines == ("+USECPRF: 0,0,0",)
    (line,) = modem.command("AT+USECMNG=3").lines
    assert line.startswith('"CA","hil-ca","')
    assert line.endswith('","2049/12/31 00:00:00"')
    assert modem.command("AT+USECMNG=3,1").lines == ()
    shown = MD5.upper() if modem.family == R4 else MD5
    assert modem.command('AT+USECMNG=4,0,"hil-ca"').lines == (f'+USECMNG: 4,0,"hil-ca","{shown}"',)
    modem.command('AT+USECMNG=2,0,"hil-ca"')
    assert modem.command("AT+USECMNG=3").lines == ()


def test_both_forms_of_a_certificate(modem: Ublox) -> None:
    """PEM and DER, as bytes and as a file, are kept as the same DER; a name is overwritten."""
    line = f'+USECMNG: 0,0,"a","{MD5}"'
    assert stored(modem, "a", DER) == (line,)
    assert stored(modem, "a", authority().pem) == (line,)
    modem.prompted(f'AT+UDWNFILE="a.der",{len(DER)}', DER, ">", timeout_s=10)
    assert modem.command('AT+USECMNG=1,0,"b","a.der"').lines == (f'+USECMNG: 1,0,"b","{MD5}"',)
    assert refused(modem, 'AT+USECMNG=1,0,"b","nothing"') == 22
    assert len(modem.command("AT+USECMNG=3").lines) == 2


def test_what_the_store_refuses(modem: Ublox) -> None:
    """Numbers and texts of the manual: too large, no certificate, unknown name, no more room."""
    assert refused(modem, 'AT+USECMNG=0,0,"a",8193') == 1911
    assert refused(modem, 'AT+USECMNG=0,0,"a",5', b"abcde") == 1913
    broken = b"-----BEGIN CERTIFICATE-----\n"
    assert refused(modem, f'AT+USECMNG=0,0,"a",{len(broken)}', broken) == 1913
    assert refused(modem, 'AT+USECMNG=2,0,"a"') == 1916
    assert refused(modem, f'AT+USECMNG=4,0,"{"a" * 201}"') == 50
    assert refused(modem, 'AT+USECMNG=0,2,"key",5') == 100
    for number in range(16):
        stored(modem, f"ca{number}", DER)
    assert refused(modem, f'AT+USECMNG=0,0,"ca16",{len(DER)}') == 1914
    modem.command("AT+CMEE=2")
    final = modem.channel.execute(Command('AT+USECMNG=2,0,"ca16"')).final
    assert final == "+CME ERROR: USECMNG internal name not found"


@on_all
def test_settings_of_a_profile(modem: Ublox) -> None:
    """They are read back, reset with the profile's number alone; SARA-U2 has no SNI, and takes a
    version for the only one."""
    modem.command('AT+USECPRF=4,4,"a.example"')
    assert modem.command("AT+USECPRF=4,4").lines == ('+USECPRF: 4,4,"a.example"',)
    modem.command("AT+USECPRF=4")
    assert modem.command("AT+USECPRF=4,4").lines == ('+USECPRF: 4,4,""',)
    for wrong in ('0,5,"cc"', "0,2,1", "0,0,4", '0,0,"1"', "0,4,a", f'0,4,"{"a" * 257}"'):
        assert refused(modem, f"AT+USECPRF={wrong}") == 100
    assert refused(modem, "AT+USECPRF=5,0,0") == 50
    for only_lte in ('AT+USECPRF=0,10,"a.example"', "AT+USECPRF=0,1,1"):
        if modem.family == U2:
            assert refused(modem, only_lte) == 100
        else:
            modem.command(only_lte)


@pytest.mark.parametrize(
    ("level", "kind", "taken"),
    [
        (1, "wrong-name", True),
        (1, "expired", True),
        (1, "unknown-ca", False),
        (2, "expired", True),
        (2, "wrong-name", False),
        (3, "expired", False),
    ],
)
@pytest.mark.parametrize("modem", [R5, U2], indirect=True)
def test_what_a_level_verifies(
    https: Https, modem: Ublox, level: int, kind: CertificateKind, taken: bool
) -> None:
    """Each level adds one thing: the chain, the name, the validity."""
    https.rig.platform.present_certificate(kind)
    modem.prepare_tls(TlsTrust(authority().pem))
    modem.command(f"AT+USECPRF=0,0,{level}")
    if taken:
        assert posted(modem).startswith(b"HTTP/1.1 202 ")
    else:
        with pytest.raises(SocketError, match=r"refused.*103"):
            posted(modem)
        assert https.handshake().outcome == "refused"


def test_the_name_that_is_expected_is_not_the_one_asked_for(https: Https, modem: Ublox) -> None:
    """Operation 4 decides on the certificate, operation 10 on what the server is told."""
    modem.prepare_tls(TlsTrust(authority().pem))
    modem.command("AT+USOCR=6")
    modem.command("AT+USOSEC=0,1,0")
    modem.command('AT+USECPRF=0,4,"other.example"')
    modem.command(f'AT+USECPRF=0,10,"{NAME}"')
    with pytest.raises(CommandRefused):
        modem.command(f'AT+USOCO=0,"{NAME}",443', timeout_s=10)
    handshake = https.handshake()
    assert (handshake.outcome, handshake.alert, handshake.sni) == (
        "refused",
        "bad certificate",
        NAME,
    )
    modem.command(f'AT+USECPRF=0,4,"{NAME}"')
    modem.command('AT+USECPRF=0,10,""')
    modem.command(f'AT+USOCO=0,"{NAME}",443', timeout_s=10)
    assert https.handshake(2).sni is None


def test_any_kept_authority_is_trusted_when_none_is_named(https: Https, modem: Ublox) -> None:
    """And none at all when none is kept: level 1 fails then."""
    modem.prepare_tls(TlsTrust(None))
    modem.command("AT+USECPRF=0,0,1")
    with pytest.raises(SocketError):
        posted(modem)
    stored(modem, "any", DER)
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    modem.command('AT+USECPRF=0,3,"other"')
    with pytest.raises(SocketError):
        posted(modem)


@on_all
def test_a_socket_with_the_profile_that_nobody_can_change(https: Https, modem: Ublox) -> None:
    """+USOSEC without a profile verifies nothing, whatever profile 0 says; it can be read, taken
    back, and is gone with the socket."""
    https.rig.platform.present_certificate("self-signed")
    modem.prepare_tls(TlsTrust(authority().pem))
    assert refused(modem, "AT+USOSEC=0,1") == 3
    modem.command("AT+USOCR=6")
    modem.command("AT+USOSEC=0,1,4")
    assert modem.command("AT+USOSEC=0").lines == ("+USOSEC: 0,1,4",)
    modem.command("AT+USOSEC=0,0")
    assert modem.command("AT+USOSEC=0").lines == ("+USOSEC: 0,0",)
    modem.command("AT+USOSEC=0,1")
    assert modem.command("AT+USOSEC=0").lines == ("+USOSEC: 0,1",)
    modem.command(f'AT+USOCO=0,"{NAME}",443', timeout_s=10)
    assert refused(modem, "AT+USOSEC=0,0") == 3
    assert modem.exchange(0, ip_request(host=NAME)).startswith(b"HTTP/1.1 202 ")
    modem.close_socket(0)
    modem.command("AT+USOCR=6")
    assert modem.command("AT+USOSEC=0").lines == ("+USOSEC: 0,0",)


def test_a_handshake_that_fails_later_is_told(https: Https, modem: Ublox) -> None:
    """An asynchronous connection has the number in +UUSOCO, +USOER has it too."""
    https.rig.platform.present_certificate("unknown-ca")
    modem.prepare_tls(TlsTrust(authority().pem))
    modem.command("AT+USOCR=6")
    modem.command("AT+USOSEC=0,1,0")
    modem.command(f'AT+USOCO=0,"{NAME}",443,1')
    modem.channel.wait_for("+UUSOCO: 0,103", timeout_s=10)
    assert modem.command("AT+USOER").lines == ("+USOER: 103",)


@pytest.mark.parametrize("modem", [R4, R5], indirect=True)
def test_the_https_client_tells_a_refused_certificate(https: Https, modem: Ublox) -> None:
    """Error 73, as seen on modules; without a profile nothing is verified, and 443 is the port."""
    https.rig.platform.present_certificate("expired")
    modem.prepare_tls(TlsTrust(authority().pem))
    with pytest.raises(SocketError) as caught:
        modem.http_post(ORDER)
    assert caught.value.code == 73
    assert modem.command("AT+UHTTP=0,6").lines == ("+UHTTP: 0,6,1,0",)
    modem.command("AT+UHTTP=0")
    assert modem.command("AT+UHTTP=0,6").lines == ("+UHTTP: 0,6,0",)
    assert refused(modem, "AT+UHTTP=0,6,1,5") == 50
    modem.command(f'AT+UHTTP=0,1,"{NAME}"')
    modem.command("AT+UHTTP=0,6,1")
    modem.command('AT+UHTTPC=0,1,"/","down"')
    modem.channel.wait_for("+UUHTTPCR: 0,1,1", timeout_s=10)
    assert https.handshake(2).outcome == "established"


SETTINGS = {b"AT+USECPRF=0": OK, b"AT+USECPRF=0,1,3": OK, b'AT+USECPRF=0,3,"hil-ca"': OK,
            b"AT+USECPRF=0,0,3": OK}  # fmt: skip
ANCHOR = TlsTrust(ssl.DER_cert_to_PEM_cert(b"certificate").encode())
SUM = hashlib.md5(b"certificate", usedforsecurity=False).hexdigest().encode()
ASKED, IMPORTED = b'AT+USECMNG=4,0,"hil-ca"', b'AT+USECMNG=0,0,"hil-ca",11'


def prepared(script: dict[bytes, bytes]) -> list[bytes]:
    """What the driver says to a module that answers so."""
    with Peer({**SETTINGS, **script}) as peer:
        modem = open_modem(R4, peer.path)
        modem.channel.gap_s = 0.0
        with modem:
            modem.prepare_tls(ANCHOR)
        return peer.heard


def test_an_anchor_that_is_kept_already_is_not_sent_again() -> None:
    """Its MD5 says so, in whatever case; flash wears."""
    heard = prepared({ASKED: b'\r\n+USECMNG: 4,0,"hil-ca","' + SUM.upper() + b'"\r\n' + OK})
    assert heard == [b"AT+USECPRF=0", b"AT+USECPRF=0,1,3", ASKED, *list(SETTINGS)[2:]]


def test_another_anchor_is_removed_first() -> None:
    """A name that is in use is an error on some modules."""
    removed = b'AT+USECMNG=2,0,"hil-ca"'
    heard = prepared({
        ASKED: b'\r\n+USECMNG: 4,0,"hil-ca","00"\r\n' + OK, removed: OK, IMPORTED: b"\r\n>",
        b"certificate": b'\r\n+USECMNG: 0,0,"hil-ca","' + SUM + b'"\r\n' + OK,
    })  # fmt: skip
    assert heard[2:6] == [ASKED, removed, IMPORTED, b"certificate"]


def test_an_anchor_that_came_broken_is_no_anchor() -> None:
    """A line that lost a byte shows in the MD5; what the module refuses keeps its number."""
    with pytest.raises(BadAnswer, match="something else"):
        prepared({IMPORTED: b"\r\n>", b"certificate": b'\r\n+USECMNG: 0,0,"hil-ca","0"\r\n' + OK})
    with pytest.raises(CmeError, match="1913"):
        prepared({IMPORTED: b"\r\n>", b"certificate": b"\r\n+CME ERROR: 1913\r\n"})


def test_firmware_without_sni_connects_without_it() -> None:
    """SNI is worth a try and no reason to fail; a socket that cannot be secured is closed."""
    script: dict[bytes, bytes] = {
        b"AT+USOCR=6": b"\r\n+USOCR: 2\r\n" + OK, b"AT+USOSEC=2,1,0": OK,
        b'AT+USECPRF=0,4,"a.example"': OK, b'AT+USOCO=2,"a.example",443': OK, b"AT+USOCL=2": OK,
    }  # fmt: skip
    with Peer({**script}) as peer:
        modem = open_modem(R4, peer.path)
        modem.channel.gap_s = 0.0
        with modem:
            assert modem.open_tls_socket("a.example", 443) == 2
            del peer.script[b"AT+USOSEC=2,1,0"]
            with pytest.raises(CommandRefused):
                modem.open_tls_socket("a.example", 443)
        assert b'AT+USECPRF=0,10,"a.example"' in peer.heard
        assert peer.heard[-1] == b"AT+USOCL=2"
