"""TLS as a modem's own stack does it: what it verifies is what its host configured.

Validity is compared with the real time of this machine, not with the modem's clock (assumed: the
bench's certificates are valid at any time a modem's clock may show).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass

from harness.network.tls import TlsEnd, TlsFailed
from harness.virtual_modem.tls_name import BAD_CERTIFICATE, has_name, server_certificate

_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)  # X509_V_FLAG_NO_CHECK_TIME, which ssl has no name for
_HOSTNAME_MISMATCH = 62  # X509_V_ERR_HOSTNAME_MISMATCH
_PIECE = 16_384


@dataclass(frozen=True, slots=True)
class TlsWish:
    """How to make a TLS connection. ``name`` is asked for (SNI), and checked when ``check_name``.

    ``anchors`` (PEM) are trusted; None verifies nothing, as modules do unless told otherwise.
    ``expected`` is checked whatever ``name`` is, for modules that have a setting for each.
    """

    name: str = ""
    anchors: bytes | None = None
    check_time: bool = False
    check_name: bool = False
    expected: str = ""

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 at most, as in these modules. Raises :class:`ssl.SSLError` for wrong anchors."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if self.anchors is not None:
            context.load_verify_locations(cadata=self.anchors.decode("latin-1"))
            context.verify_mode = ssl.CERT_REQUIRED
            context.check_hostname = self.check_name
            if not self.check_time:
                context.verify_flags |= _NO_CHECK_TIME
        return context

    def suits(self, received: bytes) -> bool:
        """Whether the server is the expected one, by what it sent so far in a handshake."""
        certificate = server_certificate(received) if self.expected else None
        return certificate is None or has_name(certificate, self.expected)


async def handshake(sock: socket.socket, wish: TlsWish) -> tuple[TlsEnd, bytes]:
    """Do the handshake on a connected socket; also gives what came behind it already.

    A refused certificate is told to the server by an alert, as RFC 8446 §6.2 wants it.
    Raises OSError (:class:`ssl.SSLError` is one) when it fails.
    """
    loop = asyncio.get_running_loop()
    try:
        end = TlsEnd(wish.context(), name=wish.name)
    except ValueError as error:  # anchors that are no PEM
        raise ssl.SSLError(str(error)) from error
    plain, received = b"", b""
    try:
        end.start()
        while not end.established:
            await loop.sock_sendall(sock, end.outgoing())
            data = await loop.sock_recv(sock, _PIECE)
            if not data:
                raise ConnectionResetError("the server closed the connection in the handshake")
            received += data
            plain += end.feed(data).plain
            if not wish.suits(received):
                await loop.sock_sendall(sock, BAD_CERTIFICATE)  # instead of what waits in end
                other = TlsFailed(f"it is not {wish.expected}", verify_code=_HOSTNAME_MISMATCH)
                raise ssl.SSLError(other.reason) from other
        await loop.sock_sendall(sock, end.outgoing())
    except TlsFailed as failure:
        await loop.sock_sendall(sock, end.outgoing())
        raise ssl.SSLError(failure.reason) from failure
    return end, plain


class TlsStream:
    """Reads into a :class:`asyncio.StreamReader`; has the part of a StreamWriter that is used."""

    def __init__(self, sock: socket.socket, end: TlsEnd, limit: int) -> None:
        self.reader = asyncio.StreamReader(limit=limit)
        self._sock = sock
        self._end = end
        self._waiting = b""
        self._pump = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def open(cls, sock: socket.socket, wish: TlsWish, limit: int) -> TlsStream:
        """Raises OSError when the handshake fails."""
        end, plain = await handshake(sock, wish)
        stream = cls(sock, end, limit)
        stream.reader.feed_data(plain)
        return stream

    def write(self, data: bytes) -> None:
        self._waiting += self._end.encrypt(data)

    async def drain(self) -> None:
        data, self._waiting = self._waiting, b""
        await asyncio.get_running_loop().sock_sendall(self._sock, data)

    def close(self) -> None:
        self._pump.cancel()
        self._sock.close()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(self._sock, _PIECE):
                came = self._end.feed(data)
                self.reader.feed_data(came.plain)
                if came.closed:
                    break
        except (OSError, TlsFailed) as error:
            self.reader.set_exception(OSError(str(error)))
            return
        self.reader.feed_eof()
