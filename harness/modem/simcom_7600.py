"""SIMCom SIM7500/SIM7600, and A76xx/SIM767x, which have the same commands.

Sources: SIM7500_SIM7600 Series AT Command Manual V3.00 (§3.2.12 power off, §11.2 TCP/IP, §13.2
HTTP), SIM767XX Series AT Command Manual V1.06 (§3.2.3, §13.2, §14.2), A76XX Series TCPIP
Application Note V1.02 (§3.2.2 buffer access).
"""

from __future__ import annotations

from harness.at.dialect import Binary, Dialect, UrcKind, always
from harness.at.params import fields_of, quote
from harness.clock import Deadline
from harness.modem.abilities import Abilities, HttpAbility
from harness.modem.errors import CommandRefused, PdpRefused, SocketError
from harness.modem.simcom import CLOSE_S, SIMCOM_URCS
from harness.modem.simcom_cch import SSL_CONTEXT, TLS_CONNECTION, CchTls
from harness.modem.simcom_cch import URCS as TLS_URCS
from harness.modem.simcom_http import HTTP_S, HttpInitClient
from harness.modem.sockets import UrcTest

_NET_S = 120.0  # maximum of NETOPEN, CIPOPEN and CIPSEND
_READ_S = 10.0  # SIM767XX V1.06 §13.2.5: 8 s
_BODY_MAX = 153_600
_ALWAYS = ("*ATREADY:", "POWERD DOWN", "POWERED DOWN", "+CIPOPEN:", "+CIPSEND:", "+CIPCLOSE:",
           "+IPCLOSE:", "+CIPEVENT:", "+CIPRXGET: 1,", "+HTTPACTION:", "+HTTP_PEER_CLOSED",
           "+HTTP_NONET_EVENT")  # fmt: skip
_TLS_ASSUMED = (
    "AT+CCHSTART can be used beside AT+NETOPEN",
    "the module's clock is right when a certificate's validity is checked",
    'AT+HTTPPARA="SSLCFG" takes its number without quotes, as users write it',
)
DIALECT = Dialect(
    urcs=(
        *(UrcKind(prefix, always) for prefix in _ALWAYS),
        UrcKind("+NETOPEN:"),  # also the answer of AT+NETOPEN?
        UrcKind("+NETCLOSE:"),
        # The body comes after OK, with the word or without (§13.2.6: text and example).
        UrcKind("+HTTPREAD: DATA,", always, data_field=1),
        UrcKind("+HTTPREAD:", always, data_field=0),
        *TLS_URCS,
        *SIMCOM_URCS,
    ),
    probe="AT+CMEE?",
)


