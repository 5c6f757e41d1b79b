"""What is Nordic's own about TLS: credentials under security tags, options, and going offline."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from harness.at.dialect import Binary, Command
from harness.line import AtTimeout
from harness.modem.errors import CmeError, CommandRefused, SocketError
from harness.modem.nordic_slm import NordicSlm
from harness.modem.nordic_tls import SEC_TAG
from harness.modem.tls import TlsTrust
from harness.network.certificates import Authority
from tests.tls.https import NAME, Https, authority, ip_request
from tests.tls.modems import ORDER, attached, posted

PEM = authority().pem.decode()
SHA = hashlib.sha256(authority().pem).hexdigest().upper()
WRONG = (
    'AT%CMNG=0,7,0,""', "AT%CMNG=0,7,0", "AT%CMNG=0,2147483648,0,\"A\"", "AT%CMNG=4,7,0",
    'AT%CMNG=0,7,5,"A"', "AT#XSSOCKET=1,2,0,7", "AT#XSSOCKET=1,1,1,7", "AT#XSSOCKET=1,1,0",
    "AT#XSSOCKET=1,1,0,7,3", "AT#XSSOCKET=0", "AT#XSSOCKETOPT=1,5,2",
)  # fmt: skip


@pytest.fixture
def modem(https: Https) -> Iterator[NordicSlm]:
    with attached("nordic-slm", https) as driver:
        assert isinstance(driver, NordicSlm)
        yield driver


def refused(modem: NordicSlm, command: str) -> int | None:
    with pytest.raises(CmeError) as caught:
        modem.command(command)
    return caught.value.code


def offline(modem: NordicSlm) -> int:
    """How often it was sent there."""
    return sum(data == b"AT+CFUN=4\r\n" for _, _, data in modem.channel.transcript)


def test_the_anchor_is_written_offline_and_once(modem: NordicSlm) -> None:
    """The modem is registered and has its address when it is done; the same anchor again, also by
    a driver that is new, neither writes nor goes offline."""
    before = offline(modem)
    modem.prepare_tls(TlsTrust(authority().pem))
    assert modem.registration() == 1
    assert modem.activate("kpnthings2.m2m")
    assert offline(modem) == before + 1
    NordicSlm(modem.channel).prepare_tls(TlsTrust(authority().pem))
    modem.prepare_tls(TlsTrust(None))
    assert offline(modem) == before + 1


def test_a_modem_that_is_off_stays_off(modem: NordicSlm) -> None:
    """Nothing but the credential is changed."""
    modem.set_radio(0)
    modem.prepare_tls(TlsTrust(authority().pem))
    assert modem.command("AT+CFUN?").lines == ("+CFUN: 0",)
    assert modem.command(f"AT%CMNG=1,{SEC_TAG}").lines == (f'%CMNG: {SEC_TAG},0,"{SHA}"',)


def test_credentials_are_written_listed_read_and_deleted(modem: NordicSlm) -> None:
    """By tag and type, lines of a PEM as they were; keys cannot be read."""
    assert refused(modem, 'AT%CMNG=0,7,0,"A"') == 518
    assert refused(modem, "AT%CMNG=3,7,0") == 518
    modem.set_radio(4)
    assert modem.command("AT%CMNG=1").lines == ()
    modem.command(f'AT%CMNG=0,7,0,"{PEM}"')
    modem.command('AT%CMNG=0,77,2,"KEY"')
    key = hashlib.sha256(b"KEY").hexdigest().upper()
    listed = (f'%CMNG: 7,0,"{SHA}"', f'%CMNG: 77,2,"{key}"')
    assert modem.command("AT%CMNG=1").lines == listed
    assert modem.command("AT%CMNG=1,7").lines == listed[:1]
    assert modem.command("AT%CMNG=1,77,0").lines == ()
    read = "\n".join(modem.command("AT%CMNG=2,7,0").lines)
    assert read == f'%CMNG: 7,0,"{SHA}","{PEM}"'
    assert refused(modem, "AT%CMNG=2,77,2") == 514
    assert refused(modem, "AT%CMNG=2,8,0") == refused(modem, "AT%CMNG=3,8,0") == 513
    modem.command("AT%CMNG=3,77,2")
    assert modem.command("AT%CMNG=1").lines == listed[:1]


def test_credentials_outlive_a_loss_of_power(modem: NordicSlm) -> None:
    """They are in the modem's own memory."""
    modem.prepare_tls(TlsTrust(authority().pem))
    modem.channel.discard(lambda urc: urc.text == "Ready")  # of the first start
    modem.reboot()
    modem.wait_booted(timeout_s=10)
    assert modem.command("AT%CMNG=1").lines == (f'%CMNG: {SEC_TAG},0,"{SHA}"',)


def test_wrong_values_are_errors(modem: NordicSlm) -> None:
    """Out of range, not modelled, or without a socket to act on."""
    modem.set_radio(4)
    for command in WRONG:
        assert not modem.channel.execute(command).ok, command
    assert modem.command("AT%CMNG=1").lines == ()
    assert modem.command("AT#XSSOCKET?").lines == ()


