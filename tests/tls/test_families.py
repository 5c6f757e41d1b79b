"""What every family with TLS must do, on its virtual twin and a real TLS server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.modem import FAMILIES
from harness.modem.core import Modem
from harness.modem.errors import CannotDo, SocketError
from harness.modem.tls import TlsTrust
from harness.network.certificates import CERTIFICATE_KINDS, CertificateKind
from tests.tls.https import NAME, Https, authority
from tests.tls.modems import ORDER, attached, posted

SECURED = sorted(name for name, driver in FAMILIES.items() if driver.abilities.tls)
HTTPS = sorted(
    name for name in SECURED if (http := FAMILIES[name].abilities.http) is not None and http.tls
)
WRONG = [
    (name, kind)
    for name in SECURED
    for kind in CERTIFICATE_KINDS
    if kind != "right" and kind not in FAMILIES[name].abilities.tls_blind
]
BLIND = [(name, kind) for name in SECURED for kind in FAMILIES[name].abilities.tls_blind]


@pytest.fixture
def modem(request: pytest.FixtureRequest, https: Https) -> Iterator[Modem]:
    with attached(request.param, https) as driver:
        yield driver


@pytest.mark.parametrize("modem", SECURED, indirect=True)
def test_a_tls_socket_delivers(https: Https, modem: Modem) -> None:
    """With the authority given the uplink is accepted: TLS 1.2, with the server's name if the
    module can send it, twice."""
    modem.prepare_tls(TlsTrust(authority().pem))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    https.rig.wait(2)
    handshake = https.handshake(2)
    assert handshake.session is not None
    asked = NAME if modem.abilities.tls_sni else None
    assert (handshake.session.version, handshake.sni) == ("TLSv1.2", asked)
    assert [uplink.outcome for uplink in https.rig.platform.uplinks] == ["accepted"] * 2
    told = [finding.message for finding in https.rig.platform.uplinks[0].findings]
    assert ["names no server" in text for text in told] == [True] * (asked is None)


@pytest.mark.parametrize("modem", HTTPS, indirect=True)
def test_the_https_client_delivers(https: Https, modem: Modem) -> None:
    """So does the built-in client, and it gives the response's status and body."""
    modem.prepare_tls(TlsTrust(authority().pem))
    assert modem.http_post(ORDER).status == 202
    https.rig.wait(1)
    session = https.handshake().session
    assert session is not None
    assert session.version == "TLSv1.2"
    assert https.rig.platform.uplinks[0].outcome == "accepted"


@pytest.mark.parametrize(("modem", "kind"), WRONG, indirect=["modem"])
def test_a_wrong_certificate_is_refused(https: Https, modem: Modem, kind: CertificateKind) -> None:
    """By socket and by client: an error of the driver, a refusal that the platform sees, and then
    the right certificate is taken again."""
    https.rig.platform.present_certificate(kind)
    modem.prepare_tls(TlsTrust(authority().pem))
    with pytest.raises(SocketError):
        posted(modem)
    tried = 1
    if modem.family in HTTPS:
        with pytest.raises(SocketError):
            modem.http_post(ORDER)
        tried = 2
    https.handshake(tried)
    assert [one.outcome for one in https.rig.platform.handshakes] == ["refused"] * tried
    assert https.rig.platform.uplinks == []
    https.rig.platform.present_certificate("right")
    assert posted(modem).startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize(("modem", "kind"), BLIND, indirect=["modem"])
def test_what_a_module_cannot_see_passes(https: Https, modem: Modem, kind: CertificateKind) -> None:
    """It is honest about what it cannot check, and the platform blames that it went through."""
    https.rig.platform.present_certificate(kind)
    modem.prepare_tls(TlsTrust(authority().pem))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    assert [finding.severity for finding in https.handshake().findings] == ["error"]


@pytest.mark.parametrize("modem", SECURED, indirect=True)
@pytest.mark.parametrize("kind", ["expired", "self-signed"])
def test_without_an_anchor_anything_is_taken(
    https: Https, modem: Modem, kind: CertificateKind
) -> None:
    """That is how modules leave the factory, and the platform blames it."""
    https.rig.platform.present_certificate(kind)
    modem.prepare_tls(TlsTrust(None))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    assert [finding.severity for finding in https.handshake().findings] == ["error"]


@pytest.mark.parametrize("modem", SECURED, indirect=True)
def test_plain_and_tls_sockets_keep_apart(https: Https, modem: Modem) -> None:
    """A plain connection between two of TLS stays plain (the platform says 400 to it, in plain):
    which of the two is wanted is said for each connection."""
    modem.prepare_tls(TlsTrust(authority().pem))
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    connection = modem.open_socket(NAME, 443)
    said = modem.exchange(connection, b"GET / HTTP/1.1\r\n\r\n", response_timeout_s=10)
    assert said.startswith(b"HTTP/1.1 400 ")
    modem.close_socket(connection)
    assert posted(modem).startswith(b"HTTP/1.1 202 ")
    https.rig.wait(2)
    outcomes = [one.outcome for one in https.rig.platform.handshakes]
    assert outcomes.count("established") == 2


def test_families_without_tls_say_so() -> None:
    """A clear refusal that says what to do, not a failed connection."""
    modem = Modem.__new__(Modem)
    with pytest.raises(CannotDo, match="hil families"):
        modem.prepare_tls(TlsTrust(None))
    with pytest.raises(CannotDo, match="TLS"):
        modem.open_tls_socket(NAME, 443)
