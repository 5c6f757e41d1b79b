"""What is SIM7000's and SIM7080's own about TLS: files, contexts, numbers of errors, power."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from harness.at.params import fields_of, quote
from harness.modem import open_modem
from harness.modem.errors import CommandRefused, SocketError
from harness.modem.simcom_ca import CaSockets
from harness.modem.simcom_sh import ShClient
from harness.modem.tls import TlsTrust
from harness.network.certificates import Authority, CertificateKind
from tests.line.peer import Peer
from tests.modem.simcom import ERROR, OK, line
from tests.tls.https import NAME, Https, authority, ip_request
from tests.tls.modems import ORDER, attached, posted

FAMILIES = ["simcom-7080", "simcom-7000"]
FILE = "things-hil-ca.pem"


@pytest.fixture(params=FAMILIES)
def modem(request: pytest.FixtureRequest, https: Https) -> Iterator[CaSockets]:
    with attached(request.param, https) as driver:
        assert isinstance(driver, CaSockets)
        yield driver


def opened(modem: CaSockets, cid: int) -> int | None:
    """The result of +CAOPEN, with whatever was set before."""
    place = "" if modem.family == "simcom-7000" else '0,"TCP",'
    modem.command(f'AT+CAOPEN={cid},{place}"{NAME}",443', timeout_s=20)
    return fields_of(modem.channel.wait_for("+CAOPEN:", timeout_s=5).text)[1].number


def secured(modem: CaSockets, cid: int, ca: str) -> None:
    """Connection ``cid`` with TLS by context 0, which has its factory settings."""
    modem.command(f"AT+CACID={cid}")
    modem.command(f'AT+CASSLCFG={cid},"ssl",1')
    modem.command(f'AT+CASSLCFG={cid},"cacert",{quote(ca)}')


def written(modem: CaSockets, name: str, data: bytes, mode: int = 0) -> None:
    command = f"AT+CFSWFILE=3,{quote(name)},{mode},{len(data)},5000"
    modem.prompted(command, data, "DOWNLOAD", timeout_s=10)


def refused(modem: CaSockets, *commands: str) -> None:
    for command in commands:
        with pytest.raises(CommandRefused):
            modem.command(command)


@pytest.mark.parametrize(
    ("kind", "number"), [("expired", 24), ("wrong-name", 25), ("unknown-ca", 27)]
)
def test_the_number_says_what_is_wrong(
    https: Https, modem: CaSockets, kind: CertificateKind, number: int
) -> None:
    """The results of +CAOPEN in the manuals; the client has only ERROR for all of them."""
    https.rig.platform.present_certificate(kind)
    modem.prepare_tls(TlsTrust(authority().pem))
    with pytest.raises(SocketError, match=NAME) as caught:
        modem.open_tls_socket(NAME, 443)
    assert caught.value.code == number
    with pytest.raises(SocketError, match="certificate") as caught:
        modem.http_post(ORDER)
    assert caught.value.code == -1


def test_factory_settings_take_any_server_without_asking_for_a_name(
    https: Https, modem: CaSockets
) -> None:
    """No certificate named: nothing is verified, not even validity; no server name is sent."""
    https.rig.platform.present_certificate("expired")
    if modem.family == "simcom-7000":
        modem.command('AT+CNACT=1,"kpnthings2.m2m"')
    secured(modem, 5, "")
    assert opened(modem, 5) == 0
    request = ip_request(host=NAME)
    assert modem.channel.execute_with_prompt(f"AT+CASEND=5,{len(request)}", request, prompt=">").ok
    https.rig.wait(1)
    assert https.handshake().sni is None


def test_validity_and_name_are_checked_as_set(https: Https, modem: CaSockets) -> None:
    """Verified from the factory with validity; with a name only once one is asked for."""
    modem.prepare_tls(TlsTrust(authority().pem))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    secured(modem, 5, FILE)
    https.rig.platform.present_certificate("wrong-name")
    assert opened(modem, 5) == 0
    modem.command("AT+CACLOSE=5")
    modem.command(f'AT+CSSLCFG="sni",0,"{NAME}"')
    assert opened(modem, 5) == 25
    https.rig.platform.present_certificate("expired")
    assert opened(modem, 5) == 24
    modem.command('AT+CSSLCFG="ignorertctime",0,1')
    assert opened(modem, 5) == 0


def test_a_certificate_that_was_not_converted_lets_no_server_pass(
    https: Https, modem: CaSockets
) -> None:
    """Assumed: 27, and the platform sees no uplink."""
    modem.prepare_tls(TlsTrust(None))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    secured(modem, 5, "nothing.pem")
    assert opened(modem, 5) == 27
    modem.command('AT+SHSSL=0,"nothing.pem"')
    modem.command(f'AT+SHCONF="URL","https://{NAME}"')
    modem.command('AT+SHCONF="BODYLEN",1024')
    refused(modem, "AT+SHCONN")


def test_an_anchor_is_replaced(https: Https, modem: CaSockets) -> None:
    """Another authority than the platform's is believed instead, and then the right one again;
    also after a run that left the file system open."""
    other = Authority.make().pem
    modem.prepare_tls(TlsTrust(other))
    with pytest.raises(SocketError):
        posted(modem)
    modem.command("AT+CFSINIT")
    modem.prepare_tls(TlsTrust(authority().pem))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    modem.prepare_tls(TlsTrust(None))
    https.rig.platform.present_certificate("self-signed")
    assert posted(modem).startswith(b"HTTP/1.1 202 ")


def test_certificates_survive_a_restart_and_settings_do_not(https: Https, modem: CaSockets) -> None:
    """What is named has to be named again; +SHSSL is kept by SIM7000 only (AUTO_SAVE)."""
    modem.prepare_tls(TlsTrust(authority().pem))
    modem.http_post(ORDER)
    modem.channel.discard(lambda urc: True)
    modem.command("AT+CFUN=1,1")
    modem.channel.wait_for("SMS Ready", timeout_s=10)
    modem.wait_registered(timeout_s=10, poll_s=0.05)
    modem.activate("kpnthings2.m2m")
    (choice,) = modem.command("AT+SHSSL?").lines
    kept = modem.family == "simcom-7000"
    assert choice == (f'+SHSSL: 1,"{FILE}",""' if kept else '+SHSSL: 0,"",""')
    assert modem.command("AT+CASSLCFG?").lines == ()
    secured(modem, 5, FILE)
    https.rig.platform.present_certificate("unknown-ca")
    assert opened(modem, 5) == 27
    https.rig.platform.present_certificate("right")
    assert opened(modem, 5) == 0


def test_files(modem: CaSockets) -> None:
    """Written over from the beginning or added to, measured, deleted; only between +CFSINIT and
    +CFSTERM."""
    refused(modem, 'AT+CFSGFIS=3,"a"', "AT+CFSTERM", 'AT+CFSDFILE=3,"a"')
    modem.command("AT+CFSINIT")
    refused(modem, "AT+CFSINIT", 'AT+CFSGFIS=3,"a"', 'AT+CFSDFILE=3,"a"')
    for mode, data, size in ((0, b"abcdef", 6), (0, b"XY", 6), (1, b"gh", 8)):
        written(modem, "a", data, mode)
        assert modem.command('AT+CFSGFIS=3,"a"').lines == (f"+CFSGFIS: {size}",)
    refused(
        modem,
        'AT+CFSWFILE=4,"a",0,5,5000', 'AT+CFSWFILE=3,"a",2,5,5000', 'AT+CFSWFILE=3,"a",0,5,99',
        'AT+CFSWFILE=3,"a",0,10241,5000', f'AT+CFSWFILE=3,"{"a" * 231}",0,5,5000',
    )  # fmt: skip
    modem.command('AT+CFSDFILE=3,"a"')
    refused(modem, 'AT+CFSGFIS=3,"a"')
    modem.command("AT+CFSTERM")


def test_only_certificates_are_converted(modem: CaSockets) -> None:
    """PEM and DER are; a file that is not there or is none is refused, as are the device's own."""
    der = ssl.PEM_cert_to_DER_cert(authority().pem.decode())
    modem.command("AT+CFSINIT")
    for name, data in (
        ("ca.pem", authority().pem),
        ("ca.der", der),
        ("bad.pem", authority().pem[:200]),
        ("x", b"hello"),
    ):
        written(modem, name, data)
    for name in ("ca.pem", "ca.der"):
        modem.command(f'AT+CSSLCFG="convert",2,"{name}"')
    refused(
        modem,
        'AT+CSSLCFG="convert",2,"bad.pem"', 'AT+CSSLCFG="convert",2,"x"',
        'AT+CSSLCFG="convert",2,"none"', 'AT+CSSLCFG="convert",1,"ca.pem","x"',
        'AT+CSSLCFG="convert",3,"ca.pem"', 'AT+CSSLCFG="convert",2',
    )  # fmt: skip


