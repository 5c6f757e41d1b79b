"""One end of a TLS connection, sans-I/O: bytes of the wire in, bytes for the wire and plain out.

Used instead of asyncio's own TLS because a bench wants to see what that hides: which alert a peer
sent, whether it left before the handshake ended, and that our own alert goes out.
"""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass
from typing import NamedTuple

TLS_HANDSHAKE = 0x16  #: the first byte of a ClientHello's record (RFC 8446 §5.1)
_ALERT = "_ALERT_"
_PIECE = 65_536

#: Alerts by which a client says that it does not take the server's certificate (RFC 8446 §6.2).
CERTIFICATE_ALERTS = frozenset(
    {
        "bad certificate",
        "certificate expired",
        "certificate unknown",
        "unknown ca",
        "certificate revoked",
        "unsupported certificate",
        "access denied",
    }
)


class TlsFailed(Exception):
    """A handshake or connection that failed.

    ``alert`` is the alert the peer sent, in words of RFC 8446 §6, None when the failure is seen on
    our side; ``verify_code`` OpenSSL's number when our side refused the peer's certificate.
    """

    def __init__(
        self, reason: str, alert: str | None = None, verify_code: int | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.alert = alert
        self.verify_code = verify_code


@dataclass(frozen=True, slots=True)
class TlsSession:
    """What a handshake agreed on. ``code`` is the cipher suite's number (IANA)."""

    version: str
    cipher: str
    code: int
    sni: str | None


class _SslObject(ssl.SSLObject):
    """Remembers the name that a client asked for."""

    sni: str | None = None


class Came(NamedTuple):
    """What :meth:`TlsEnd.feed` made of the bytes; ``closed``: the peer said it sends no more."""

    plain: bytes
    closed: bool


class TlsEnd:
    """``context`` decides on versions, suites and trust; ``name`` is the server name of a client.

    After every call, :meth:`outgoing` has what must be written to the wire, also after a failure:
    that is the alert.
    """

    __slots__ = ("_in", "_object", "_out", "established")

    def __init__(
        self, context: ssl.SSLContext, *, server: bool = False, name: str | None = None
    ) -> None:
        context.sslobject_class = _SslObject
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._in, self._out, server_side=server, server_hostname=name or None
        )
        self.established = False

    def start(self) -> None:
        """A client speaks first."""
        self._handshake()

    def feed(self, data: bytes) -> Came:
        """Take bytes of the wire. Raises :class:`TlsFailed`."""
        self._in.write(data)
        if not self.established and not self._handshake():
            return Came(b"", False)
        pieces: list[bytes] = []
        closed = False
        try:
            while piece := self._object.read(_PIECE):
                pieces.append(piece)
            closed = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            closed = True
        except ssl.SSLError as error:
            raise _failure(error) from error
        return Came(b"".join(pieces), closed)

    def encrypt(self, data: bytes) -> bytes:
        """The bytes for the wire of ``data``. Raises :class:`TlsFailed`."""
        try:
            view = memoryview(data)
            while view:
                view = view[self._object.write(view) :]
        except ssl.SSLError as error:
            raise _failure(error) from error
        return self.outgoing()

    def outgoing(self) -> bytes:
        """What waits to be written to the wire."""
        return self._out.read()

    def close_notify(self) -> bytes:
        """The bytes that say no more will be sent."""
        with contextlib.suppress(ssl.SSLError):  # the peer has not answered yet, and need not
            self._object.unwrap()
        return self.outgoing()

    @property
    def session(self) -> TlsSession:
        """What was agreed on; only once :attr:`established`."""
        cipher = self._object.cipher()
        name = cipher[0] if cipher else ""
        sni = getattr(self._object, "sni", None)
        return TlsSession(self._object.version() or "", name, suite_code(self._object), sni)

    @property
    def peer_certificate(self) -> bytes | None:
        """The peer's own certificate, DER, also when it was not verified."""
        return self._object.getpeercert(binary_form=True)

    @property
    def sni(self) -> str | None:
        """The name a client asked for, once its hello was read."""
        return getattr(self._object, "sni", None)

    def _handshake(self) -> bool:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise _failure(error) from error
        self.established = True
        return True


def suite_code(connection: ssl.SSLObject) -> int:
    """The IANA number of the suite in use, 0 when there is none."""
    cipher = connection.cipher()
    if cipher is None:
        return 0
    return codes_by_name(connection.context).get(cipher[0], 0)


def codes_by_name(context: ssl.SSLContext) -> dict[str, int]:
    """The suites of a context: OpenSSL's name to IANA number."""
    return {str(suite["name"]): int(suite["id"]) & 0xFFFF for suite in context.get_ciphers()}


def server_context() -> ssl.SSLContext:
    """TLS 1.2 and newer, all suites that OpenSSL's own default has; remembers the SNI."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Python's own selection leaves out the RSA key exchange that old modems are limited to.
    context.set_ciphers("DEFAULT")
    context.sni_callback = _remember_name
    return context


def _remember_name(connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
    del context
    if isinstance(connection, _SslObject):
        connection.sni = name


def _failure(error: ssl.SSLError) -> TlsFailed:
    reason = error.reason or str(error)
    if _ALERT in reason:
        alert = reason.partition(_ALERT)[2].lower().replace("_", " ")
        return TlsFailed(f"the peer sent the alert {alert!r}", alert)
    if isinstance(error, ssl.SSLCertVerificationError):
        return TlsFailed(error.verify_message, None, error.verify_code)
    return TlsFailed(_IN_WORDS.get(reason, reason.lower().replace("_", " ")))


_IN_WORDS = {
    "NO_SHARED_CIPHER": "no cipher suite is known to both sides",
    "UNSUPPORTED_PROTOCOL": "the peer offers only TLS versions older than 1.2",
    "VERSION_TOO_LOW": "the peer offers only TLS versions older than 1.2",
    "WRONG_VERSION_NUMBER": "the peer does not speak TLS",
    "HTTP_REQUEST": "the peer speaks plain HTTP",
    "UNEXPECTED_EOF_WHILE_READING": "the peer left",
}
