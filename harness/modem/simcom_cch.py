"""TLS on SIM7500/SIM7600, A76xx and SIM767x: stored certificates, SSL contexts, +CCH sessions.

Sources: SIM7500_SIM7600 Series AT Command Manual V3.00 §10, A76XX Series AT Command Manual V1.09
§19, A76XX Series SSL Application Note V1.02, SIM767XX Series AT Command Manual V1.06 §17. From the
factory nothing is verified and no server name is sent. The server's name is never checked by
SIM7600 and A76xx: only SIM767x has ``ignorecertCN``. Validity is compared with the module's clock.
"""

from __future__ import annotations

import contextlib
from abc import ABC

from harness.at.dialect import Command, UrcKind, always
from harness.at.params import fields_of, quote
from harness.clock import Deadline
from harness.line import EventTimeout
from harness.modem.errors import BadAnswer, CommandRefused, SocketError
from harness.modem.simcom import Simcom
from harness.modem.sockets import UrcTest
from harness.modem.tls import TlsTrust

SSL_CONTEXT = 0  #: of the sessions and of the HTTP client
TLS_CONNECTION = 100  #: the number of the TLS connection: apart from those of +CIPOPEN
_SESSION = 0
_FILE = "things-hil-ca.pem"
_MAX_S = 120.0  # A76XX V1.09 §19.2: maximum of all of them
_READ_MAX = 2048
_ALWAYS = ("+CCHSTART:", "+CCHSTOP:", "+CCHOPEN:", "+CCHCLOSE:", "+CCHSEND:", "+CCHEVENT:",
           "+CCH_PEER_CLOSED:", "+CCH_RECV_CLOSED:", "+CCH_RECV_ERROR:", "+CCH:")  # fmt: skip
URCS = (
    *(UrcKind(prefix, always) for prefix in _ALWAYS),
    # What is read comes after OK; +CCHRECV: LEN is the answer of AT+CCHRECV?.
    UrcKind("+CCHRECV: DATA,", always, data_field=2),
    UrcKind(f"+CCHRECV: {_SESSION},", always),
)


