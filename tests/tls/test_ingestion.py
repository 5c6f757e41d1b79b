"""Internet ingestion: HTTPS, DVNUUID devices, and what goes wrong with them."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from harness.network.certificates import CERTIFICATE_KINDS, CertificateKind
from harness.platform.findings import Outcome
from harness.platform.settings import PlatformSettings, TimeLimits
from tests.platform.bench import BODY as M2M_BODY
from tests.platform.bench import read_answer, request
from tests.tls.https import BODY, NAME, Https, authority, careless, ip_request, serving, trusting

WRONG = tuple(kind for kind in CERTIFICATE_KINDS if kind != "right")


def found(https: Https) -> set[tuple[str, str]]:
    return {(finding.requirement, finding.severity) for finding in https.last().findings}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_internet_uplink_is_accepted(https: Https, version: ssl.TLSVersion) -> None:
    """NET-TLS, HTTP-IP: token and length are enough; the missing Host is only remarked."""
    context = trusting()
    context.minimum_version = context.maximum_version = version
    assert https.post(ip_request(), context).startswith(b"HTTP/1.1 202 ")
    uplink, handshake = https.last(), https.handshake()
    assert uplink.outcome is Outcome.ACCEPTED
    assert uplink.device == "probe-1"
    assert found(https) == {("HTTP-IP", "info")}
    assert uplink.tls is not None
    assert (handshake.outcome, handshake.sni, handshake.findings) == ("established", NAME, ())
    assert uplink.tls.version == version.name.replace("_", ".")


def test_requests_of_one_connection_are_answered_in_order(https: Https) -> None:
    """Keep-alive and pipelining work behind TLS as they do in plain."""
    with https.connect() as sock:
        sock.sendall(ip_request(host=NAME) + ip_request(b"[]", host=NAME))
        answers = b""
        while answers.count(b"\r\n\r\n") < 2:
            answers += sock.recv(4096)
    assert answers.startswith(b"HTTP/1.1 202 ")
    assert b"HTTP/1.1 400 " in answers


def test_old_tls_is_refused_with_the_reason(https: Https) -> None:
    """DEST-TLS and the Internet page want 1.2 or newer: 1.1 ends as a failed handshake."""
    context = careless()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        https.post(ip_request(), context)
    handshake = https.handshake()
    assert handshake.outcome == "failed"
    assert "older than 1.2" in handshake.why


@pytest.mark.parametrize("kind", WRONG)
def test_a_client_that_verifies_refuses_every_wrong_certificate(
    https: Https, kind: CertificateKind
) -> None:
    """Its alert is on record, and no request comes."""
    https.rig.platform.present_certificate(kind)
    with pytest.raises(ssl.SSLCertVerificationError):
        https.post(ip_request())
    handshake = https.handshake()
    assert (handshake.certificate, handshake.outcome) == (kind, "refused")
    assert handshake.alert is not None
    assert [finding.severity for finding in handshake.findings] == ["info"]
    assert https.rig.platform.uplinks == []


@pytest.mark.parametrize("kind", WRONG)
def test_a_client_that_does_not_verify_is_told_so(https: Https, kind: CertificateKind) -> None:
    """Its uplink is taken, with the error NET-TLS on handshake and uplink."""
    https.rig.platform.present_certificate(kind)
    assert https.post(ip_request(host=NAME), careless()).startswith(b"HTTP/1.1 202 ")
    assert ("NET-TLS", "error") in found(https)
    assert [finding.severity for finding in https.handshake().findings] == ["error"]


def test_a_device_that_refuses_the_right_certificate_is_told_why(https: Https) -> None:
    """Most often it was not given the authority's certificate."""
    context = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        https.post(ip_request(), context)
    (finding,) = https.handshake().findings
    assert (finding.requirement, finding.severity) == ("NET-TLS", "warning")
    assert "authority" in finding.message


def test_a_device_that_leaves_without_an_alert_is_seen(https: Https) -> None:
    """Some stacks just close: abandoned, not silence."""
    end = ssl.MemoryBIO()
    hello = ssl.MemoryBIO()
    client = trusting().wrap_bio(end, hello, server_hostname=NAME)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with socket.create_connection(https.address, timeout=60) as sock:
        sock.sendall(hello.read())
        assert sock.recv(1)
    assert https.handshake().outcome == "abandoned"


@pytest.mark.parametrize("kind", WRONG)
def test_a_device_that_looks_after_the_handshake_is_not_blamed(
    https: Https, kind: CertificateKind
) -> None:
    """Some stacks end the handshake, look at the certificate then, and leave: nothing was sent."""
    https.rig.platform.present_certificate(kind)
    with https.connect(careless()):
        assert https.rig.platform.handshakes == []
    handshake = https.handshake()
    assert handshake.outcome == "abandoned"
    assert [finding.severity for finding in handshake.findings] == ["info"]


