"""What is Telit's own about TLS: one secure socket, the certificate in NVM, modes and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.at.dialect import Binary
from harness.modem.errors import CmeError, CommandRefused, SocketError
from harness.modem.telit_me910 import TelitMe910
from harness.modem.tls import TlsTrust
from harness.network.certificates import CertificateKind
from tests.tls.https import NAME, Https, authority, ip_request
from tests.tls.modems import ORDER, attached, posted

DIAL = f'AT#SSLD=1,443,"{NAME}",0,1'
TLS_PROFILE = f'AT#HTTPCFG=0,"{NAME}",443,0,"","",1,60,1'
PEM = authority().pem
WRONG = {
    "AT#SSLSECCFG=1,0,2": 100, "AT#SSLSECCFG=1,5,1": 100, "AT#SSLSECCFG=1,0,1,0": 100,
    "AT#SSLSECCFG2=1,2": 100, "AT#SSLSECCFG=2,0,1": 50, "AT#SSLCFG=1,1": 50,
    "AT#SSLCFG=1,1,300,90,5,50": 100, "AT#SSLEN=2,1": 50, "AT#SSLSECDATA=1,3,1": 50,
    "AT#SSLSECDATA=1,2,2": 100, "AT#SSLRECV=1,1001": 50, "AT#SSLSENDEXT=1,1501": 50,
    f'AT#SSLD=1,443,"{NAME}",0,0': 100, f'AT#SSLD=1,443,"{NAME}",1,1': 100,
    'AT#SSLD=1,443,"unknown.example",0,1': 558, f'AT#SSLD=1,444,"{NAME}",0,1': 1005,
    "AT#SSLH=1,1": 100,
}  # fmt: skip


@pytest.fixture
def modem(https: Https) -> Iterator[TelitMe910]:
    with attached("telit-me910", https) as driver:
        assert isinstance(driver, TelitMe910)
        yield driver


def refused(modem: TelitMe910, command: str) -> int | None:
    """The number of the +CME ERROR that a command gives."""
    with pytest.raises(CmeError) as caught:
        modem.command(command)
    return caught.value.code


def read(modem: TelitMe910) -> bytes:
    return modem.channel.read_binary("AT#SSLRECV=1,1000,10", Binary("#SSLRECV:")).data


def store(modem: TelitMe910, data: bytes, size: int | None = None) -> None:
    command = f"AT#SSLSECDATA=1,1,1,{len(data) if size is None else size}"
    modem.prompted(command, data + b"\x1a", "> ", timeout_s=10)


@pytest.mark.parametrize("kind", ["unknown-ca", "wrong-name", "expired"])
def test_a_refused_certificate_is_1004(
    https: Https, modem: TelitMe910, kind: CertificateKind
) -> None:
    """An error in the handshake, whatever was wrong; the platform sees the refusal."""
    https.rig.platform.present_certificate(kind)
    modem.prepare_tls(TlsTrust(PEM))
    with pytest.raises(SocketError) as caught:
        posted(modem)
    assert caught.value.code == 1004
    assert https.handshake().outcome == "refused"


def test_a_wrong_name_passes_where_it_is_skipped(https: Https, modem: TelitMe910) -> None:
    """<skipHostMismatch> 1, the factory setting, lets it through although it is verified."""
    https.rig.platform.present_certificate("wrong-name")
    modem.prepare_tls(TlsTrust(PEM))
    modem.command("AT#SSLCFG=1,1,300,90,100,50,1,1,1")
    assert posted(modem).startswith(b"HTTP/1.1 202 ")


def test_the_name_is_checked_without_being_asked_for(https: Https, modem: TelitMe910) -> None:
    """<SNI> 0 only leaves the name out of the handshake."""
    modem.prepare_tls(TlsTrust(PEM))
    modem.command("AT#SSLSECCFG2=1,3,0")
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    assert not https.handshake().sni
    https.rig.platform.present_certificate("wrong-name")
    assert refused(modem, DIAL) == 1004


def test_factory_settings(modem: TelitMe910) -> None:
    """Nothing is enabled, and settings are told only once the socket is."""
    assert modem.line("AT#SSLEN?") == "1,0"
    assert modem.line("AT#SSLS=1") == "1,0"
    assert refused(modem, "AT#SSLSECCFG?") == 1000
    assert refused(modem, "AT#SSLCFG=1,1,300,90,100,50") == 1000
    assert refused(modem, DIAL) == 1000
    assert refused(modem, "AT#SSLEN=1,0") == 1000
    modem.command("AT#SSLEN=1,1")
    assert refused(modem, "AT#SSLEN=1,1") == 1003
    assert modem.line("AT#SSLSECCFG?") == "1,0,0"
    assert modem.line("AT#SSLSECCFG2?") == "1,4,0"
    assert modem.line("AT#SSLCFG?") == "1,1,300,90,100,50,0,0,1,0"
    assert modem.line("AT#SSLSECDATA?") == "1,0,0,0"


def test_the_certificate_is_kept_read_and_deleted(modem: TelitMe910) -> None:
    """In NVM, with the settings, also over a restart; what is not there cannot be deleted."""
    modem.prepare_tls(TlsTrust(PEM))
    modem.reboot()
    modem.wait_ready(timeout_s=10)
    assert modem.line("AT#SSLEN?") == "1,1"
    assert modem.line("AT#SSLSECCFG?") == "1,0,1"
    assert modem.line("AT#SSLSECDATA?") == "1,0,1,0"
    lines = modem.command("AT#SSLSECDATA=1,2,1").lines
    assert (lines[0], [line for line in lines[1:] if line]) == (
        "#SSLSECDATA: 1,1", PEM.decode().splitlines()
    )  # fmt: skip
    modem.command("AT#SSLSECDATA=1,0,1")
    assert refused(modem, "AT#SSLSECDATA=1,0,1") == 1001
    assert modem.command("AT#SSLSECDATA=1,2,1").lines == ("#SSLSECDATA: 1,1", "No data stored")


def test_a_certificate_of_another_size_is_refused(modem: TelitMe910) -> None:
    """Ctrl-Z ends it, and then the size has to be right; ESC gives it up."""
    modem.command("AT#SSLEN=1,1")
    for data, size in ((PEM, len(PEM) + 1), (PEM, len(PEM) - 1), (b"x\x1b", 2)):
        with pytest.raises(CommandRefused):
            store(modem, data, size)
        modem.channel.resync(quiet_s=0.05)
    assert refused(modem, "AT#SSLSECDATA=1,1,1,4097") == 50
    assert modem.line("AT#SSLSECDATA?") == "1,0,0,0"


@pytest.mark.parametrize("data", [b"", b"no certificate\n"])
def test_verifying_without_a_certificate(https: Https, modem: TelitMe910, data: bytes) -> None:
    """1001 by socket and by client, before anything is sent to the server."""
    modem.command("AT#SSLEN=1,1")
    modem.command("AT#SSLSECCFG=1,0,1")
    if data:
        store(modem, data)
    assert refused(modem, DIAL) == 1001
    with pytest.raises(CmeError) as caught:
        modem.http_post(ORDER)
    assert caught.value.code == 1001
    assert https.rig.platform.handshakes == []


def test_there_is_one_secure_socket(https: Https, modem: TelitMe910) -> None:
    """Either #SSLD has it or the HTTP client, and each says so when the other one does."""
    modem.prepare_tls(TlsTrust(PEM))
    assert refused(modem, TLS_PROFILE) == 1003
    modem.command(DIAL)
    assert refused(modem, DIAL) == 1009
    assert refused(modem, "AT#SSLEN=1,0") == 1009
    assert modem.line("AT#SSLS=1") == "1,2"
    modem.command("AT#SSLH=1")
    assert modem.line("AT#SSLS=1") == "1,1"
    modem.command("AT#SSLEN=1,0")
    modem.command(TLS_PROFILE)
    assert refused(modem, "AT#SSLEN=1,1") == 1003
    assert refused(modem, DIAL) == 1000
    modem.command("AT#SSLSECCFG=1,0,1")  # still in use, by the client