class Simcom7600(CchTls, HttpInitClient):
    """Sockets in buffer access mode after ``AT+NETOPEN``, TLS sessions after ``AT+CCHSTART``, and
    the client of ``AT+HTTPINIT``."""

    family = "simcom-7600"
    dialect = DIALECT
    abilities = Abilities(
        title="SIMCom SIM7500, SIM7600",
        models=("SIM7500", "SIM7600"),
        makers="SIMCOM",
        claims=r"SIM7[56]00",
        sockets=10,
        send_max=1500,
        read_max=1500,
        receive="buffered",
        http=HttpAbility(
            custom_header=True, body_max=_BODY_MAX, header_max=512, header_count=1, tls=True
        ),
        tls=True,
        tls_blind=("wrong-name",),
        power_off="AT+CPOF",
        sources=(
            "SIM7500_SIM7600 Series AT Command Manual V3.00",
            "SIM7500_SIM7600 Series HTTP(S) Application Note V3.00",
        ),
        assumed=(
            "0x1A, 0x1B and 0x03 are data in AT+CIPSEND with a length",
            "the time of AT+HTTPDATA is in s (text) or ms (examples): 30000 does for both",
            "what is in the buffer can be read after +IPCLOSE",
            "one USERDATA holds one header field",
            "AT+CPOF reports nothing after OK",
            *_TLS_ASSUMED,
        ),
    )
    iccid_command = "AT+CICCID"
    data_time = 30_000  # enough in either unit

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """``AT+NETOPEN`` on context 1; its address. Raises :class:`PdpRefused`."""
        self.command(f'AT+CGDCONT=1,"IP",{quote(apn)}')
        if self.fields("AT+NETOPEN?")[0].number != 1:
            self._open_network(apn, timeout_s)
        try:
            return self.line("AT+IPADDR", timeout_s=_READ_S)
        except CommandRefused as error:
            raise PdpRefused(f"the context with APN {apn} is not active: {error}") from error

    def _open_network(self, apn: str, timeout_s: float) -> None:
        try:
            result = self._reported("AT+NETOPEN", "+NETOPEN:", 0, timeout_s=timeout_s)
        except CommandRefused as error:
            raise PdpRefused(f"no PDP context with APN {apn}: {error}") from error
        if result != 0:
            raise PdpRefused(f"no PDP context with APN {apn}: AT+NETOPEN reported {result}")

    def deactivate(self) -> None:
        """Ends all connections too (§11.2.2). Raises ``SocketError``, ``CommandRefused``."""
        result = self._reported("AT+NETCLOSE", "+NETCLOSE:", 0, timeout_s=_NET_S)
        if result != 0:
            raise SocketError("AT+NETCLOSE failed", result)

    def open_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """TCP in buffer access mode. Raises ``SocketError`` with the number of +CIPOPEN."""
        link = 0
        self.command("AT+CIPRXGET=1")
        stale = tuple(f"{code} {link}," for code in ("+CIPSEND:", "+CIPCLOSE:", "+IPCLOSE:"))
        self.channel.discard(lambda urc: urc.text.startswith(stale) or self._arrival(link)(urc))
        self.channel.discard(lambda urc: urc.text.startswith("+CIPEVENT:"))
        text = f'AT+CIPOPEN={link},"TCP",{quote(host)},{port}'
        return self._opened(text, link, f"+CIPOPEN: {link},", timeout_s=timeout_s)

    def close_socket(self, connection: int) -> None:
        """``AT+CIPCLOSE`` is an ERROR once the peer has closed: the link is free then."""
        if connection >= TLS_CONNECTION:
            self._close_tls()
            return
        code = f"+CIPCLOSE: {connection},"
        self._ended(f"AT+CIPCLOSE={connection}", code, 1, timeout_s=CLOSE_S)

    def _send(self, connection: int, piece: bytes) -> None:
        if connection >= TLS_CONNECTION:
            self._send_tls(piece)
            return
        text = f"AT+CIPSEND={connection},{len(piece)}"
        code = f"+CIPSEND: {connection},"
        self.channel.discard(lambda urc: urc.text.startswith(code))
        response = self.channel.execute_with_prompt(
            text, piece, prompt=self.prompt, timeout_s=_NET_S
        )
        if not response.ok:
            numbers = [f[0].number for f in map(fields_of, response.lines) if f]
            number = next((n for n in numbers if n is not None), -1)
            raise SocketError(f"{text} was not sent", number)
        told = fields_of(self.channel.wait_for(code, timeout_s=_NET_S).text)
        confirmed = told[2].number if len(told) > 2 else None
        if confirmed != len(piece):  # -1: disconnected, 0: buffers full (§11.2.5)
            raise SocketError(f"{text} was not sent whole", -1 if confirmed is None else confirmed)

    def _receive(self, connection: int) -> bytes:
        if connection >= TLS_CONNECTION:
            return self._receive_tls()
        command = f"AT+CIPRXGET=2,{connection},{self.abilities.read_max}"
        rule = Binary("+CIPRXGET: 2,", field=2)
        response = self.channel.read_binary(command, rule, timeout_s=_READ_S)
        if "+IP ERROR: No data" in response.lines:
            return b""
        return self._bytes_read(connection, command, response)

    def _arrival(self, connection: int) -> UrcTest:
        if connection >= TLS_CONNECTION:
            return self._arrival_tls()
        return lambda urc: urc.text == f"+CIPRXGET: 1,{connection}"

    def _closing(self, connection: int) -> UrcTest:
        if connection >= TLS_CONNECTION:
            return self._closing_tls()
        return lambda urc: urc.text.startswith((f"+IPCLOSE: {connection},", "+CIPEVENT:"))

    def _https_parameters(self) -> tuple[str, ...]:
        return (f'"SSLCFG",{SSL_CONTEXT}',)

    def _http_body(self, length: int) -> bytes:
        """``OK`` first, then blocks by count, then ``+HTTPREAD: 0`` (§13.2.6)."""
        self.command(f"AT+HTTPREAD=0,{length}", timeout_s=HTTP_S)
        body, deadline = bytearray(), Deadline.after(HTTP_S)
        while block := self.channel.wait_for("+HTTPREAD:", timeout_s=deadline.left()).data:
            body += block
        return bytes(body)

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        self.command("AT+CPOF", timeout_s=timeout_s)


class SimcomA76(Simcom7600):
    """A7670/A7672/SIM767x: as SIM7600, with a last word and a shorter USERDATA."""

    family = "simcom-a76"
    abilities = Abilities(
        title="SIMCom A7670, A7672, SIM767x",
        models=("A7670", "A7672", "SIM7670", "SIM7672"),
        makers="SIMCOM",
        claims=r"A76\d\d|SIM767\d",
        sockets=4,
        send_max=1500,
        read_max=1500,
        receive="buffered",
        http=HttpAbility(
            custom_header=True, body_max=_BODY_MAX, header_max=256, header_count=1, tls=True
        ),
        tls=True,
        tls_blind=("wrong-name",),  # of A76xx; SIM767x has ignorecertCN
        power_off="AT+CPOF",
        sources=(
            "SIM767XX Series AT Command Manual V1.06",
            "A76XX Series TCPIP Application Note V1.02",
            "A76XX Series AT Command Manual V1.09",
            "A76XX Series SSL Application Note V1.02",
        ),
        assumed=(
            "A76xx, which has 10 connections, is otherwise as SIM767x, which has 4",
            "0x1A, 0x1B and 0x03 are data in AT+CIPSEND with a length",
            "the time of AT+HTTPDATA is in s (text) or ms (examples): 30000 does for both",
            "what is in the buffer can be read after +IPCLOSE",
            "one USERDATA holds one header field",
            "A76xx says POWERD DOWN, so spelled, as SIM767x does; POWERED DOWN counts too",
            *_TLS_ASSUMED,
            "SIM767x also checks the server's name, by its ignorecertCN; A76xx cannot",
        ),
    )
    ready_urcs = ("RDY", "*ATREADY: 1")

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        """Waits for ``POWERD DOWN`` (SIM767XX V1.06 §3.2.3)."""
        self.command("AT+CPOF")
        self.channel.wait_for(
            lambda urc: urc.text in ("POWERD DOWN", "POWERED DOWN"), timeout_s=timeout_s
        )