def test_settings(modem: CaSockets) -> None:
    """Keys in either case; what the modem does not have is refused and listed."""
    modem.command('AT+CSSLCFG="SSLVERSION",1,3')
    modem.command('AT+CSSLCFG="sni",1,www.example.org')
    (shown,) = modem.command('AT+CSSLCFG="CTXINDEX",1').lines
    suites = ",".join(["0x0000"] * 8)
    assert shown == f'+CSSLCFG: 1,3,{suites},0,1,"www.example.org"'
    refused(
        modem,
        'AT+CSSLCFG="sslversion",1,1', 'AT+CSSLCFG="sslversion",6,3', 'AT+CSSLCFG="protocol",1,2',
        'AT+CSSLCFG="ciphersuite",1,0,0x009C', 'AT+CSSLCFG="seclevel",1,1',
        'AT+CSSLCFG="ignorertctime",1', f'AT+CSSLCFG="sni",1,"{"a" * 254}"',
        'AT+CASSLCFG=13,"ssl",1', 'AT+CASSLCFG=3,"clientcert","c"', f'AT+SHSSL=1,"{"a" * 21}"',
        'AT+SHSSL=1,"","client.pem"', 'AT+SHSSL=6,""',
    )  # fmt: skip


def test_what_was_set_for_a_connection(modem: CaSockets) -> None:
    """SIM7080 on one line, SIM7000 with words, and not before +CACID named the number."""
    if modem.family == "simcom-7080":
        modem.command('AT+CASSLCFG=2,"SSL",1')
        modem.command("AT+CACID=3")
        assert modem.command("AT+CASSLCFG?").lines == (
            "+CASSLCFG: 2,1,0,,,", "+CASSLCFG: 3,0,0,,,",
        )  # fmt: skip
        return
    refused(modem, 'AT+CASSLCFG=2,"ssl",1', f'AT+CAOPEN=2,"{NAME}",443')
    modem.command("AT+CACID=2")
    modem.command('AT+CASSLCFG=2,"crindex",4')
    modem.command('AT+CASSLCFG=2,"protocol",0')
    assert "crindex:4" in modem.command("AT+CASSLCFG?").lines
    assert modem.command("AT+CACID?").lines == ("+CACID: 2",)


