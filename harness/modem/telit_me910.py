"""Telit ME910C1/ME310G1 and LE910.

Sources: ME910C1 AT Commands Reference Guide and LE910 V2 AT Commands Reference Guide: #SGACT (up
to 150 s), multisocket (#SD in command mode up to 140 s, #SSENDEXT, SRING, #SRECV, #SH, the
unsolicited ``NO CARRIER`` of a closed connection), HTTP client (#HTTPCFG, #HTTPSND with ``>>>``
and one extra header line, #HTTPRING, #HTTPRCV with ``<<<``).
"""

from __future__ import annotations

import contextlib
import re

from harness.at.dialect import Binary, Command, Dialect, UrcKind, always
from harness.at.params import fields_of, quote
from harness.line import Response
from harness.modem.abilities import Abilities, HttpAbility
from harness.modem.core import COMMON_URCS
from harness.modem.errors import BadAnswer, CmeError, CommandRefused, PdpRefused, SocketError
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.sockets import UrcTest
from harness.modem.telit_tls import SECURE, TelitTls
from harness.modem.telit_tls import URCS as TLS_URCS

_ALREADY_ACTIVE = 553
_CONNECTION = 1
_PROFILE = 0
_PIECE, _LEAST = 1500, 64  #: bytes of one #HTTPRCV
_START, _END = re.compile(rb"<<<"), re.compile(rb"\r\n\r\nOK\r\n\Z")
_NO_CARRIER = re.compile(r"NO CARRIER(?:: ?(\d+).*)?")