def test_a_connection_left_over_is_closed(https: Https, modem: TelitMe910) -> None:
    """Preparing again takes the secure socket from whatever an earlier run did not close."""
    modem.prepare_tls(TlsTrust(PEM))
    modem.command(DIAL)
    modem.prepare_tls(TlsTrust(PEM))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")


def test_a_request_left_over_gives_the_socket_back(https: Https, modem: TelitMe910) -> None:
    """A run that was killed in an HTTPS request has left the secure socket to the client."""
    modem.command(TLS_PROFILE)
    modem.prepare_tls(TlsTrust(PEM))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")


def test_the_https_client_gives_the_socket_back(https: Https, modem: TelitMe910) -> None:
    """After a POST, also a failed one, its profile is plain and a TLS socket can be opened."""
    modem.prepare_tls(TlsTrust(PEM))
    assert modem.http_post(ORDER).status == 202
    assert modem.command("AT#HTTPCFG?").lines[0].split(",")[6] == "0"
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    with pytest.raises(SocketError):
        modem.http_post(replace(ORDER, host="unknown.example"))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    # In plain the same port says 400: nothing of TLS is left in the client.
    assert modem.http_post(replace(ORDER, tls=False)).status == 400


def test_reading_waits_and_tells_the_end(https: Https, modem: TelitMe910) -> None:
    """#SSLRECV waits for data; nothing is TIMEOUT, the peer's end is DISCONNECTED."""
    modem.prepare_tls(TlsTrust(PEM))
    assert refused(modem, "AT#SSLRECV=1,1000,10") == 1008
    modem.command(DIAL)
    assert modem.command("AT#SSLRECV=1,1000,10").lines == ("#SSLRECV: 0", "TIMEOUT")
    modem.prompted("AT#SSLSEND=1", b"no HTTP\r\n\r\n\x1a", "> ", timeout_s=10)
    head = read(modem)
    assert head.startswith(b"HTTP/1.1 400 ")
    assert modem.channel.wait_for("NO CARRIER", timeout_s=10).text == "NO CARRIER: SSL,1"
    while read(modem):
        pass
    assert modem.command("AT#SSLRECV=1,1000,10").lines == ("#SSLRECV: 0", "DISCONNECTED")
    assert modem.line("AT#SSLS=1") == "1,1"
    modem.command("AT#SSLCFG=1,1,300,90,100,50,0,2")
    modem.command(DIAL)  # without hanging up
    modem.prompted("AT#SSLSENDEXT=1,11", b"no HTTP\r\n\r\n", "> ", timeout_s=10)
    assert modem.channel.wait_for("NO CARRIER", timeout_s=10).text == "NO CARRIER: SSL,1,1"


