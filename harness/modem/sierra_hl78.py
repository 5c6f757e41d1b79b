"""Sierra Wireless HL7800/HL7802/HL7812.

Sources: AirPrime HL7518/HL7548 AT Commands Interface Guide 4116303 §11.10 (+KTCPCNX, +KTCPSND,
+KTCPRCV, the numbers of +KTCP_NOTIF, CME 910), AirPrime HL78xx AT Commands Interface Guide
41111821, and the vendor's own test scripts of Legato (+KHTTPHEADER, +KHTTPPOST, +KHTTP_IND).
"""

from __future__ import annotations

import contextlib
import re

from harness.at.dialect import Binary, Command, Dialect, UrcKind, always
from harness.at.params import fields_of, quote
from harness.clock import Deadline
from harness.errors import UsageError
from harness.line import EventTimeout
from harness.modem.abilities import Abilities, HttpAbility
from harness.modem.core import COMMON_URCS
from harness.modem.errors import BadAnswer, CommandRefused, PdpRefused, SocketError
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.sierra_tls import SierraTls
from harness.modem.sockets import UrcTest, response_of

MARK = b"--EOF--Pattern--"
_CONNECTED = 1  #: <status> of +KCNX_IND
# The mark stands right behind the data, and OK follows; data that hold the mark alone are data.
_DATA_END = re.compile(re.escape(MARK) + rb"\r\n\r\nOK\r\n")
_PROMPT = "CONNECT"
_OWN_LIMIT_S = 180  #: what the client waits for a server; no command sets it (assumed)


def _left_over(session: int) -> UrcTest:
    """Codes about an earlier session of this number."""
    about = re.compile(rf"\+KTCP_(?:IND|NOTIF|DATA): ?{session}(?:,|$)")
    return lambda urc: about.match(urc.text) is not None


