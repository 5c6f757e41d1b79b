"""What u-blox' SARA and LARA modules have in common.

Sources: SARA-R4 AT commands manual UBX-17003787, SARA-R5 AT commands manual UBX-19047455, u-blox
cellular AT commands manual UBX-13002752 (Internet suite: +USOCR, +USOCO up to 130 s, +USOWR and
+USORD up to 1024 bytes, +USOCL; HTTP §21: +UHTTP, +UHTTPC, +UHTTPER; file system: +UDWNFILE,
+URDFILE). The pause before binary data and between commands is what ubxlib keeps.
"""

from __future__ import annotations

import contextlib
import re

from harness.at.dialect import Binary, Command, Dialect, UrcKind, always
from harness.at.params import fields_of, quote
from harness.errors import UsageError
from harness.line import EventTimeout
from harness.modem.core import COMMON_URCS
from harness.modem.errors import BadAnswer, CmeError, CommandRefused, SocketError
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.sockets import UrcTest, response_of
from harness.modem.ublox_tls import SECURITY_PROFILE, UbloxTls, is_literal

_CODES = (
    "+UUSORD",
    "+UUSOCL",
    "+UUSOCO",
    "+UUPSDA",
    "+UUPSDD",
    "+UUHTTPCR",
    "+UUSTS",
    "+UUSIMSTAT",
)
MOST = 1024  #: bytes of one write or read
HEADER_MAX = 64  #: of a custom header's name, and of its value (UBX-17003787 §21)
_PROFILE = 0
_UP, _DOWN = "hil-up", "hil-down"  # files
_TCP, _POST_FILE, _USER_TYPE = 6, 4, 6
_NOT_FOUND = 22


def dialect(gap_s: float) -> Dialect:
    """``gap_s``: the pause that the module wants between two commands."""
    return Dialect(
        urcs=(*COMMON_URCS, *(UrcKind(f"{name}:", always) for name in _CODES)),
        finals=(("ABORTED", False),),
        probe="AT+CMEE?",
        gap_s=gap_s,
    )


def _about(number: int) -> UrcTest:
    about = re.compile(rf"\+UUSO(?:RD|CL|CO): ?{number}(?:,|$)")
    return lambda urc: about.match(urc.text) is not None


