"""Nordic nRF91 with the Serial LTE Modem application, NCS up to 3.1.

Sources: nRF91 AT Commands Command Reference Guide (+CFUN, +CGDCONT of context 0, %XICCID, +CESQ,
SMS without a store), sdk-nrf, applications/serial_lte_modem: doc/SOCKET_AT_commands.rst (#XSOCKET,
#XCONNECT, #XSEND, #XRECV), doc/slm_data_mode.rst (+++), doc/HTTPC_AT_commands.rst and
src/http_c/slm_at_httpc.c (limits; the bytes of a response come before the codes that count them).
"""

from __future__ import annotations

import contextlib
import re
from typing import ClassVar

from harness.at.dialect import Binary, Command, Dialect, UrcKind, always
from harness.at.params import quote
from harness.clock import Deadline
from harness.errors import UsageError
from harness.line import AtChannel
from harness.modem.abilities import Abilities, HttpAbility
from harness.modem.core import COMMON_URCS
from harness.modem.errors import BadAnswer, CommandRefused, NotRegistered, PdpRefused, SocketError
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.nordic_tls import NordicTls
from harness.modem.sockets import response_of
from harness.modem.values import Signal

TERMINATOR = b"+++"
_RECEIVE_S = 1  #: how long one #XRECV waits
_HEADERS_MAX = 512
# Runs of + that could be taken for the terminator, or become one together with it.
_PLUSES = re.compile(rb"(\+{3,}|\+{1,2}\Z)")
_HEAD_CODE = re.compile(rb"\r\n#XHTTPCRSP: ?(\d+),0\r\n")
_LAST_CODE = re.compile(rb"\r\n(?:#XHTTPCRSP: ?\d+,-?[1-9]\d*|#XHTTPCREQ: ?-\d+)\r\n")