class CchTls(Simcom, ABC):
    """The TLS part, on session 0; the family gives the plain one.

    The service (``AT+CCHSTART``) runs as long as the connection does: how data are received can
    be set only before it starts.
    """

    def prepare_tls(self, trust: TlsTrust) -> None:
        """TLS 1.2 with the server's name sent; with an anchor: verified with validity.

        An anchor of an earlier run is replaced. The name is checked where the module can; it is
        noted when it cannot. Raises :class:`CommandRefused` where the module does not know a key,
        but for those that older firmware lacks.
        """
        verified = trust.anchor is not None
        if trust.anchor is not None:
            self._store(trust.anchor)
            self._ssl("cacert", quote(_FILE))
        try:
            self._ssl("sslversion", "3")
        except CommandRefused:
            self._ssl("sslversion", "0")  # TLS 1.2 of SIM767x firmware that has TLS 1.3 (§17.2.1)
        self._ssl("authmode", "1" if verified else "0")
        self._ssl("ignorelocaltime", "0" if verified else "1")
        self._ssl_if_known("enableSNI", "1", "does not send the server's name")
        if verified:
            self._ssl_if_known("ignorecertCN", "0", "does not check the server's name")

    def _ssl(self, key: str, value: str) -> None:
        self.command(f'AT+CSSLCFG="{key}",{SSL_CONTEXT},{value}', timeout_s=_MAX_S)

    def _ssl_if_known(self, key: str, value: str, otherwise: str) -> None:
        try:
            self._ssl(key, value)
        except CommandRefused:
            self.channel.note(f"this module {otherwise}: it does not know AT+CSSLCFG {key}")

    def _store(self, data: bytes) -> None:
        with contextlib.suppress(CommandRefused):  # there is none yet
            self.command(f"AT+CCERTDELE={quote(_FILE)}", timeout_s=_MAX_S)
        command = f"AT+CCERTDOWN={quote(_FILE)},{len(data)}"
        self.prompted(command, data, self.prompt, timeout_s=_MAX_S)

    def open_tls_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """TLS in manual receiving mode. Raises :class:`SocketError` with the number of +CCHOPEN:
        15 is a failed handshake, also for a refused certificate."""
        self._start_service()
        self.command(f"AT+CCHSSLCFG={_SESSION},{SSL_CONTEXT}", timeout_s=_MAX_S)
        arrived, closed = self._arrival_tls(), self._closing_tls()
        self.channel.discard(lambda urc: arrived(urc) or closed(urc))
        text = f"AT+CCHOPEN={_SESSION},{quote(host)},{port},2"
        return self._opened(text, TLS_CONNECTION, f"+CCHOPEN: {_SESSION},", timeout_s=timeout_s)

    def _start_service(self) -> None:
        """A second start is an ERROR: end what an interrupted run left."""
        try:
            self._start_once()
        except CommandRefused:
            self._stop_service()
            try:
                self._start_once()
            except CommandRefused as error:
                raise SocketError(f"no SSL service: {error}", -1) from error

    def _start_once(self) -> None:
        self.command("AT+CCHSET=1,1", timeout_s=_MAX_S)  # sends are reported, data are read
        result = self._reported("AT+CCHSTART", "+CCHSTART:", 0, timeout_s=_MAX_S)
        if result != 0:
            raise SocketError("AT+CCHSTART failed", result)

    def _stop_service(self) -> None:
        self._ended("AT+CCHSTOP", "+CCHSTOP:", 0, timeout_s=_MAX_S)

    def _ended(self, command: str, code: str, field: int, *, timeout_s: float) -> None:
        """Close what may be closed already, which is an ERROR; a code that stays out is noted."""
        try:
            self._reported(command, code, field, timeout_s=timeout_s)
        except CommandRefused:
            return
        except EventTimeout as error:
            self.channel.note(f"no {code} after OK: {error}")

    def _close_tls(self) -> None:
        close, code = f"AT+CCHCLOSE={_SESSION}", f"+CCHCLOSE: {_SESSION},"
        self._ended(close, code, 1, timeout_s=_MAX_S)
        self._stop_service()

    def _send_tls(self, piece: bytes) -> None:
        text, code = f"AT+CCHSEND={_SESSION},{len(piece)}", f"+CCHSEND: {_SESSION},"
        self.channel.discard(lambda urc: urc.text.startswith(code))
        response = self.channel.execute_with_prompt(
            text, piece, prompt=self.prompt, timeout_s=_MAX_S
        )
        if not response.ok:
            raise SocketError(f"{text} was not sent", -1)
        error = fields_of(self.channel.wait_for(code, timeout_s=_MAX_S).text)[1].number
        if error != 0:
            raise SocketError(f"{text} was not sent", -1 if error is None else error)

    def _receive_tls(self) -> bytes:
        """An empty cache may not be read, so it is asked for what it has."""
        lengths = self.fields("AT+CCHRECV?")
        if len(lengths) < _SESSION + 2 or lengths[0].text != "LEN":
            raise BadAnswer(f"AT+CCHRECV? gave no lengths: {lengths}")
        if not lengths[_SESSION + 1].number:
            return b""
        self.channel.discard(lambda urc: urc.text.startswith("+CCHRECV:"))
        text = f"AT+CCHRECV={_SESSION},{_READ_MAX}"
        response = self.channel.execute(Command(text, prefix=""), timeout_s=_MAX_S)
        if not response.ok:
            raise SocketError(f"{text} was answered {response.final}", -1)
        return self._blocks(text)

    def _blocks(self, command: str) -> bytes:
        """Blocks by count, then the result."""
        data, deadline = bytearray(), Deadline.after(_MAX_S)
        while True:
            urc = self.channel.wait_for("+CCHRECV:", timeout_s=deadline.left())
            first, *rest = fields_of(urc.text)
            if first.text == "DATA":
                data += urc.data
                continue
            error = rest[0].number if rest else None
            if error != 0:
                raise SocketError(f"{command} failed", -1 if error is None else error)
            return bytes(data)

    @staticmethod
    def _arrival_tls() -> UrcTest:
        return lambda urc: urc.text.startswith(f"+CCHEVENT: {_SESSION},")

    @staticmethod
    def _closing_tls() -> UrcTest:
        """+CCH: CCH STOP is the network's end of the service (A76XX §19.4)."""
        closed = (f"+CCH_PEER_CLOSED: {_SESSION}", f"+CCH_RECV_CLOSED: {_SESSION},", "+CCH:")
        return lambda urc: urc.text.startswith(closed)
