"""A certificate authority for the bench, made on the spot, and server certificates of every kind.

All moments are fixed and wide apart, so that no clock on the bench (virtual, frozen, or that of a
device) decides whether a certificate is valid: the good ones hold from 2020 to the end of 2049, the
expired one held in 2019. Keys are RSA, which every modem's TLS stack can read.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from harness.errors import RigError, UsageError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

CertificateKind = Literal["right", "expired", "wrong-name", "unknown-ca", "self-signed"]
CERTIFICATE_KINDS: tuple[CertificateKind, ...] = get_args(CertificateKind)

_HOLDS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC))
_HELD = (datetime(2019, 1, 1, tzinfo=UTC), datetime(2019, 12, 31, tzinfo=UTC))
_OTHER_NAME = "wrong-name.invalid"
_KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class Credential:
    """A server's certificate and private key, both PEM. ``repr()`` does not show the key."""

    kind: str
    certificate: bytes
    key: bytes = field(repr=False)

    def load_into(self, context: ssl.SSLContext) -> None:
        """Use it in ``context``; OpenSSL reads files only, so there is one for a moment."""
        with tempfile.TemporaryDirectory(prefix="hil-tls-") as folder:
            path = Path(folder) / "server.pem"
            _write_private(path, self.certificate + self.key)
            context.load_cert_chain(path)


class Authority:
    """A certificate authority that nobody trusts unless told to: flash :attr:`pem` into a device.

    It issues what a device must take, and what it must refuse (NET-TLS).
    """

    def __init__(self, certificate: x509.Certificate, key: RSAPrivateKey) -> None:
        """Use :meth:`make` or :meth:`kept`."""
        self._certificate = certificate
        self._key = key

    @classmethod
    def make(cls, name: str = "things-hil test CA") -> Authority:
        """A new authority with a key of its own."""
        key = _new_key()
        return cls(_signed(name, None, key.public_key(), key, None, _HOLDS), key)

    @classmethod
    def kept(cls, path: Path) -> Authority:
        """The authority in ``path`` (certificate and key, PEM), made there when it is missing.

        So a device that was given the certificate goes on trusting the bench after a restart.
        Raises :class:`~harness.errors.UsageError` when the file holds none, and
        :class:`~harness.errors.RigError` when it cannot be read or written.
        """
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            made = cls.make()
            try:
                _write_private(path, made.pem + _key_pem(made._key))
            except OSError as error:
                raise RigError(f"cannot write {path}: {error.strerror}") from error
            return made
        except OSError as error:
            raise RigError(f"cannot read {path}: {error.strerror}") from error
        return cls._read(text, path)

    @classmethod
    def _read(cls, text: bytes, path: Path) -> Authority:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            certificate = x509.load_pem_x509_certificate(text)
            key = load_pem_private_key(text, password=None)
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{path} holds no authority; it needs a certificate and its unencrypted RSA key, "
                "both PEM. Name a file that does not exist, and it is made"
            ) from error
        if not isinstance(key, RSAPrivateKey) or key.public_key() != certificate.public_key():
            raise UsageError(f"{path}: the key is not the RSA key of the certificate")
        return cls(certificate, key)

    @property
    def pem(self) -> bytes:
        """The authority's own certificate, PEM: the trust anchor for devices and clients."""
        return _pem(self._certificate)

    @cached_property
    def _server_key(self) -> RSAPrivateKey:
        return _new_key()

    def issue(
        self, kind: CertificateKind, names: Sequence[str], addresses: Sequence[str] = ()
    ) -> Credential:
        """A server certificate for DNS ``names`` and IP ``addresses``; ``kind`` says what is wrong.

        ``expired``: held in 2019. ``wrong-name``: is for another name. ``unknown-ca``: signed by an
        authority that the device was never given. ``self-signed``: by itself, so by none.
        """
        key = self._server_key
        shown = [_OTHER_NAME] if kind == "wrong-name" else list(names)
        alternatives = ([], []) if kind == "wrong-name" else (list(names), list(addresses))
        issuer, signer = self._certificate, self._key
        if kind == "unknown-ca":
            stranger = Authority.make("things-hil unknown CA")
            issuer, signer = stranger._certificate, stranger._key
        certificate = _signed(
            shown[0],
            (alternatives[0] or shown, alternatives[1]),
            key.public_key(),
            key if kind == "self-signed" else signer,
            None if kind == "self-signed" else issuer,
            _HELD if kind == "expired" else _HOLDS,
        )
        return Credential(kind, _pem(certificate), _key_pem(key))


def _new_key() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)


def _signed(
    common_name: str,
    alternatives: tuple[Sequence[str], Sequence[str]] | None,
    public: object,
    signer: RSAPrivateKey,
    issuer: x509.Certificate | None,
    validity: tuple[datetime, datetime],
) -> x509.Certificate:
    """A certificate (RFC 5280); without ``alternatives`` an authority's, without ``issuer``
    self-signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509.oid import ExtendedKeyUsageOID

    assert isinstance(public, RSAPublicKey)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    authority = alternatives is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity[0])
        .not_valid_after(validity[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority, key_encipherment=not authority,
                content_commitment=False, data_encipherment=False, key_agreement=False,
                key_cert_sign=authority, crl_sign=authority, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )  # fmt: skip
    if alternatives is not None:
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in alternatives[0]]
        names += [x509.IPAddress(ipaddress.ip_address(text)) for text in alternatives[1]]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
    return builder.sign(signer, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: RSAPrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_private(path: Path, data: bytes) -> None:
    """Readable by its owner only: there is a private key in it."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
