"""The test authority, what it issues, and the TLS end that reads wires."""

from __future__ import annotations

import contextlib
import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import RigError, UsageError
from harness.network.certificates import CERTIFICATE_KINDS, Authority, CertificateKind
from harness.network.tls import TlsEnd, TlsFailed, server_context
from tests.examples import about
from tests.tls.https import NAME, authority, trusting

RIGHT = authority().issue("right", [NAME], ["127.0.0.1"])
CONTEXT = server_context()
RIGHT.load_into(CONTEXT)


def issued(kind: CertificateKind) -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority().issue(kind, [NAME]).certificate)


@pytest.mark.parametrize("kind", CERTIFICATE_KINDS)
def test_each_kind_has_one_thing_wrong(kind: CertificateKind) -> None:
    """Validity, name and issuer are right but for what the kind says."""
    made = issued(kind)
    ca = x509.load_pem_x509_certificate(authority().pem)
    now = datetime.now(UTC)
    held = made.not_valid_before_utc < now < made.not_valid_after_utc
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    named = NAME in names.get_values_for_type(x509.DNSName)
    assert held == (kind != "expired")
    assert named == (kind != "wrong-name")
    assert (made.issuer == ca.subject) == (kind not in ("unknown-ca", "self-signed"))
    assert (made.issuer == made.subject) == (kind == "self-signed")


def test_the_key_is_not_shown() -> None:
    """A credential may be printed."""
    assert "PRIVATE" not in repr(RIGHT)


def test_an_authority_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    """Made once, read again, nobody else may read it."""
    path = tmp_path / "ca.pem"
    first = Authority.kept(path)
    assert Authority.kept(path).pem == first.pem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"PRIVATE" not in first.pem


def test_files_that_hold_no_authority(tmp_path: Path) -> None:
    """Text, a certificate with another's key, and a folder that is not there."""
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    with pytest.raises(UsageError, match="no authority"):
        Authority.kept(path)
    path.write_bytes(authority().pem + RIGHT.key)
    with pytest.raises(UsageError, match="not the RSA key"):
        Authority.kept(path)
    with pytest.raises(RigError, match="cannot write"):
        Authority.kept(tmp_path / "no" / "ca.pem")


def shake(cuts: list[int]) -> tuple[TlsEnd, TlsEnd, bytes]:
    """A handshake and a message, what the client sends cut into pieces of these sizes."""
    server, client = TlsEnd(CONTEXT, server=True), TlsEnd(trusting(), name=NAME)
    client.start()
    got = b""
    sizes = iter(cuts * 10_000)
    while True:
        wire = client.outgoing()
        if client.established and not wire:
            wire = client.encrypt(b"hello")
        while wire:
            size = next(sizes)
            got += server.feed(wire[:size]).plain
            wire = wire[size:]
        if got:
            return server, client, got
        client.feed(server.outgoing())


@settings(max_examples=about(20))
@given(st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_segments_do_not_matter(cuts: list[int]) -> None:
    """However the wire is cut, the handshake ends and the message comes through."""
    server, client, got = shake(cuts)
    assert got == b"hello"
    assert server.session.sni == NAME
    assert server.session.cipher == client.session.cipher


@settings(max_examples=about(50))
@given(st.binary(min_size=1, max_size=600))
def test_garbage_is_a_failure_or_waits_for_more(data: bytes) -> None:
    """Whatever comes, there is one kind of error."""
    server = TlsEnd(CONTEXT, server=True)
    with contextlib.suppress(TlsFailed):
        assert server.feed(b"\x16" + data).plain == b""
    assert not server.established


@settings(max_examples=about(30))
@given(st.binary(min_size=1, max_size=600))
def test_garbage_after_the_handshake_ends_the_connection(data: bytes) -> None:
    """A broken record is an error or waits for more, and never plain text."""
    server, _, _ = shake([4096])
    with contextlib.suppress(TlsFailed):
        assert server.feed(data).plain == b""


def test_a_close_is_told() -> None:
    """close_notify ends the reading in good order."""
    server, client, _ = shake([4096])
    assert server.feed(client.close_notify()).closed


def test_anchors_that_are_none() -> None:
    """OpenSSL's complaint is what callers have to expect."""
    from harness.platform.destination.suites import client_context

    with pytest.raises((ssl.SSLError, ValueError)):
        client_context(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