def test_a_secure_socket_is_shown_with_its_tag_and_options(https: Https, modem: NordicSlm) -> None:
    """Protocol 258 is TLS 1.2; a plain socket beside it has the tag -1 and no such options."""
    assert modem.command("AT#XSSOCKET=1,1,0,7").lines == ("#XSSOCKET: 0,1,258",)
    assert modem.command("AT#XSSOCKET?").lines == ("#XSSOCKET: 0,1,0,1,7,0",)
    assert modem.command("AT#XSSOCKETOPT=0,5").lines == ("#XSSOCKETOPT: 2",)
    modem.command(f'AT#XSSOCKETOPT=1,2,"{NAME}"')
    assert modem.command("AT#XSSOCKETOPT=0,2").lines == (f"#XSSOCKETOPT: {NAME}",)
    modem.command("AT#XSOCKET=1,1,0")
    with pytest.raises(CommandRefused):
        modem.command("AT#XSSOCKETOPT=0,5")
    listed = (
        "#XSOCKETSELECT: 0,1,0,1,7,2,0",
        "#XSOCKETSELECT: 1,1,0,1,-1,3,0",
        "#XSOCKETSELECT: 1",
    )
    assert modem.command("AT#XSOCKETSELECT?").lines == listed


def test_required_verification_without_a_credential_fails(https: Https, modem: NordicSlm) -> None:
    """ERROR at #XCONNECT; with verification off, or optional, the same tag will do."""
    for verify, passes in ((2, False), (1, True), (0, True)):
        modem.command(f"AT#XSSOCKET=1,1,0,7,{verify}")
        answer = modem.channel.execute(Command(f'AT#XCONNECT="{NAME}",443'), timeout_s=20)
        assert answer.ok == passes, verify
        modem.command("AT#XSSOCKET=0")
    https.handshake(2)


def test_the_name_is_asked_for_and_checked_where_it_was_set(https: Https, modem: NordicSlm) -> None:
    """Without TLS_HOSTNAME, or with NULL, a certificate for another name passes."""
    https.rig.platform.present_certificate("wrong-name")
    modem.prepare_tls(TlsTrust(authority().pem))
    for option, passes in (("NULL", True), (NAME, False)):
        modem.command(f"AT#XSSOCKET=1,1,0,{SEC_TAG}")
        modem.command(f'AT#XSSOCKETOPT=1,2,"{option}"')
        answer = modem.channel.execute(Command(f'AT#XCONNECT="{NAME}",443'), timeout_s=20)
        assert answer.ok == passes, option
        modem.command("AT#XSOCKET=0")
    assert https.handshake(2).sni == NAME


def test_https_without_verification(https: Https, modem: NordicSlm) -> None:
    """#XHTTPCCON with <peer_verify> 0 takes anything; it verifies by default, and says the tag."""
    https.rig.platform.present_certificate("self-signed")
    modem.prepare_tls(TlsTrust(None))
    assert modem.http_post(ORDER).status == 202
    modem.prepare_tls(TlsTrust(authority().pem))
    with pytest.raises(SocketError):
        modem.http_post(ORDER)
    (line,) = modem.command("AT#XHTTPCCON?").lines
    assert line == f'#XHTTPCCON: 0,"{NAME}",443,{SEC_TAG}'


def test_the_connection_of_the_http_client_is_the_one_it_was_connected_with(
    https: Https, modem: NordicSlm
) -> None:
    """One handshake for #XHTTPCCON and the request that follows."""
    modem.prepare_tls(TlsTrust(authority().pem))
    assert modem.http_post(ORDER).status == 202
    https.rig.wait(1)
    https.handshake()
    assert len(https.rig.platform.handshakes) == 1


def test_the_tcp_proxy_speaks_tls(https: Https, modem: NordicSlm) -> None:
    """#XTCPCLI with a tag; what comes is pushed."""
    modem.prepare_tls(TlsTrust(authority().pem))
    modem.command(f'AT#XTCPCLI=1,"{NAME}",443,{SEC_TAG}')
    request = ip_request(host=NAME)
    command = Command("AT#XTCPSEND", prompt="OK", completes="#XDATAMODE:")
    assert modem.channel.execute_with_prompt(command, request + b"+++").ok
    modem.channel.wait_for("#XTCPDATA:", timeout_s=10)
    https.rig.wait(1)
    assert https.rig.platform.uplinks[0].outcome == "accepted"


def test_an_open_quote_does_not_leave_the_modem_deaf(modem: NordicSlm) -> None:
    """Line ends within quotes are the string's; the driver closes one that a disturbance opened."""
    modem.channel.probe_s = 0.2
    with pytest.raises(AtTimeout):
        modem.channel.read_binary('AT#XSEND="', Binary("#X"), timeout_s=0.2)
    assert modem.command("AT+CFUN?").lines == ("+CFUN: 1",)


def test_posting_after_the_anchor_was_replaced(https: Https, modem: NordicSlm) -> None:
    """Another authority's certificate takes the place of the first, and the first comes back."""
    modem.prepare_tls(TlsTrust(Authority.make().pem))
    with pytest.raises(SocketError):
        posted(modem)
    modem.prepare_tls(TlsTrust(authority().pem))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