@pytest.mark.external
@pytest.mark.parametrize("kind", CERTIFICATE_KINDS)
def test_openssl_s_client_agrees(https: Https, tmp_path: Path, kind: CertificateKind) -> None:
    """A TLS client nobody here wrote takes the right certificate and refuses the others."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    https.rig.platform.present_certificate(kind)
    (tmp_path / "ca.pem").write_bytes(authority().pem)
    host, port = https.address
    done = subprocess.run(
        [openssl, "s_client", "-connect", f"{host}:{port}", "-servername", NAME, "-CAfile",
         str(tmp_path / "ca.pem"), "-verify_return_error", "-verify_hostname", NAME, "-quiet",
         "-no_ign_eof"],
        input=ip_request(host=NAME), capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == (kind == "right"), done.stderr
    assert https.handshake().outcome == ("established" if kind == "right" else "refused")


def test_plain_http_on_the_https_port_is_served_and_blamed(https: Https) -> None:
    """Malformed, with the cause first; pack and token are judged all the same."""
    with socket.create_connection(https.address, timeout=60) as sock:
        sock.sendall(ip_request(host=NAME))
        assert read_answer(sock).startswith(b"HTTP/1.1 400 ")
    assert ("NET-TLS", "error") in found(https)
    assert https.last().token.verdict == "verified"


def test_an_internet_uplink_in_plain_is_blamed(https: Https) -> None:
    """The Internet path on the M2M port breaks NET-TLS, whatever else is right."""
    https.rig.post(ip_request(host=NAME))
    assert found(https) == {("NET-TLS", "error")}


def test_an_m2m_uplink_over_tls_is_flagged_not_refused(https: Https) -> None:
    """NET-PLAIN: unnecessary there, so a warning."""
    assert https.post(request()).startswith(b"HTTP/1.1 202 ")
    assert found(https) == {("NET-PLAIN", "warning")}


def test_an_imei_on_the_internet_path_is_blamed_on_the_base_name(https: Https) -> None:
    """SENML-BN-IP: the identifier decides, not the path."""
    https.post(ip_request(M2M_BODY, host=NAME))
    assert found(https) == {("SENML-BN-IP", "error"), ("HTTP-M2M", "error")}


def test_an_imei_on_the_internet_path_in_plain_is_no_tls_mistake(https: Https) -> None:
    """It is an M2M device at the wrong path: TLS would not help it."""
    https.rig.post(ip_request(M2M_BODY, host=NAME))
    assert found(https) == {("SENML-BN-IP", "error"), ("HTTP-M2M", "error")}


def test_an_internet_device_on_the_m2m_path_is_told_its_own(https: Https) -> None:
    """HTTP-IP, beside the base name that does not fit the path."""
    https.rig.post(request(BODY))
    assert found(https) == {("SENML-BN-M2M", "error"), ("HTTP-IP", "error")}


def test_a_client_without_server_name_is_remarked(https: Https) -> None:
    """SNI is not documented, so it is an info."""
    with https.connect(careless(), None) as sock:
        sock.sendall(ip_request(host=NAME))
        read_answer(sock)
    assert found(https) == {("NET-TLS", "info")}


def test_silent_and_slow_clients_end_and_disturb_nobody() -> None:
    """A connection without a hello, and one with half of it, are dropped; others are served."""
    with serving(PlatformSettings(times=TimeLimits(handshake_s=0.2))) as https:
        with (
            socket.create_connection(https.address, timeout=60) as silent,
            socket.create_connection(https.address, timeout=60) as half,
        ):
            half.sendall(b"\x16\x03\x01\x02\x00\x01")
            assert https.rig.post(request()).startswith(b"HTTP/1.1 202 ")
            assert [ended(sock) for sock in (silent, half)] == [True, True]
        assert https.handshake().outcome == "failed"
        assert any("no TLS" in one.why for one in https.rig.platform.aborted)


def test_no_more_connections_than_allowed() -> None:
    """Those at their handshake count as well; whoever sat idle the longest makes room, and while
    all are busy, the next one is dropped."""
    with serving(PlatformSettings(max_connections=2)) as https:
        with (
            socket.create_connection(https.address, timeout=60) as silent,
            https.connect() as first,
            https.connect() as second,
        ):
            assert ended(silent)
            head, _, body = ip_request(host=NAME).partition(b"\r\n\r\n")
            for busy in (first, second):
                busy.sendall(head + b"\r\nExpect: 100-continue\r\n\r\n")
                assert busy.recv(100).startswith(b"HTTP/1.1 100 ")
            with socket.create_connection(https.address, timeout=60) as third:
                assert ended(third)
            for busy in (first, second):
                busy.sendall(body)
                assert read_answer(busy).startswith(b"HTTP/1.1 202 ")
        assert any("too many" in one.why for one in https.rig.platform.aborted)


def ended(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def test_garbage_after_the_handshake_began_fails_it(https: Https) -> None:
    """What is no TLS record ends as a failed handshake, and the server lives on."""
    with socket.create_connection(https.address, timeout=60) as sock:
        sock.sendall(b"\x16" + bytes(range(255)) * 3)
        while sock.recv(4096):
            pass
    assert https.handshake().outcome == "failed"
    assert https.post(ip_request()).startswith(b"HTTP/1.1 202 ")


def test_handshakes_are_on_the_timeline(https: Https) -> None:
    """One event each, with certificate, outcome and findings, before anybody is told of it."""
    known: list[int] = []
    https.rig.timeline.listen(lambda _: known.append(len(https.rig.platform.handshakes)))
    https.rig.platform.present_certificate("expired")
    with pytest.raises(ssl.SSLCertVerificationError):
        https.post(ip_request())
    https.handshake()
    (event,) = [event for event in https.rig.timeline.events() if event.kind == "tls.handshake"]
    assert event.data["certificate"] == "expired"
    assert event.data["alert"] == "certificate expired"
    assert known == [0]
