"""Quectel BG95/BG96/BG77.

Sources: BG96 TCP/IP Application Note V1.2 (§2.3.1 ``closed``: the id stays in use until
``AT+QICLOSE``; §2.3.2 ``recv``: once, then not before the buffer was emptied),
BG95&BG77&BG600L TCP/IP Application Note (§3.3.2 sending, §3.3.3 reading in buffer mode, §3.3.4
closing: up to 10 s), BG95&BG77 HTTP(S) Application Note V1.0 and BG96 HTTP(S) AT Commands Manual
V1.0 (whole requests with ``requestheader`` 1, ``+QHTTPREAD: <err>`` after the body).
"""

from __future__ import annotations

import re
from typing import ClassVar

from harness.at.dialect import Binary, Dialect, UrcKind, always
from harness.at.events import Urc
from harness.at.params import fields_of, quote
from harness.line import EventTimeout
from harness.modem.abilities import Abilities, HttpAbility
from harness.modem.core import COMMON_URCS
from harness.modem.errors import BadAnswer, CommandRefused, PdpRefused, SocketError
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.quectel_tls import TLS_CONNECTION, QuectelTls
from harness.modem.quectel_tls import URCS as TLS_URCS
from harness.modem.sockets import UrcTest, told

_ALWAYS = ("RDY", "APP RDY", "POWERED DOWN", "NORMAL POWER DOWN", "+QIND:", "+QUSIM:", "+QIOPEN:",
           "+QHTTPPOST:", "+QHTTPREAD:", "+QNTP:", "PSM POWER DOWN", "RING")  # fmt: skip
DIALECT = Dialect(
    urcs=(
        *(UrcKind(prefix, always) for prefix in _ALWAYS),
        *COMMON_URCS,
        # Only recv has data after it: "incoming" and "dnsgip" have other numbers in that place.
        UrcKind('+QIURC: "recv"', always, data_field=2),
        UrcKind("+QIURC:", always),
        *TLS_URCS,
    ),
    finals=(("SEND OK", True), ("SEND FAIL", False)),
    probe="AT+CMEE?",
)
# The end of a body whose length nobody stated: OK, perhaps codes in between, +QHTTPREAD: <err>.
_BODY_END = re.compile(
    rb"\r\nOK\r\n(?=(?:\r\n(?:"
    + b"|".join(re.escape(kind.prefix.encode()) for kind in DIALECT.urcs)
    + rb")[^\r\n]*\r\n)*?\r\n\+QHTTPREAD: ?\d+\r\n)"
)


def _about(connect: int) -> UrcTest:
    """Codes about this connection id, as left over from an earlier life of it."""
    own = re.compile(rf'\+QIOPEN: ?{connect},|\+QIURC: ?"(?:recv|closed)",{connect}(?:,|$)')
    return lambda urc: own.match(urc.text) is not None