class NordicSlm(NordicTls):
    """One socket that is polled; data go out in data mode, which carries quotes (JSON)."""

    family = "nordic-slm"
    dialect = Dialect(
        urcs=(
            *COMMON_URCS,
            UrcKind("Ready", always),
            *(UrcKind(f"#{name}:", always) for name in (
                "XDATAMODE", "XHTTPCREQ", "XHTTPCRSP", "XTCPDATA", "XSMS")),
        ),
        probe="AT+CMEE?",
        line_end="\r\n",
        lines_in_strings=True,
    )  # fmt: skip
    abilities = Abilities(
        title="Nordic nRF9160, nRF9161, nRF9151 with Serial LTE Modem (NCS up to 3.1)",
        models=("nRF9160", "nRF9161", "nRF9151"),
        makers="Nordic",
        claims=r"^nRF91",
        sockets=8,
        send_max=1024,
        read_max=1024,
        receive="polled",
        http=HttpAbility(custom_header=True, path_max=256, headers_max=_HEADERS_MAX, tls=True),
        tls=True,
        tls_blind=("expired",),
        sms=("pdu", "direct"),
        power_off="AT#XSHUTDOWN",
        sources=(
            "nRF91 AT Commands Command Reference Guide",
            "sdk-nrf, applications/serial_lte_modem/doc (SOCKET, data mode, HTTPC, SMS)",
            "sdk-nrf, applications/serial_lte_modem/src/http_c/slm_at_httpc.c",
        ),
        assumed=(
            "the build has CR LF line ends, and answers OK on entering data mode",
            "+++ needs no silence around it (it did before NCS 2)",
            "at most 1024 bytes in data mode at a time",
            "the modem does not check the validity of a server's certificate",
            "a security tag without a root CA will do where nothing is verified",
            "the build has the modem's own TLS (overlay-native_tls keeps credentials elsewhere)",
            "AT%CMNG=1 shows the SHA-256 of the content as it was written",
        ),
    )
    setup: ClassVar[tuple[str, ...]] = ("AT+CMEE=1",)  # there is no echo
    waking: ClassVar[tuple[str, ...]] = ("AT+CFUN=1",)
    iccid_command = "AT%XICCID"
    ready_urcs = ("Ready",)
    booted_urc = "Ready"
    registrations = ("CEREG",)
    memories = ()
    sms_notify = ("AT+CNMI=3,2,0,1",)
    cid = 0  # LTE's default bearer

    def __init__(self, channel: AtChannel) -> None:
        super().__init__(channel)
        self._peer_gone = False

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """The default bearer comes with the attach, so another APN takes a new attach."""
        if self.configured_apn() == apn:
            with contextlib.suppress(PdpRefused):
                return self._context_address(apn)
        self.set_radio(4)
        self.command(f'AT+CGDCONT={self.cid},"IP",{quote(apn)}')
        self.set_radio(1)
        try:
            self.wait_registered(timeout_s=timeout_s, poll_s=0.5)
        except NotRegistered as error:
            raise PdpRefused(f"no attach with APN {apn}: {error}") from error
        return self._context_address(apn)

    def deactivate(self) -> None:
        """The default bearer goes with the attach."""
        self.set_radio(4)

    def signal(self) -> Signal:
        """Only LTE's: RSRP from +CESQ."""
        fields = [field.number for field in self.fields("AT+CESQ")]
        value = fields[5] if len(fields) > 5 else None
        known = value is not None and value <= 97
        return Signal(None, None, (value or 0) - 141 if known else None)

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        self.command("AT#XSHUTDOWN", timeout_s=timeout_s)

    def reboot(self) -> None:
        self.command("AT#XRESET")

    # The socket

    def open_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """Raises :class:`SocketError`, always with -1: the application names no number."""
        return self._opened("AT#XSOCKET=1,1,0", host, port, timeout_s=timeout_s)

    def _opened(
        self, command: str, host: str, port: int, *options: str, timeout_s: float = 150.0
    ) -> int:
        handle = self.fields(command)[0].number
        if handle is None or handle < 0:
            raise BadAnswer(f"{command} gave no handle")
        self._peer_gone = False
        try:
            for option in options:
                self.command(option)
            self.command(f"AT#XCONNECT={quote(host)},{port}", timeout_s=timeout_s)
        except CommandRefused as error:
            self.close_socket(handle)
            raise SocketError(f"cannot connect to {host}:{port}", -1) from error
        return handle

    def close_socket(self, connection: int) -> None:
        self.command("AT#XSOCKET=0", timeout_s=15.0)

    def _send(self, connection: int, piece: bytes) -> None:
        """In data mode; what reads like its terminator goes in a command of its own."""
        for part in filter(None, _PLUSES.split(piece)):
            if part.strip(b"+"):
                self._send_raw(part)
            else:
                self.command(f"AT#XSEND={quote(part.decode())}", timeout_s=30.0)

    def _send_raw(self, data: bytes) -> None:
        command = Command("AT#XSEND", prompt="OK", completes="#XDATAMODE:")
        response = self.channel.execute_with_prompt(command, data + TERMINATOR, timeout_s=30.0)
        if not response.ok:
            raise SocketError("AT#XSEND was refused", -1)

    def _receive(self, connection: int) -> bytes:
        """An error is a time-out; OK without data is the peer's end."""
        response = self.channel.read_binary(
            f"AT#XRECV={_RECEIVE_S}", Binary("#XRECV:"), timeout_s=_RECEIVE_S + 10.0
        )
        self._peer_gone = response.ok and not response.data
        return response.data

    def _closed(self, connection: int) -> bool:
        return self._peer_gone

    def _await_news(self, connection: int, deadline: Deadline) -> None:
        """Nothing announces data: #XRECV itself waits."""

    # HTTP

    def http_post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """POST with the built-in client. Raises :class:`SocketError` with the application's errno.

        The application gives a silent server up after 10 s.
        """
        order = self.checked_order(order)
        headers = "".join(f"{name}: {value}\\r\\n" for name, value in order.extra_headers)
        if TERMINATOR in order.body or order.body.endswith(b"+"):
            raise UsageError("a body with +++ in it cannot be sent in data mode; use post_raw")
        self.channel.discard(lambda urc: urc.text.startswith(("#XHTTPC", "#XDATAMODE")))
        try:
            secured = self._https if order.tls else ""
            server = f"{quote(order.host)},{order.port}{secured}"
            self.command(f"AT#XHTTPCCON=1,{server}", timeout_s=70.0)
        except CommandRefused as error:
            raise SocketError(f"cannot connect to {order.host}:{order.port}", -1) from error
        try:
            return self._posted(order, headers, response_timeout_s)
        finally:
            with contextlib.suppress(CommandRefused):
                self.command("AT#XHTTPCCON=0")

    def _posted(self, order: HttpOrder, headers: str, timeout_s: int) -> HttpAnswer:
        self.command(
            f'AT#XHTTPCREQ="POST",{quote(order.path)},{quote(headers)},'
            f"{quote(order.content_type)},{len(order.body)}"
        )
        self.channel.wait_for("#XHTTPCREQ: 1", timeout_s=30.0)
        raw = self.channel.collect(
            order.body + TERMINATOR, _LAST_CODE, timeout_s=max(10, timeout_s) + 5.0
        )
        # The code right behind the raw bytes; the two of the request itself are among them.
        end = self.channel.wait_for(lambda urc: urc.text.startswith("#XHTTPC"), timeout_s=5.0).text
        code = re.search(r"-\d+$", end)
        if code is not None:
            raise SocketError("HTTP POST failed", int(code[0]))
        head = _HEAD_CODE.search(raw)
        if head is None or int(head[1]) > head.start():
            raise BadAnswer(f"no head in what #XHTTPCRSP told of: {raw[:80]!r}")
        body, stated = raw[head.end() :], int(re.findall(r"\d+", end)[0])
        if len(body) != stated:
            raise BadAnswer(f"{len(body)} bytes came, {end} says")
        return response_of(raw[head.start() - int(head[1]) : head.start()] + body)