def test_the_first_request_is_on_the_connection_that_was_made(
    https: Https, modem: CaSockets
) -> None:
    """One handshake for +SHCONN and +SHREQ together."""
    modem.prepare_tls(TlsTrust(authority().pem))
    modem.http_post(ORDER)
    https.rig.wait(1)
    assert [one.outcome for one in https.rig.platform.handshakes] == ["established"]


@pytest.mark.parametrize("family", FAMILIES)
def test_firmware_that_cannot_name_the_server(family: str) -> None:
    """An ERROR for the key is passed over: the connection is tried without it."""
    where = b'0,"TCP",' if family == "simcom-7080" else b""
    keys = [b"CRINDEX", b"SSL"] if family == "simcom-7080" else [b"crindex", b"ssl"]
    script = {
        b"AT+CNACT?": line(b'+CNACT: 1,"10.94.36.44"') + OK, b"AT+CACID=2": ERROR,
        b'AT+CSSLCFG="sslversion",2,3': OK, b'AT+CSSLCFG="ignorertctime",2,1': OK,
        b'AT+CSSLCFG="sni",2,"a.example"': ERROR,
        b'AT+CASSLCFG=2,"' + keys[0] + b'",2': OK, b'AT+CASSLCFG=2,"' + keys[1] + b'",1': OK,
        b"AT+CAOPEN=2," + where + b'"a.example",443': line(b"+CAOPEN: 2,0") + OK,
    }  # fmt: skip
    with Peer(script) as peer, open_modem(family, peer.path) as modem:
        assert isinstance(modem, ShClient)
        modem.prepare_tls(TlsTrust(None))
        assert modem.open_tls_socket("a.example", 443) == 2


@pytest.mark.parametrize(
    ("report", "sent"), [(b"+CASEND: 2,0,4", True), (b"+CASEND: 2,1,0", False)]
)
def test_sim7000_says_behind_ok_whether_it_was_sent(report: bytes, sent: bool) -> None:
    """+CASEND has the result, which is no 0 when the bytes did not go out."""
    answer = b"HTTP/1.1 202 \r\nContent-Length: 0\r\n\r\n"
    script = {
        b"AT+CASEND=2,4": b"\r\n>", b"ping": OK + line(report),
        b"AT+CARECV=2,1460": line(b"+CARECV: %d,%s" % (len(answer), answer)) + OK,
    }  # fmt: skip
    with Peer(script) as peer, open_modem("simcom-7000", peer.path) as modem:
        peer.say(line(b"+CASEND: 2,0,9"))  # of an earlier connection
        if sent:
            assert modem.exchange(2, b"ping") == answer
        else:
            with pytest.raises(SocketError, match="not sent") as caught:
                modem.exchange(2, b"ping")
            assert caught.value.code == 1
