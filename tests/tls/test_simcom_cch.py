"""What is SIM7600's and A76xx's own about TLS: certificates, contexts, +CCH sessions, numbers."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from harness.at.dialect import Command
from harness.modem.errors import CommandRefused, SocketError
from harness.modem.simcom_7600 import Simcom7600
from harness.modem.tls import TlsTrust
from tests.tls.https import NAME, Https, authority, ip_request
from tests.tls.modems import ADDRESS, ORDER, attached, posted

#: model, family, longest name of a certificate
MODELS = [
    ("SIM7600E-H", "simcom-7600", 128),
    ("A7670E-LASE", "simcom-a76", 108),
    ("SIM7672E", "simcom-a76", 55),
]
EACH = [model for model, _, _ in MODELS]
TWO, CHECKING = EACH[:2], "SIM7672E"


@pytest.fixture
def modem(request: pytest.FixtureRequest, https: Https) -> Iterator[Simcom7600]:
    family = next(family for model, family, _ in MODELS if model == request.param)
    with attached(family, https, model=request.param) as driver:
        assert isinstance(driver, Simcom7600)
        yield driver


def started(modem: Simcom7600, report: str = "1,1") -> None:
    """With the service on, and whatever is shown taken."""
    modem.prepare_tls(TlsTrust(None))
    modem.command(f"AT+CCHSET={report}")
    modem.command("AT+CCHSTART")
    modem.channel.wait_for("+CCHSTART: 0", timeout_s=10)


def opened(modem: Simcom7600, session: int, port: int = 443, kind: int = 2) -> None:
    modem.command(f'AT+CCHOPEN={session},"{NAME}",{port},{kind}')
    modem.channel.wait_for(f"+CCHOPEN: {session},0", timeout_s=10)


def sent(modem: Simcom7600, session: int, data: bytes) -> None:
    text = f"AT+CCHSEND={session},{len(data)}"
    assert modem.channel.execute_with_prompt(text, data, prompt=">").ok


def refused(modem: Simcom7600, *commands: str) -> None:
    for command in commands:
        with pytest.raises(CommandRefused):
            modem.command(command)


@pytest.mark.parametrize(
    ("modem", "longest"), [(m, longest) for m, _, longest in MODELS], indirect=["modem"]
)
def test_certificates_survive_what_contexts_do_not(modem: Simcom7600, longest: int) -> None:
    """Names of 5 bytes up to the family's limit, .pem or .der, 10240 bytes; listed, deleted once;
    after a reset they are still there, and a context is as from the factory."""
    names = ["a.pem", "b" * (longest - 4) + ".der"]
    for name in names:
        modem.prompted(f'AT+CCERTDOWN="{name}",3', b'\x1a"\r', ">", timeout_s=10)
    for name in (".pem", "a.txt", "b" * (longest - 3) + ".pem"):
        assert not modem.channel.execute(Command(f'AT+CCERTDOWN="{name}",3', prompt=">")).ok
    assert not modem.channel.execute(Command('AT+CCERTDOWN="c.pem",10241', prompt=">")).ok
    modem.prepare_tls(TlsTrust(authority().pem))
    changed = modem.command("AT+CSSLCFG=0").lines
    modem.command("AT+CRESET")
    modem.wait_ready(timeout_s=10)
    listed = [f'+CCERTLIST: "{name}"' for name in (*names, "things-hil-ca.pem")]
    assert modem.command("AT+CCERTLIST").lines == tuple(listed)
    modem.command('AT+CCERTDELE="a.pem"')
    refused(modem, 'AT+CCERTDELE="a.pem"')
    assert modem.command("AT+CCERTLIST").lines == tuple(listed[1:])
    assert modem.command("AT+CSSLCFG=0").lines != changed


@pytest.mark.parametrize(
    ("modem", "last"),
    [("SIM7600E-H", ',"","","",0,"",0XFFFF'), ("A7670E-LASE", ',"","","","",0'),
     ("SIM7672E", ',"","","","",0,0,0,0')],
    indirect=["modem"],
)  # fmt: skip
def test_contexts_as_the_manuals_print_them(modem: Simcom7600, last: str) -> None:
    """Ten of them, from the factory without any check; values out of range and keys that are not
    there change nothing."""
    factory = tuple(f"+CSSLCFG: {context},4,0,1,300{last}" for context in range(10))
    assert modem.command("AT+CSSLCFG?").lines == factory
    refused(
        modem, 'AT+CSSLCFG="sslversion",0,5', 'AT+CSSLCFG="authmode",0,2', "AT+CSSLCFG=10",
        'AT+CSSLCFG="authmode",10,1', 'AT+CSSLCFG="negotiatetime",0,9', 'AT+CSSLCFG="cacert",0,""',
        'AT+CSSLCFG="cacert",0,"a.txt"', 'AT+CSSLCFG="nothing",0,1', 'AT+CSSLCFG="enableSNI",0',
        'AT+CSSLCFG="clientcert",0,"a.pem"',
    )  # fmt: skip
    assert modem.command("AT+CSSLCFG?").lines == factory
    modem.command('AT+CSSLCFG="enablesni",3,1')
    (line,) = modem.command("AT+CSSLCFG=3").lines
    assert line.count("1") == factory[3].count("1") + 1
    test = modem.command("AT+CSSLCFG=?").lines
    assert '+CSSLCFG: "negotiatetime",(0-9),(10-300)' in test
    assert any('"ignorecertCN"' in line for line in test) == (len(last.split(",")) == 9)


@pytest.mark.parametrize("modem", TWO, indirect=True)
def test_numbers_of_what_went_wrong(https: Https, modem: Simcom7600) -> None:
    """A refused certificate is 15, and 715 of the HTTP client, and so is one of the module's that
    is none; a missing one 19 and 719; an unknown name 13, and nobody there 14."""
    https.rig.platform.present_certificate("unknown-ca")
    modem.prepare_tls(TlsTrust(authority().pem))
    with pytest.raises(SocketError, match="error 15"):
        posted(modem)
    with pytest.raises(SocketError, match="error 715"):
        modem.http_post(ORDER)
    modem.prompted('AT+CCERTDOWN="things-hil-ca.pem",3', b"abc", ">", timeout_s=10)
    with pytest.raises(SocketError, match="error 15"):
        posted(modem)
    with pytest.raises(SocketError, match="error 715"):
        modem.http_post(ORDER)
    modem.command('AT+CCERTDELE="things-hil-ca.pem"')
    with pytest.raises(SocketError, match="error 19"):
        posted(modem)
    with pytest.raises(SocketError, match="error 719"):
        modem.http_post(ORDER)
    modem.prepare_tls(TlsTrust(None))
    for host, port, number in (("nobody.invalid", 443, 13), (ADDRESS, 444, 14)):
        with pytest.raises(SocketError, match=f"error {number}"):
            modem.open_tls_socket(host, port)
    assert https.rig.platform.uplinks == []


@pytest.mark.parametrize("modem", [CHECKING], indirect=True)
def test_sim767x_checks_the_name(https: Https, modem: Simcom7600) -> None:
    """By socket and client, whether it is sent or not, unless ``ignorecertCN`` is 1."""
    https.rig.platform.present_certificate("wrong-name")
    modem.prepare_tls(TlsTrust(authority().pem))
    with pytest.raises(SocketError, match="error 15"):
        posted(modem)
    with pytest.raises(SocketError, match="error 715"):
        modem.http_post(ORDER)
    modem.command('AT+CSSLCFG="enableSNI",0,0')
    with pytest.raises(SocketError, match="error 15"):
        posted(modem)
    modem.command('AT+CSSLCFG="ignorecertCN",0,1')
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    assert https.handshake(4).sni is None


@pytest.mark.parametrize("modem", TWO, indirect=True)
def test_a_der_certificate_will_do(https: Https, modem: Simcom7600) -> None:
    """The type is told by the end of its name."""
    modem.prepare_tls(TlsTrust(authority().pem))
    der = ssl.PEM_cert_to_DER_cert(authority().pem.decode())
    modem.prompted(f'AT+CCERTDOWN="ca.der",{len(der)}', der, ">", timeout_s=10)
    modem.command('AT+CSSLCFG="cacert",0,"ca.der"')
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    https.rig.platform.present_certificate("unknown-ca")
    with pytest.raises(SocketError, match="error 15"):
        posted(modem)


@pytest.mark.parametrize("modem", TWO, indirect=True)
def test_expired_passes_where_validity_is_ignored(https: Https, modem: Simcom7600) -> None:
    """``ignorelocaltime`` 1 is the factory setting."""
    https.rig.platform.present_certificate("expired")
    modem.prepare_tls(TlsTrust(authority().pem))
    modem.command('AT+CSSLCFG="ignorelocaltime",0,1')
    assert posted(modem).startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize("modem", TWO, indirect=True)
def test_the_service_has_its_order(modem: Simcom7600) -> None:
    """Nothing before the start, no second start, no report mode after it; all of it again after
    the stop."""
    early = f'AT+CCHOPEN=0,"{NAME}",443,2'
    refused(modem, early, "AT+CCHSTOP", "AT+CCHSSLCFG=0,0", "AT+CCHADDR", "AT+CCHCLOSE=0")
    refused(modem, "AT+CCHSEND=0,5", "AT+CCHRECV=0", "AT+CCHSET=2", "AT+CCHMODE=1")
    started(modem)
    assert modem.command("AT+CCHSET?").lines == ("+CCHSET: 1,1",)
    assert modem.command("AT+CCHADDR").lines[0].startswith("+CCHADDR: 10.")
    refused(modem, "AT+CCHSTART", "AT+CCHSET=0,0", "AT+CCHSSLCFG=2,0", "AT+CCHSSLCFG=0,10")
    modem.command("AT+CCHSSLCFG=1,3")
    assert modem.command("AT+CCHSSLCFG?").lines == ("+CCHSSLCFG: 0,", "+CCHSSLCFG: 1,3")
    opened(modem, 0)
    refused(modem, early)
    modem.command("AT+CCHSTOP")
    modem.channel.wait_for("+CCHSTOP: 0", timeout_s=10)
    assert modem.command("AT+CCHSSLCFG?").lines == ("+CCHSSLCFG: 0,", "+CCHSSLCFG: 1,")
    refused(modem, early)


@pytest.mark.parametrize("modem", TWO, indirect=True)
def test_data_that_are_read(https: Https, modem: Simcom7600) -> None:
    """Announced once, counted, given by number and then all of them; a read that finds nothing
    has a number and is an error; a send is reported."""
    started(modem)
    opened(modem, 0)
    modem.command("AT+CCHOPEN?")
    for line in (f'+CCHOPEN: 0,"{NAME}",443,2,', '+CCHOPEN: 1,"",,,'):
        assert modem.channel.wait_for(line, timeout_s=10).text == line
    refused(modem, "AT+CCHRECV=0", "AT+CCHRECV=1", "AT+CCHRECV=0,2049")
    modem.channel.wait_for("+CCHRECV: 0,11", timeout_s=10)
    sent(modem, 0, ip_request(host=NAME))
    modem.channel.wait_for("+CCHSEND: 0,0", timeout_s=10)
    modem.channel.wait_for("+CCHEVENT: 0,RECV EVENT", timeout_s=10)
    (line,) = modem.command("AT+CCHRECV?").lines
    word, length, other = line.removeprefix("+CCHRECV: ").split(",")
    assert (word, other) == ("LEN", "0")
    data = b""
    for command, count in (("AT+CCHRECV=0,9", 9), ("AT+CCHRECV=0", int(length) - 9)):
        modem.command(Command(command, prefix=""))
        urc = modem.channel.wait_for("+CCHRECV: DATA,0,", timeout_s=10)
        assert urc.text == f"+CCHRECV: DATA,0,{count}"
        modem.channel.wait_for("+CCHRECV: 0,0", timeout_s=10)
        data += urc.data
    assert data.startswith(b"HTTP/1.1 202 ")
    modem.command("AT+CCHCLOSE=0")
    modem.channel.wait_for("+CCHCLOSE: 0,0", timeout_s=10)
    refused(modem, "AT+CCHCLOSE=0")


@pytest.mark.parametrize("modem", TWO, indirect=True)
def test_data_that_are_pushed_and_a_plain_session(https: Https, modem: Simcom7600) -> None:
    """The factory setting hands data over at once and reports no send; a session of type 1 is
    plain TCP, at the same time as one with TLS; the peer's end is told."""
    started(modem, "0,0")
    opened(modem, 0)
    opened(modem, 1, kind=1)
    sent(modem, 1, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    urc = modem.channel.wait_for("+CCHRECV: DATA,1,", timeout_s=10)
    assert urc.data.startswith(b"HTTP/1.1 400 ")
    modem.channel.wait_for("+CCH_PEER_CLOSED: 1", timeout_s=10)
    sent(modem, 0, ip_request(host=NAME))
    urc = modem.channel.wait_for("+CCHRECV: DATA,0,", timeout_s=10)
    assert urc.data.startswith(b"HTTP/1.1 202 ")
    assert not [urc for urc in modem.channel.urcs if urc.text.startswith("+CCHSEND:")]
    refused(modem, "AT+CCHSEND=1,5", "AT+CCHSEND=0,2049", "AT+CCHRECV=0")


@pytest.mark.parametrize("modem", TWO, indirect=True)
def test_netopen_and_the_service_live_apart(https: Https, modem: Simcom7600) -> None:
    """What +NETCLOSE closes is not the session's; without network the service ends."""
    started(modem)
    opened(modem, 0)
    modem.deactivate()
    sent(modem, 0, ip_request(host=NAME))
    modem.channel.wait_for("+CCHEVENT: 0,RECV EVENT", timeout_s=10)
    modem.set_radio(4)
    modem.channel.wait_for("+CCH: CCH STOP", timeout_s=10)
    refused(modem, "AT+CCHSTOP")


@pytest.mark.parametrize("modem", TWO, indirect=True)
def test_a_service_that_an_earlier_run_left(https: Https, modem: Simcom7600) -> None:
    """It is ended with what was open, and started again."""
    started(modem, "0,0")
    opened(modem, 0)
    modem.prepare_tls(TlsTrust(authority().pem))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize("modem", TWO, indirect=True)
def test_the_http_client_takes_another_context(https: Https, modem: Simcom7600) -> None:
    """``SSLCFG`` is 0 to 9, with quotes or without, and context 0 where nothing is said."""
    modem.prepare_tls(TlsTrust(authority().pem))
    https.rig.platform.present_certificate("self-signed")
    modem.command("AT+HTTPINIT")
    refused(modem, 'AT+HTTPPARA="SSLCFG",10', 'AT+HTTPPARA="SSLCFG",""')
    modem.command(f'AT+HTTPPARA="URL","https://{NAME}/"')
    for context, status in (("", "715"), ('"9"', "400"), ("0", "715")):
        if context:
            modem.command(f'AT+HTTPPARA="SSLCFG",{context}')
        modem.command("AT+HTTPACTION=0")
        modem.channel.wait_for(f"+HTTPACTION: 0,{status},", timeout_s=10)
