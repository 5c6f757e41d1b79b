"""Quectel BG95/BG96.

Sources: BG96 TCP/IP Application Note V1.2 (§2.3.1 ``closed``: the id stays in use until
``AT+QICLOSE``; §2.3.2 ``recv``: once, then not before the buffer was emptied),
BG95&BG77&BG600L TCP/IP Application Note (§3.3.2 sending, §3.3.3 reading in buffer mode, §3.3.4
closing: up to 10 s), BG95&BG77 HTTP(S) Application Note V1.0 and BG96 HTTP(S) AT Commands Manual
V1.0 (whole requests with ``requestheader`` 1, ``+QHTTPREAD: <err>`` after the body).

Assumed, since no manual says it: that the module connects to the address of ``AT+QHTTPURL``
whatever the Host field of the request says; that BG95 shows UTC in ``AT+CCLK?`` as BG96 was seen
to do; that ``+QHTTPREAD:`` follows the body at once, codes in between excepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.at.dialect import Binary, Command, Dialect, UrcKind, always, registration
from harness.at.events import Urc
from harness.at.params import fields_of, quote
from harness.clock import Deadline
from harness.errors import UsageError
from harness.line import EventTimeout
from harness.modem.core import Modem
from harness.modem.errors import BadAnswer, CommandRefused, PdpRefused, SocketError
from harness.modem.values import HttpAnswer

_ALWAYS = ("RDY", "APP RDY", "POWERED DOWN", "NORMAL POWER DOWN", "+CMTI:", "+CDSI:", "+QIND:",
           "+QUSIM:", "+QIOPEN:", "+QHTTPPOST:", "+QHTTPREAD:", "+QNTP:", "+CTZV:", "+CTZE:",
           "PSM POWER DOWN", "RING")  # fmt: skip
DIALECT = Dialect(
    urcs=(
        *(UrcKind(prefix, always) for prefix in _ALWAYS),
        *(UrcKind(f"+C{net}REG:", registration) for net in ("", "G", "E")),
        UrcKind("+CFUN:"),
        UrcKind("+CPIN:"),
        UrcKind("+CMT:", always, data_line=True),
        # Only recv has data after it: "incoming" and "dnsgip" have other numbers in that place.
        UrcKind('+QIURC: "recv"', always, data_field=2),
        UrcKind("+QIURC:", always),
    ),
    finals=(("SEND OK", True), ("SEND FAIL", False)),
    probe="AT+CMEE?",
)
SEND_MAX, READ_MAX = 1460, 1500
URL_MAX, POST_MAX = 700, 102_400
# The end of a body whose length nobody stated: OK, perhaps codes in between, +QHTTPREAD: <err>.
_BODY_END = re.compile(
    rb"\r\nOK\r\n(?=(?:\r\n(?:"
    + b"|".join(re.escape(kind.prefix.encode()) for kind in DIALECT.urcs)
    + rb")[^\r\n]*\r\n)*?\r\n\+QHTTPREAD: ?\d+\r\n)"
)
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d+)[ \t]*\r?$")


def _complete(response: bytes) -> bool:
    end = re.search(rb"\r?\n\r?\n", response)
    if end and re.match(rb"HTTP/1\.\d (?:204|304)\b", response):
        return True  # without a body, whatever the head says (RFC 9112 §6.3)
    length = _LENGTH.search(response, 0, end.end()) if end else None
    return bool(end and length and len(response) - end.end() >= int(length[1]))


def _about(connect: int) -> Callable[[Urc], bool]:
    """Codes about this connection id, as left over from an earlier life of it."""
    own = re.compile(rf'\+QIOPEN: ?{connect},|\+QIURC: ?"(?:recv|closed)",{connect}(?:,|$)')
    return lambda urc: own.match(urc.text) is not None


def _ready(connect: int) -> Callable[[Urc], bool]:
    wanted = (f'+QIURC: "recv",{connect}', f'+QIURC: "closed",{connect}')
    return lambda urc: urc.text in wanted


class QuectelBg(Modem):
    """Buffer-mode sockets on context 1 and the built-in HTTP client with custom headers.

    ``post_raw`` is the path that gives ``Host: m.m`` and every byte of the head (HTTP-HOST);
    ``http_post`` has the limits of the vendor's client.
    """

    iccid_command = "AT+QCCID"
    ready_urcs = ("RDY", "APP RDY")
    clock_shows_utc = True  # seen with BG96; assumed for BG95

    def activate(self, apn: str, *, context: int = 1, timeout_s: float = 150.0) -> str:
        """Activate the PDP context and return its address. Raises :class:`PdpRefused`."""
        self.command(f'AT+QICSGP={context},1,{quote(apn)},"","",0')
        if (address := self._address(context)) is not None:
            return address  # a second activation is an ERROR on BG96
        try:
            self.command(f"AT+QIACT={context}", timeout_s=timeout_s)
        except CommandRefused as error:
            raise PdpRefused(f"no PDP context with APN {apn}: {error}") from error
        address = self._address(context)
        if address is None:
            raise PdpRefused(f"the context with APN {apn} is not active after OK")
        return address

    def _address(self, context: int) -> str | None:
        for line in self.command("AT+QIACT?").lines:
            fields = fields_of(line)
            if len(fields) > 3 and fields[0].number == context and fields[1].number == 1:
                return fields[3].text
        return None

    def deactivate(self, *, context: int = 1) -> None:
        self.command(f"AT+QIDEACT={context}", timeout_s=40.0)

    def open_socket(
        self, host: str, port: int, *, connect: int = 0, timeout_s: float = 150.0
    ) -> None:
        """TCP in buffer mode. Raises :class:`SocketError` with the 55x/56x number."""
        self.channel.discard(_about(connect))
        self.command(f'AT+QIOPEN=1,{connect},"TCP",{quote(host)},{port},0,0')
        try:
            urc = self.channel.wait_for(f"+QIOPEN: {connect},", timeout_s=timeout_s)
        except EventTimeout:
            self.close_socket(connect)
            raise
        code = fields_of(urc.text)[1].number
        if code != 0:
            self.close_socket(connect)  # the id stays in use otherwise
            raise SocketError(f"cannot connect to {host}:{port}", -1 if code is None else code)

    def close_socket(self, connect: int = 0) -> None:
        self.command(f"AT+QICLOSE={connect}", timeout_s=15.0)

    def exchange(
        self, request: bytes, *, response_timeout_s: float = 30.0, connect: int = 0
    ) -> bytes:
        """Send on the open socket and read until Content-Length is met or the peer closes.

        Returns what came, also when it is not a whole response: judging is the caller's part.
        Raises :class:`SocketError` when sending failed, :class:`EventTimeout` when the response
        is not complete ``response_timeout_s`` after the last byte was sent.
        """
        for at in range(0, len(request), SEND_MAX):
            piece = request[at : at + SEND_MAX]
            text = f"AT+QISEND={connect},{len(piece)}"
            if not self.channel.execute_with_prompt(text, piece, timeout_s=120.0).ok:
                raise SocketError(f"{text} was not sent", self._last_error())
        response = bytearray()
        deadline = Deadline.after(response_timeout_s)
        while True:
            closed = any(u.text == f'+QIURC: "closed",{connect}' for u in self.channel.urcs)
            read = self.channel.read_binary(f"AT+QIRD={connect},{READ_MAX}", Binary("+QIRD:"))
            response += self.checked("AT+QIRD", read).data
            if _complete(bytes(response)) or (closed and not read.data):
                return bytes(response)
            if read.data:
                continue
            if deadline.expired:
                raise EventTimeout("the request", bytes(response), response_timeout_s)
            try:
                urc = self.channel.wait_for(_ready(connect), timeout_s=deadline.left())
            except EventTimeout:
                raise EventTimeout("the request", bytes(response), response_timeout_s) from None
            if '"closed"' in urc.text:
                self.channel.urcs.append(urc)  # seen again above, after the buffer was read

    def _last_error(self) -> int:
        """The number of ``AT+QIGETERROR``; -1 when it says nothing."""
        try:
            return self.fields("AT+QIGETERROR")[0].number or -1
        except (CommandRefused, BadAnswer):
            return -1

    def post_raw(
        self, host: str, port: int, request: bytes, *, response_timeout_s: float = 30.0
    ) -> bytes:
        """One exchange on a connection of its own, always closed."""
        self.open_socket(host, port)
        try:
            return self.exchange(request, response_timeout_s=response_timeout_s)
        finally:
            self.close_socket()

    def http_post(self, url: str, request: bytes, *, response_timeout_s: int = 60) -> HttpAnswer:
        """POST a whole request (head and body, ``requestheader`` 1) with the built-in client.

        Raises :class:`SocketError` with the 7xx number, :class:`EventTimeout` when the module
        reports nothing, ``UsageError`` past the limits of the client.
        """
        if len(url) > URL_MAX or len(request) > POST_MAX:
            raise UsageError(f"limits: URL {URL_MAX}, request {POST_MAX} bytes; use post_raw")
        self.command('AT+QHTTPCFG="contextid",1')
        self.command('AT+QHTTPCFG="requestheader",1')
        self._upload(f"AT+QHTTPURL={len(url)},10", url.encode(), 15.0)
        self.channel.discard(lambda urc: urc.text.startswith(("+QHTTPPOST:", "+QHTTPREAD:")))
        order = f"AT+QHTTPPOST={len(request)},30,{response_timeout_s}"
        self._upload(order, request, 40.0)
        urc = self.channel.wait_for("+QHTTPPOST:", timeout_s=response_timeout_s + 5.0)
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

    def _upload(self, text: str, data: bytes, timeout_s: float) -> None:
        self.checked(text, self.channel.execute_with_prompt(
            Command(text, prompt="CONNECT"), data, timeout_s=timeout_s))  # fmt: skip

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        self.command("AT+QPOWD=1")
        self.channel.wait_for(lambda u: u.text.endswith("POWERED DOWN"), timeout_s=timeout_s)