class Ublox(UbloxTls):
    """Sockets with the ``@`` prompt and quoted reads; an HTTP client that works on files."""

    iccid_command = "AT+CCID"
    memories = ("ME", "SM")

    def reboot(self) -> None:
        """``AT+CFUN=15``: a silent reset of module and SIM."""
        self.command("AT+CFUN=15", timeout_s=180.0)

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        """OK comes when the module is about to be off, after up to 40 s."""
        self.command("AT+CPWROFF", timeout_s=max(timeout_s, 45.0))

    def profile_active(self) -> bool:
        """Whether data profile 0 is up (+UPSND), on families that have profiles."""
        fields = self.fields("AT+UPSND=0,8")
        return len(fields) > 2 and fields[2].number == 1

    # Sockets

    def open_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """Blocks until the connection stands. Raises :class:`SocketError` with +USOER's number."""
        return self._open(host, port, timeout_s, secured=False)

    def open_tls_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """So does this one. A refused certificate has no number of its own."""
        return self._open(host, port, timeout_s, secured=True)

    def _open(self, host: str, port: int, timeout_s: float, *, secured: bool) -> int:
        number = self.fields(f"AT+USOCR={_TCP}")[0].number
        if number is None:
            raise BadAnswer("AT+USOCR gave no socket")
        self.channel.discard(_about(number))
        if secured:
            try:
                self._secure(number, host)
            except CommandRefused:
                self.close_socket(number)
                raise
        try:
            self.command(f"AT+USOCO={number},{quote(host)},{port}", timeout_s=timeout_s)
        except CommandRefused as error:
            code = self._last_error()
            self.close_socket(number)
            why = " by TLS (or the certificate was refused)" if secured else ""
            raise SocketError(f"cannot connect to {host}:{port}{why}", code) from error
        return number

    def close_socket(self, connection: int) -> None:
        with contextlib.suppress(CommandRefused):  # the module closed it when all was read
            self.command(f"AT+USOCL={connection}", timeout_s=125.0)

    def _last_error(self) -> int:
        try:
            return self.fields("AT+USOER")[0].number or -1
        except (CommandRefused, BadAnswer):
            return -1

    def _send(self, connection: int, piece: bytes) -> None:
        text = f"AT+USOWR={connection},{len(piece)}"
        if not self.channel.execute_with_prompt(text, piece, prompt="@", timeout_s=20.0).ok:
            raise SocketError(f"{text} was not sent", self._last_error())

    def _receive(self, connection: int) -> bytes:
        """A socket that the peer closed and that was read to its end is gone: nothing is there."""
        command = Command(f"AT+USORD={connection},{MOST}", binary=_QUOTED)
        response = self.channel.execute(command, timeout_s=10.0)
        return response.data if response.ok else b""

    def _arrival(self, connection: int) -> UrcTest:
        return lambda urc: urc.text.startswith(f"+UUSORD: {connection},")

    def _closing(self, connection: int) -> UrcTest:
        return lambda urc: urc.text == f"+UUSOCL: {connection}"

    # HTTP

    def http_post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """The body goes up as a file, the response comes down as one, head and body.

        Raises :class:`SocketError` with +UHTTPER's code. A module waits 30 s at least.
        """
        order = self.checked_order(order)
        for name, value in order.extra_headers:
            if len(name) > HEADER_MAX or len(value) > HEADER_MAX or ":" in name:
                raise UsageError(f"a header's name and value have at most {HEADER_MAX} characters")
        self._configure(order, response_timeout_s)
        self._upload(order.body)
        self.channel.discard(lambda urc: urc.text.startswith("+UUHTTPCR:"))
        self.command(
            f"AT+UHTTPC={_PROFILE},{_POST_FILE},{quote(order.path)},{quote(_DOWN)},{quote(_UP)},"
            f"{_USER_TYPE},{quote(order.content_type)}"
        )
        wait_s = max(30, response_timeout_s)
        urc = self.channel.wait_for("+UUHTTPCR:", timeout_s=wait_s + 10.0)
        if [field.number for field in fields_of(urc.text)[:3]] != [_PROFILE, _POST_FILE, 1]:
            raise self._http_error()
        return response_of(self._download())

    def _configure(self, order: HttpOrder, response_timeout_s: int) -> None:
        self.command(f"AT+UHTTP={_PROFILE}")  # back to factory values, headers too
        kind = 0 if is_literal(order.host) else 1
        self.command(f"AT+UHTTP={_PROFILE},{kind},{quote(order.host)}")
        if order.tls:
            self._expect_server(order.host)
            self.command(f"AT+UHTTP={_PROFILE},6,1,{SECURITY_PROFILE}")
        self.command(f"AT+UHTTP={_PROFILE},5,{order.port}")
        wait_s = min(180, max(30, response_timeout_s))
        self.command(f"AT+UHTTP={_PROFILE},7,{wait_s}")
        for place, (name, value) in enumerate(order.extra_headers):
            self.command(f"AT+UHTTP={_PROFILE},9,{quote(f'{place}:{name}:{value}')}")

    def _upload(self, body: bytes) -> None:
        for name in (_UP, _DOWN):
            try:
                self.command(f"AT+UDELFILE={quote(name)}")
            except CommandRefused as error:  # it was not there
                if isinstance(error, CmeError) and error.code not in (_NOT_FOUND, None):
                    self.channel.note(str(error))
        self.prompted(f"AT+UDWNFILE={quote(_UP)},{len(body)}", body, ">", timeout_s=30.0)

    def _download(self) -> bytes:
        rule = Binary("+URDFILE:", inline=re.compile(rb'\+URDFILE: "[^"]*",(\d+),"'))
        response = self.channel.execute(
            Command(f"AT+URDFILE={quote(_DOWN)}", binary=rule), timeout_s=60.0
        )
        return self.checked("AT+URDFILE", response).data

    def _http_error(self) -> SocketError | EventTimeout:
        fields = self.fields(f"AT+UHTTPER={_PROFILE}")
        code = fields[2].number if len(fields) > 2 else None
        return SocketError("HTTP POST failed", code or -1)


_QUOTED = Binary("+USORD:", inline=re.compile(rb'\+USORD: \d+,(\d+),"'))