class TelitMe910(TelitTls):
    """Sockets in command mode on connection 1, and the HTTP client of profile 0."""

    family = "telit-me910"
    dialect = Dialect(
        urcs=(
            *COMMON_URCS,
            UrcKind("SRING:", always),
            *TLS_URCS,
            UrcKind("NO CARRIER", always),  # of a connection, never of a command: no call is made
            UrcKind("#HTTPRING:", always),
            UrcKind("#QSS:"),
            UrcKind("#PSNT:"),
            UrcKind("#NITZ:"),
        ),
        probe="AT+CMEE?",
    )
    abilities = Abilities(
        title="Telit ME910C1, ME310G1, LE910",
        models=("ME910C1", "ME310G1", "LE910"),
        makers="Telit",
        claims=r"^(?:ME910|ME310|LE910)",
        sockets=6,
        send_max=1500,
        read_max=1500,
        receive="buffered",
        http=HttpAbility(custom_header=True, header_count=1, tls=True),
        tls=True,
        power_off="AT#SHDN",
        sources=(
            "ME910C1 AT Commands Reference Guide (multisocket, HTTP client p. 211)",
            "LE910 V2 AT Commands Reference Guide 80446ST10707A (#SSLD p. 359, HTTP client p. 422)",
            "Telit's Arduino library for the ME310G1 (TLS settings)",
            "ME310G1/ME910G1 AT Commands Reference Guide 80617ST10991A (§3.2.2)",
        ),
        assumed=(
            "AT#SRECV answers with an error when nothing is there, before and after a close",
            "what came before NO CARRIER can still be read",
            "nothing is said at power-up and after AT#SHDN",
            "AT#SSLSECCFG2 version 3 is TLS 1.2; validity is compared with the module's clock",
            "AT#SSLCFG has <skipHostMismatch>; firmware without it takes a wrong name",
            "HTTPS wants AT#SSLEN=1,0, which keeps the settings and the CA certificate",
            "a CA certificate is taken in PEM, whatever <preloadedCA> and <customCA> are",
            "NO CARRIER of the secure socket, bare or with SSL and its number",
        ),
    )
    iccid_command = "AT#CCID"
    memories = ("SM", "ME")

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """#SGACT gives the address; a context that is up already tells it with +CGPADDR."""
        self.command(f'AT+CGDCONT={self.cid},"IP",{quote(apn)}')
        try:
            response = self.command(f"AT#SGACT={self.cid},1", timeout_s=timeout_s)
        except CommandRefused as error:
            if isinstance(error, CmeError) and error.code == _ALREADY_ACTIVE:
                return self._context_address(apn)
            raise PdpRefused(f"no PDP context with APN {apn}: {error}") from error
        told = [line for line in response.lines if line.startswith("#SGACT:")]
        if not told:
            return self._context_address(apn)
        return fields_of(told[0])[0].text

    def deactivate(self) -> None:
        self.command(f"AT#SGACT={self.cid},0", timeout_s=150.0)

    def open_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """Command mode: OK comes with the connection. Raises :class:`SocketError`."""
        self.channel.discard(self._about(_CONNECTION))
        self.command(f"AT#SCFGEXT={_CONNECTION},1,0,0")  # SRING with the count, text both ways
        text = f"AT#SD={_CONNECTION},0,{port},{quote(host)},0,0,1"
        try:
            self.command(text, timeout_s=timeout_s)
        except CommandRefused as error:
            code = error.code if isinstance(error, CmeError) else None
            raise SocketError(f"cannot connect to {host}:{port}", code or -1) from error
        return _CONNECTION

    def close_socket(self, connection: int) -> None:
        if connection == SECURE:
            self._close_tls()
            return
        self.command(f"AT#SH={connection}", timeout_s=15.0)

    def _send(self, connection: int, piece: bytes) -> None:
        if connection == SECURE:
            self._send_tls(piece)
            return
        text = f"AT#SSENDEXT={connection},{len(piece)}"
        if not self.channel.execute_with_prompt(text, piece, timeout_s=60.0).ok:
            raise SocketError(f"{text} was not sent", -1)

    def _receive(self, connection: int) -> bytes:
        if connection == SECURE:
            return self._receive_tls()
        command = f"AT#SRECV={connection},{self.abilities.read_max}"
        read: Response = self.channel.read_binary(command, Binary("#SRECV:", field=1))
        return read.data if read.ok else b""  # an error says that nothing is there

    def _arrival(self, connection: int) -> UrcTest:
        if connection == SECURE:
            return self._arrival_tls()
        told = re.compile(rf"SRING: ?{connection}(?:,|$)")
        return lambda urc: told.match(urc.text) is not None

    def _closing(self, connection: int) -> UrcTest:
        if connection == SECURE:
            return self._closing_tls()

        def closed(text: str) -> bool:
            match = _NO_CARRIER.fullmatch(text)
            return match is not None and match[1] in (None, str(connection))

        return lambda urc: closed(urc.text)

    def _about(self, connection: int) -> UrcTest:
        arrival, closing = self._arrival(connection), self._closing(connection)
        return lambda urc: arrival(urc) or closing(urc)

    def http_post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """POST with the built-in client. Raises :class:`SocketError` for status 0 of #HTTPRING.

        With TLS it has the one secure socket for as long as it takes.
        """
        order = self.checked_order(order)
        if not order.tls:
            self._configure(order, response_timeout_s, secured=False)
            return self._post(order, response_timeout_s)
        self.free_secure()
        self._configure(order, response_timeout_s, secured=True)
        try:
            return self._post(order, response_timeout_s)
        finally:
            with contextlib.suppress(CommandRefused):
                self._configure(order, response_timeout_s, secured=False)

    def _plain_http(self) -> None:
        self.command(f'AT#HTTPCFG={_PROFILE},"",80,0,"","",0,120,{self.cid}')

    def _configure(self, order: HttpOrder, timeout_s: int, *, secured: bool) -> None:
        self.command(
            f'AT#HTTPCFG={_PROFILE},{quote(order.host)},{order.port},0,"","",{int(secured)},'
            f"{timeout_s},{self.cid}"
        )

    def _post(self, order: HttpOrder, timeout_s: int) -> HttpAnswer:
        self.channel.discard(lambda urc: urc.text.startswith("#HTTPRING:"))
        text = (
            f"AT#HTTPSND={_PROFILE},0,{quote(order.path)},{len(order.body)},"
            f"{quote(order.content_type)}"
        )
        for name, value in order.extra_headers:
            text += f",{quote(f'{name}: {value}')}"
        self.prompted(text, order.body, ">>>", timeout_s=60.0)
        urc = self.channel.wait_for("#HTTPRING:", timeout_s=timeout_s + 5.0)
        fields = fields_of(urc.text)
        status = fields[1].number if len(fields) > 1 else None
        if not status:
            raise SocketError("HTTP POST failed", 0)
        stated = fields[3].number if len(fields) > 3 else None
        return HttpAnswer(status, self._body(stated))

    def _body(self, stated: int | None) -> bytes:
        """In pieces; one whose length #HTTPRING did not state (0) ends with an error result."""
        body = b""
        while not stated or len(body) < stated:
            piece = self._piece(min(_PIECE, stated - len(body)) if stated else None)
            if not piece:
                break
            body += piece
        if stated and len(body) != stated:
            raise BadAnswer(f"AT#HTTPRCV gave {len(body)} of {stated} bytes")
        return body

    def _piece(self, size: int | None) -> bytes:
        """What stands behind ``<<<``: ``size`` bytes, or up to the OK after which nothing comes."""
        rule = Binary("<<<", inline=_START, length=size, until=_END if size is None else None)
        command = Command(f"AT#HTTPRCV={_PROFILE},{max(size or _PIECE, _LEAST)}", binary=rule)
        response = self.channel.execute(command, timeout_s=60.0)
        return response.data if response.ok else b""

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        self.command("AT#SHDN", timeout_s=timeout_s)

    def reboot(self) -> None:
        self.command("AT#REBOOT")