def test_data_with_their_code(https: Https, modem: TelitMe910) -> None:
    """SSLSRING mode 2 brings the data, mode 0 says nothing; NO CARRIER as from the factory."""
    modem.prepare_tls(TlsTrust(PEM))
    modem.command("AT#SSLCFG=1,1,300,90,100,50,2")
    modem.command(DIAL)
    request = ip_request(host=NAME)
    modem.prompted(f"AT#SSLSENDEXT=1,{len(request)}", request, "> ", timeout_s=10)
    assert modem.channel.wait_for("SSLSRING: 1,", timeout_s=10).text.endswith(
        "HTTP/1.1 202 Accepted"
    )
    modem.command("AT#SSLH=1")
    modem.command("AT#SSLCFG=1,1,300,90,100,50,0,0")
    modem.command(DIAL)
    modem.prompted("AT#SSLSENDEXT=1,11", b"no HTTP\r\n\r\n", "> ", timeout_s=10)
    assert modem.channel.wait_for("NO CARRIER", timeout_s=10).text == "NO CARRIER"
    assert not any(urc.text.startswith("SSLSRING:") for urc in modem.channel.urcs)


def test_wrong_or_missing_things(modem: TelitMe910) -> None:
    """The family's error form; what is not modelled is an error, too."""
    modem.command("AT#SSLEN=1,1")
    assert {command: refused(modem, command) for command in WRONG} == WRONG


def test_without_a_context(modem: TelitMe910) -> None:
    """As for plain sockets: 556."""
    modem.prepare_tls(TlsTrust(None))
    modem.deactivate()
    assert refused(modem, DIAL) == 556
