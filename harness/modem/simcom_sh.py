"""The HTTP client of SIM7000 and SIM7070/7080/7090: ``AT+SHCONF`` … ``AT+SHDISC``.

Sources: SIM7070_SIM7080_SIM7090 Series AT Command Manual V1.05 §13.2, SIM7000 Series AT Command
Manual V1.06 §9.2, SIM7000 Series HTTP(S) Application Note V1.03.
"""

from __future__ import annotations

import contextlib
from abc import ABC

from harness.at.dialect import UrcKind, always
from harness.at.params import fields_of, quote
from harness.modem.abilities import HttpAbility
from harness.modem.errors import BadAnswer, CommandRefused, SocketError
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.simcom_tls import SimcomTls

#: The body comes after OK, in blocks by count (§13.2.11).
SH_URCS = (UrcKind("+SHREQ:", always), UrcKind("+SHREAD:", always, data_field=0))
_HEADERS_MAX = 350
_INPUT_MS = 10_000
_CONNECT_S = 75.0  # no maximum in the manuals: assumed
_READ_S = 30.0  # between two blocks of a response: assumed
_OWN_ERROR = 600  # no such HTTP status: the module's own number


def sh_ability(body_max: int) -> HttpAbility:
    """Server 64 bytes, path 512, all headers 350 (SHCONF and SHREQ); TLS by SHSSL."""
    return HttpAbility(
        custom_header=True, body_max=body_max, headers_max=_HEADERS_MAX, server_max=64,
        path_max=512, tls=True,
    )  # fmt: skip


class ShClient(SimcomTls, ABC):
    """A connection, headers one by one, a body by count, and a request on them."""

    body_command: str  #: asks with ``>`` for a body of a stated length

    def http_post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """POST the body of ``order``; the module writes Host and Content-Length.

        Raises :class:`SocketError` with a number that is no HTTP status, -1 when the server
        cannot be connected to or its certificate is refused, ``EventTimeout`` when nothing is
        reported, ``CannotDo`` past the limits of the client.
        """
        self.checked_order(order)
        http = self.abilities.http
        assert http is not None  # by checked_order
        if self.fields("AT+SHSTATE?")[0].number == 1:
            self.command("AT+SHDISC", timeout_s=_CONNECT_S)  # left by an interrupted post
        if order.tls:
            self.ask_for(order.host)
            self.command(f"AT+SHSSL={self.tls_number},{quote(self.anchor_name)}")
        server = quote(order.url.removesuffix(order.path))
        wait_s = min(1800, max(30, response_timeout_s))
        for name, value in (("URL", server), ("BODYLEN", http.body_max),
                            ("HEADERLEN", _HEADERS_MAX), ("TIMEOUT", wait_s)):  # fmt: skip
            self.command(f'AT+SHCONF="{name}",{value}')
        try:
            self._connect(order)
            return self._sh_request(order, response_timeout_s)
        finally:
            with contextlib.suppress(CommandRefused):  # the server may have closed
                self.command("AT+SHDISC", timeout_s=_CONNECT_S)

    def _connect(self, order: HttpOrder) -> None:
        try:
            self.command("AT+SHCONN", timeout_s=_CONNECT_S)
        except CommandRefused as error:
            why = " (or its certificate was refused)" if order.tls else ""
            raise SocketError(f"cannot connect to {order.host}:{order.port}{why}", -1) from error

    def _sh_request(self, order: HttpOrder, response_timeout_s: int) -> HttpAnswer:
        self.command("AT+SHCHEAD")  # headers stay from one request to the next
        for name, value in (("Content-Type", order.content_type), *order.extra_headers):
            self.command(f"AT+SHAHEAD={quote(name)},{quote(value)}")
        if order.body:
            text = f"AT+{self.body_command}={len(order.body)},{_INPUT_MS}"
            self.prompted(text, order.body, self.prompt, timeout_s=_INPUT_MS / 1000 + 5)
        self.channel.discard(lambda urc: urc.text.startswith(("+SHREQ:", "+SHREAD:")))
        self.command(f"AT+SHREQ={quote(order.path)},3", timeout_s=_CONNECT_S)
        urc = self.channel.wait_for("+SHREQ:", timeout_s=response_timeout_s + 5.0)
        numbers = [field.number for field in fields_of(urc.text)]
        status = numbers[1] if len(numbers) > 1 else None
        if status is None:
            raise BadAnswer(f"no HTTP status in {urc.text}")
        if not 100 <= status < _OWN_ERROR:
            raise SocketError("HTTP POST failed", status)
        length = numbers[2] if len(numbers) > 2 else None
        return HttpAnswer(status, self._sh_read(length) if length else b"")

    def _sh_read(self, length: int) -> bytes:
        self.command(f"AT+SHREAD=0,{length}", timeout_s=_READ_S)
        body = bytearray()
        while len(body) < length:
            block = self.channel.wait_for("+SHREAD:", timeout_s=_READ_S).data
            if not block:
                break
            body += block
        if len(body) != length:
            raise BadAnswer(f"AT+SHREAD gave {len(body)} of {length} bytes")
        return bytes(body)