class SierraHl78(SierraTls):
    """Sessions whose data end with a mark, and the HTTP client with a header block.

    Data that hold the mark itself cannot be sent (``UsageError``).
    """

    family = "sierra-hl78"
    dialect = Dialect(
        urcs=(
            *COMMON_URCS,
            *(UrcKind(f"+{name}:", always) for name in (
                "KSUP", "KCNX_IND", "KTCP_IND", "KTCP_DATA", "KTCP_NOTIF", "KTCP_ACK",
                "KHTTP_IND", "KHTTP_ERROR", "KTCP_SRVREQ")),
        ),
        probe="AT+CMEE?",
    )  # fmt: skip
    abilities = Abilities(
        title="Sierra Wireless HL7800, HL7802, HL7812",
        models=("HL7800", "HL7802", "HL7812"),
        makers="Sierra Wireless",
        claims=r"^HL78",
        sockets=6,
        send_max=4096,
        read_max=4096,
        receive="buffered",
        http=HttpAbility(custom_header=True, tls=True),
        tls=True,
        tls_blind=("wrong-name",),
        power_off="AT+CPWROFF",
        sources=(
            "AirPrime HL7518/HL7548 AT Commands Interface Guide 4116303 §11.10",
            "AirPrime HL78xx AT Commands Interface Guide 41111821",
            "Legato AT test scripts (KHTTP, KSSL, KCERT, KTCP over TLS)",
        ),
        assumed=(
            "4096 bytes of one send and read (the guide names no limit of its own)",
            "unread data can be read after +KTCP_NOTIF 4",
            "the HTTP response ends with the mark and OK, and is printed head and body",
            "nothing is said at power-up unless AT+KSREP=1",
            "TLS asks for the server's name and does not check it; validity is checked",
            "+KHTTP_IND: <n>,0 also for a certificate that is refused",
            "AT+KSSLCRYPTO with <auth> 0 verifies nothing",
        ),
    )
    iccid_command = "AT+CCID"
    memories = ("SM", "ME")
    ready_urcs = ("+KSUP: 0",)

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """+KCNXUP reports with +KCNX_IND; the address is +KCGPADDR's."""
        self.command(f'AT+CGDCONT={self.cid},"IP",{quote(apn)}')
        self.command(f'AT+KCNXCFG={self.cid},"GPRS",{quote(apn)}')
        if address := self._address():
            return address
        self.channel.discard(lambda urc: urc.text.startswith("+KCNX_IND:"))
        self._refusable(apn, f"AT+KCNXUP={self.cid}", timeout_s)
        deadline = Deadline.after(timeout_s)
        while True:
            urc = self.channel.wait_for(f"+KCNX_IND: {self.cid},", timeout_s=deadline.left())
            status = fields_of(urc.text)[1].number
            if status == _CONNECTED:
                break
            if status in (0, 2, 3, 6):
                raise PdpRefused(f"no PDP context with APN {apn}: {urc.text}")
        address = self._address()
        if not address:
            raise PdpRefused(f"the context with APN {apn} is not active after {urc.text}")
        return address

    def _address(self) -> str:
        for line in self.command(f"AT+KCGPADDR={self.cid}").lines:
            fields = fields_of(line)
            if len(fields) > 1 and fields[1].text not in ("", "0.0.0.0"):
                return fields[1].text
        return ""

    def deactivate(self) -> None:
        self.command(f"AT+KCNXDOWN={self.cid},1", timeout_s=150.0)

    # TCP sessions

    def open_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """A session of its own, deleted by :meth:`close_socket`. Raises :class:`SocketError`."""
        configure = f"AT+KTCPCFG={self.cid},0,{quote(host)},{port}"
        return self._opened(configure, f"{host}:{port}", timeout_s=timeout_s)

    def _opened(self, configure: str, where: str, *, timeout_s: float) -> int:
        session = self._made(configure)
        self.channel.discard(_left_over(session))
        try:
            self.command(f"AT+KTCPCNX={session}", timeout_s=30.0)
            told = (f"+KTCP_IND: {session},", f"+KTCP_NOTIF: {session},")
            urc = self.channel.wait_for(lambda urc: urc.text.startswith(told), timeout_s=timeout_s)
        except (CommandRefused, EventTimeout):
            self.close_socket(session)
            raise
        code = fields_of(urc.text)[1].number
        if not urc.text.startswith(told[0]) or code != 1:
            self.close_socket(session)
            raise SocketError(f"cannot connect to {where}", -1 if code is None else code)
        return session

    def _made(self, command: str) -> int:
        number = self.fields(command)[0].number
        if number is None:
            raise BadAnswer(f"{command} gave no session")
        return number

    def close_socket(self, connection: int) -> None:
        with contextlib.suppress(CommandRefused):  # it may be closed already
            self.command(f"AT+KTCPCLOSE={connection},1", timeout_s=20.0)
        self.command(f"AT+KTCPDEL={connection}")

    def _send(self, connection: int, piece: bytes) -> None:
        text = f"AT+KTCPSND={connection},{len(piece)}"
        response = self.channel.execute_with_prompt(
            Command(text, prompt=_PROMPT), _marked(piece), timeout_s=60.0
        )
        if not response.ok:
            raise SocketError(f"{text} was not sent", -1)

    def _receive(self, connection: int) -> bytes:
        command = f"AT+KTCPRCV={connection},{self.abilities.read_max}"
        rule = Binary(_PROMPT, until=_DATA_END)
        return self.checked(command, self.channel.read_binary(command, rule, timeout_s=60.0)).data

    def _arrival(self, connection: int) -> UrcTest:
        return lambda urc: urc.text.startswith(f"+KTCP_DATA: {connection},")

    def _closing(self, connection: int) -> UrcTest:
        ends = re.compile(rf"\+KTCP_NOTIF: ?{connection},(?!8\b)")  # 8 is about a count
        return lambda urc: ends.match(urc.text) is not None

    # HTTP

    def http_post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """POST with the built-in client: a header block with the length, then the body.

        The client gives a silent server up by itself, which may be later than asked for.
        """
        order = self.checked_order(order)
        self.channel.discard(lambda urc: urc.text.startswith("+KHTTP_IND:"))  # of earlier sessions
        secured = self._https if order.tls else ""
        server = f"{quote(order.host)},{order.port}{secured}"
        session = self._made(f"AT+KHTTPCFG={self.cid},{server}")
        try:
            ready = self.channel.wait_for(f"+KHTTP_IND: {session},", timeout_s=30.0)
            if fields_of(ready.text)[1].number != 1:
                raise SocketError(f"cannot connect to {order.host}:{order.port}", 0)
            return self._posted(session, order, response_timeout_s)
        finally:
            with contextlib.suppress(CommandRefused):
                self.command(f"AT+KHTTPCLOSE={session},1", timeout_s=20.0)
            self.command(f"AT+KHTTPDEL={session}")

    def _posted(self, session: int, order: HttpOrder, timeout_s: int) -> HttpAnswer:
        lines = [("Content-Length", str(len(order.body))), ("Content-Type", order.content_type)]
        head = "".join(f"{name}: {value}\r\n" for name, value in (*lines, *order.extra_headers))
        text = f"AT+KHTTPHEADER={session}"
        self.prompted(text, _marked(head.encode("latin-1")), _PROMPT, timeout_s=30.0)
        text = f"AT+KHTTPPOST={session},,{quote(order.path)}"
        response = self.channel.execute_with_prompt(
            Command(text, prompt=_PROMPT, binary=Binary(_PROMPT, until=_DATA_END)),
            order.body, timeout_s=max(timeout_s, _OWN_LIMIT_S) + 5.0,
        )  # fmt: skip
        if not response.ok:
            raise SocketError(f"HTTP POST failed: {response.final}", -1)
        return response_of(response.data)

    # Power

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        self.command("AT+CPWROFF", timeout_s=timeout_s)


def _marked(data: bytes) -> bytes:
    if MARK in data:
        raise UsageError(f"data that hold {MARK.decode()} cannot be sent by this modem family")
    return data + MARK
