"""TLS on Telit modules: the CA certificate in NVM, and the one secure socket.

Sources: LE910 V2 AT Commands Reference Guide 80446ST10707A p. 359 (#SSLD; one secure socket),
Telit's Arduino library for the ME310G1 (parameters of #SSLCFG, #SSLSECCFG, #SSLSECCFG2 and
#SSLSECDATA), ME310G1/ME910G1 80617ST10991A (§3.2.2: errors 1000 to 1011). #SSLEN keeps the socket
for #SSLD; examples for the ME310G1 free it before the built-in HTTP client is told to use TLS.
Validity is compared with the module's clock, and seen to be on an LE910R1 even when nothing else is
verified.
"""

from __future__ import annotations

import contextlib
import re
from abc import abstractmethod

from harness.at.dialect import Binary, UrcKind, always
from harness.at.params import quote
from harness.modem.errors import CmeError, CommandRefused, SocketError
from harness.modem.sockets import SocketModem, UrcTest
from harness.modem.tls import TlsTrust

SECURE = 101  #: number of the secure socket, apart from the plain ones
_READ_MAX = 1000  #: bytes of one #SSLRECV
_STOP = b"\x1a"
_NO_CARRIER = re.compile(r"NO CARRIER(?:: ?SSL.*)?")

URCS = (UrcKind("SSLSRING:", always),)


class TelitTls(SocketModem):
    """The TLS part; the family gives the plain one."""

    def prepare_tls(self, trust: TlsTrust) -> None:
        """TLS 1.2 with the server's name; with an anchor: verified with name and validity.

        An anchor of an earlier run is replaced, and its connection closed, as there is only one.
        Raises :class:`CommandRefused` where the module does not know a setting.
        """
        verified = int(trust.anchor is not None)
        self.enable_secure()
        self._close_tls()
        # SSLSRING with the count, NO CARRIER with the socket, and whether a wrong name passes.
        self.command(f"AT#SSLCFG=1,{self.cid},300,90,100,50,1,1,{1 - verified}")
        self.command("AT#SSLSECCFG2=1,3,1")
        if trust.anchor is not None:
            self._store(trust.anchor)
        self.command(f"AT#SSLSECCFG=1,0,{verified}")

    def enable_secure(self) -> None:
        """The secure socket for #SSLD. Raises :class:`CommandRefused` when another client has it.

        That of HTTP gives it back: a run that broke off in a request has left it there.
        """
        if self._secure_enabled():
            return
        try:
            self.command("AT#SSLEN=1,1")
        except CommandRefused:
            with contextlib.suppress(CommandRefused):
                self._plain_http()
            self.command("AT#SSLEN=1,1")

    @abstractmethod
    def _plain_http(self) -> None:
        """Take TLS from the HTTP client's profile."""

    def free_secure(self) -> None:
        """The secure socket for the HTTP client; its settings and the certificate stay.

        Raises :class:`CommandRefused` while there is a connection.
        """
        if self._secure_enabled():
            self.command("AT#SSLEN=1,0")

    def _secure_enabled(self) -> bool:
        fields = self.fields("AT#SSLEN?")
        return len(fields) > 1 and fields[1].number == 1

    def _store(self, anchor: bytes) -> None:
        with contextlib.suppress(CommandRefused):  # there is none yet
            self.command("AT#SSLSECDATA=1,0,1")
        self.prompted(f"AT#SSLSECDATA=1,1,1,{len(anchor)}", anchor + _STOP, "> ", timeout_s=30.0)

    def open_tls_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """Command mode: OK comes with the connection. Raises :class:`SocketError`."""
        self.enable_secure()
        arrival, closing = self._arrival_tls(), self._closing_tls()
        self.channel.discard(lambda urc: arrival(urc) or closing(urc))
        try:
            self.command(f"AT#SSLD=1,{port},{quote(host)},0,1,600", timeout_s=timeout_s)
        except CommandRefused as error:
            code = error.code if isinstance(error, CmeError) else None
            raise SocketError(
                f"no TLS connection to {host}:{port} (1004 also stands for a refused certificate)",
                code or -1,
            ) from error
        return SECURE

    def _close_tls(self) -> None:
        """An error says that there is none any more."""
        with contextlib.suppress(CommandRefused):
            self.command("AT#SSLH=1", timeout_s=15.0)

    def _send_tls(self, piece: bytes) -> None:
        text = f"AT#SSLSENDEXT=1,{len(piece)}"
        if not self.channel.execute_with_prompt(text, piece, timeout_s=60.0).ok:
            raise SocketError(f"{text} was not sent", -1)

    def _receive_tls(self) -> bytes:
        """Waits for 1 s at most; ``TIMEOUT`` and ``DISCONNECTED`` come with a count of 0."""
        command = f"AT#SSLRECV=1,{_READ_MAX},10"
        read = self.channel.read_binary(command, Binary("#SSLRECV:"), timeout_s=15.0)
        return read.data if read.ok else b""

    @staticmethod
    def _arrival_tls() -> UrcTest:
        return lambda urc: urc.text.startswith("SSLSRING:")

    @staticmethod
    def _closing_tls() -> UrcTest:
        return lambda urc: _NO_CARRIER.fullmatch(urc.text) is not None