class QuectelBg(QuectelTls):
    """Buffer-mode sockets on context 1 and the built-in HTTP client with custom headers.

    ``post_raw`` is the path that gives ``Host: m.m`` and every byte of the head (HTTP-HOST);
    ``http_post`` has the limits of the vendor's client.
    """

    family = "quectel-bg"
    dialect = DIALECT
    abilities = Abilities(
        title="Quectel BG95, BG96, BG77",
        models=("BG95", "BG96", "BG77"),
        makers="Quectel",
        claims=r"BG(?:95|96|77|600)",
        sockets=12,
        send_max=1460,
        read_max=1500,
        receive="buffered",
        http=HttpAbility(
            custom_header=True, own_host=True, url_max=700, body_max=102_400, tls=True
        ),
        tls=True,
        power_off="AT+QPOWD=1",
        sources=(
            "BG96 TCP/IP Application Note V1.2",
            "BG95&BG77&BG600L TCP/IP Application Note",
            "BG95&BG77 HTTP(S) Application Note V1.0",
            "BG95&BG77 SSL Application Note V1.0",
        ),
        assumed=(
            "the module connects to the address of AT+QHTTPURL whatever the Host field says",
            "BG95 shows UTC in AT+CCLK? as BG96 was seen to do",
            "+QHTTPREAD: follows the body at once, codes in between excepted",
        ),
    )
    iccid_command = "AT+QCCID"
    ready_urcs: ClassVar[tuple[str, ...]] = ("RDY", "APP RDY")
    booted_urc = "APP RDY"
    clock_shows_utc = True  # seen with BG96; assumed for BG95

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """Activate the PDP context and return its address. Raises :class:`PdpRefused`."""
        self.command(f'AT+QICSGP={self.cid},1,{quote(apn)},"","",0')
        if (address := self._address()) is not None:
            return address  # a second activation is an ERROR on BG96
        self._refusable(apn, f"AT+QIACT={self.cid}", timeout_s)
        address = self._address()
        if address is None:
            raise PdpRefused(f"the context with APN {apn} is not active after OK")
        return address

    def _address(self) -> str | None:
        for line in self.command("AT+QIACT?").lines:
            fields = fields_of(line)
            if len(fields) > 3 and fields[0].number == self.cid and fields[1].number == 1:
                return fields[3].text
        return None

    def deactivate(self) -> None:
        self.command(f"AT+QIDEACT={self.cid}", timeout_s=40.0)

    def open_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """TCP in buffer mode. Raises :class:`SocketError` with the 55x/56x number."""
        connect = 0
        self.channel.discard(_about(connect))
        self.command(f'AT+QIOPEN={self.cid},{connect},"TCP",{quote(host)},{port},0,0')
        try:
            urc = self.channel.wait_for(f"+QIOPEN: {connect},", timeout_s=timeout_s)
        except EventTimeout:
            self.close_socket(connect)
            raise
        code = fields_of(urc.text)[1].number
        if code != 0:
            self.close_socket(connect)  # the id stays in use otherwise
            raise SocketError(f"cannot connect to {host}:{port}", -1 if code is None else code)
        return connect

    def close_socket(self, connection: int) -> None:
        if connection >= TLS_CONNECTION:
            self._close_tls(connection - TLS_CONNECTION)
            return
        self.command(f"AT+QICLOSE={connection}", timeout_s=15.0)

    def _send(self, connection: int, piece: bytes) -> None:
        if connection >= TLS_CONNECTION:
            self._send_tls(connection - TLS_CONNECTION, piece)
            return
        text = f"AT+QISEND={connection},{len(piece)}"
        if not self.channel.execute_with_prompt(text, piece, timeout_s=120.0).ok:
            raise SocketError(f"{text} was not sent", self._last_error())

    def _receive(self, connection: int) -> bytes:
        if connection >= TLS_CONNECTION:
            return self._receive_tls(connection - TLS_CONNECTION)
        command = f"AT+QIRD={connection},{self.abilities.read_max}"
        return self.checked(command, self.channel.read_binary(command, Binary("+QIRD:"))).data

    def _arrival(self, connection: int) -> UrcTest:
        if connection >= TLS_CONNECTION:
            return self._arrival_tls(connection - TLS_CONNECTION)
        return told(f'+QIURC: "recv",{connection}')

    def _closing(self, connection: int) -> UrcTest:
        if connection >= TLS_CONNECTION:
            return self._closing_tls(connection - TLS_CONNECTION)
        return told(f'+QIURC: "closed",{connection}')

    def _last_error(self) -> int:
        """The number of ``AT+QIGETERROR``; -1 when it says nothing."""
        try:
            return self.fields("AT+QIGETERROR")[0].number or -1
        except (CommandRefused, BadAnswer):
            return -1

    def http_post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """POST a whole request (head and body, ``requestheader`` 1) with the built-in client.

        Raises :class:`SocketError` with the 7xx number, :class:`EventTimeout` when the module
        reports nothing, ``CannotDo`` past the limits of the client.
        """
        request, url = self.checked_order(order).to_bytes(), order.url
        self.command(f'AT+QHTTPCFG="contextid",{self.cid}')
        self.command('AT+QHTTPCFG="requestheader",1')
        self.prompted(f"AT+QHTTPURL={len(url)},10", url.encode(), "CONNECT", timeout_s=15.0)
        self.channel.discard(lambda urc: urc.text.startswith(("+QHTTPPOST:", "+QHTTPREAD:")))
        text = f"AT+QHTTPPOST={len(request)},30,{response_timeout_s}"
        self.prompted(text, request, "CONNECT", timeout_s=40.0)
        urc = self.channel.wait_for("+QHTTPPOST:", timeout_s=response_timeout_s + 5.0)
        return self._http_answer(urc)

    def _http_answer(self, urc: Urc) -> HttpAnswer:
        fields = [field.number for field in fields_of(urc.text)]
        if not fields or fields[0] != 0:
            raise SocketError("HTTP POST failed", -1 if not fields else fields[0] or -1)
        if len(fields) < 2 or fields[1] is None:
            raise BadAnswer(f"no HTTP status in {urc.text}")
        length = fields[2] if len(fields) > 2 else None
        if length == 0:
            return HttpAnswer(fields[1], b"")
        # Not by count: a connection that breaks off leaves less than was stated.
        rule = Binary("CONNECT", until=_BODY_END)
        read = self.channel.read_binary("AT+QHTTPREAD=80", rule, timeout_s=85.0)
        body = self.checked("AT+QHTTPREAD", read).data
        end = fields_of(self.channel.wait_for("+QHTTPREAD:", timeout_s=5.0).text)
        if end[0].number != 0:
            raise SocketError("HTTP response broken off", end[0].number or -1)
        if length is not None and len(body) != length:
            raise BadAnswer(f"AT+QHTTPREAD gave {len(body)} of {length} bytes")
        return HttpAnswer(fields[1], body)

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        self.command("AT+QPOWD=1")
        self.channel.wait_for(lambda u: u.text.endswith("POWERED DOWN"), timeout_s=timeout_s)
