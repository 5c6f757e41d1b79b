"""The HTTP client of SIM800 and SIM7600: ``AT+HTTPINIT`` … ``AT+HTTPTERM``.

Sources: SIM7500_SIM7600 Series AT Command Manual V3.00 §13, SIM767XX Series AT Command Manual
V1.06 §14, SIM7000 Series HTTP Application Note V1.01 (the set of SIM800).
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod

from harness.at.params import fields_of, quote
from harness.modem.errors import BadAnswer, CommandRefused, SocketError
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.simcom import Simcom

HTTP_S = 120.0  #: SIM7600 V3.00 §13.2, SIM767XX V1.06 §14.2: maximum of AT+HTTP…
_OWN_ERROR = 600  # 6xx of SIM800 and 7xx of SIM7600 are the module's, below is the server's


class HttpInitClient(Simcom, ABC):
    """POST with ``USERDATA`` for one header of the host's own."""

    data_time: int  #: second parameter of AT+HTTPDATA, see the family for its unit

    def _http_parameters(self) -> tuple[str, ...]:
        """Settings before the URL."""
        return ()

    def _https_parameters(self) -> tuple[str, ...]:
        """More of them for HTTPS."""
        return ()

    @abstractmethod
    def _http_body(self, length: int) -> bytes:
        """Read ``length`` bytes of response body."""

    def http_post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """POST the body of ``order``; the module writes Host and Content-Length.

        Raises :class:`SocketError` with the module's 6xx or 7xx number, ``EventTimeout`` when
        it reports nothing, ``CannotDo`` past the limits of the client.
        """
        self.checked_order(order)
        self._http_start()
        try:
            secured = self._https_parameters() if order.tls else ()
            for setting in (*self._http_parameters(), *secured):
                self.command(f"AT+HTTPPARA={setting}", timeout_s=HTTP_S)
            self.command(f'AT+HTTPPARA="URL",{quote(order.url)}', timeout_s=HTTP_S)
            content = quote(order.content_type)
            self.command(f'AT+HTTPPARA="CONTENT",{content}', timeout_s=HTTP_S)
            for name, value in order.extra_headers:
                field = quote(f"{name}: {value}")
                self.command(f'AT+HTTPPARA="USERDATA",{field}', timeout_s=HTTP_S)
            if order.body:
                data = f"AT+HTTPDATA={len(order.body)},{self.data_time}"
                self.prompted(data, order.body, "DOWNLOAD", timeout_s=HTTP_S)
            return self._http_action(response_timeout_s)
        finally:
            with contextlib.suppress(CommandRefused):
                self.command("AT+HTTPTERM", timeout_s=HTTP_S)

    def _http_start(self) -> None:
        """A second ``AT+HTTPINIT`` is an ERROR: end what an interrupted post left."""
        try:
            self.command("AT+HTTPINIT", timeout_s=HTTP_S)
        except CommandRefused:
            self.command("AT+HTTPTERM", timeout_s=HTTP_S)
            self.command("AT+HTTPINIT", timeout_s=HTTP_S)

    def _http_action(self, response_timeout_s: int) -> HttpAnswer:
        self.channel.discard(lambda urc: urc.text.startswith(("+HTTPACTION:", "+HTTPREAD:")))
        self.command("AT+HTTPACTION=1", timeout_s=HTTP_S)
        urc = self.channel.wait_for("+HTTPACTION:", timeout_s=response_timeout_s + 5.0)
        numbers = [field.number for field in fields_of(urc.text)]
        status = numbers[1] if len(numbers) > 1 else None
        if status is None:
            raise BadAnswer(f"no HTTP status in {urc.text}")
        if status >= _OWN_ERROR:
            raise SocketError("HTTP POST failed", status)
        length = numbers[2] if len(numbers) > 2 else None
        body = self._http_body(length) if length else b""
        if length is not None and len(body) != length:
            raise BadAnswer(f"AT+HTTPREAD gave {len(body)} of {length} bytes")
        return HttpAnswer(status, body)
