"""HTTP/1.1 over one socket of the modem, and the response, read robustly (RESP-ROBUST).

Which commands and which socket, says the way (see ``way``).
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from .at import Modem, ModemError
from .faults import Faults
from .way import Way

_SEGMENT = 1460  # AT+QISEND and AT+QSSLSEND take no more at once
_CHUNK = 1500  # AT+QIRD and AT+QSSLRECV give no more at once
_CONNECT_S = 150.0  # the manual's maximum for AT+QIOPEN


class NoResponse(Exception):
    """Nothing that tells what became of the request: it may be tried again."""


@dataclass(frozen=True, slots=True)
class Response:
    """``complete`` is False when the connection ended before the announced body did. The names of
    ``headers`` are in lower case."""

    status: int
    body: bytes
    complete: bool
    headers: Mapping[str, str] = field(default_factory=dict)


class Exchange:
    """One connection at a time. All methods raise ModemLost or PortGone when the modem is gone."""

    def __init__(self, modem: Modem, way: Way, response_s: float, faults: Faults) -> None:
        self._modem = modem
        self._way = way
        self._response_s = response_s
        self._faults = faults

    def open(self, host: str, port: int | None = None) -> None:
        """Connect. Raises NoResponse or ModemError."""
        way = self._way
        self._modem.command(way.opening_to(host, port), prefix="")
        opened = self._modem.next_urc(rf"\+{way.opened}: ?{way.number},(\d+)", _CONNECT_S)
        if opened is None:
            raise NoResponse(f"no connection: +{way.opened} did not come")
        if opened[1] != "0":
            raise NoResponse(f"no connection: +{way.opened}: {way.number},{opened[1]}")

    def close(self) -> None:
        """Close; whatever the modem still says about this connection is dropped."""
        with contextlib.suppress(ModemError):  # it was not open
            self._modem.command(f"{self._way.close}={self._way.number}", 12.0)
        self.forget_old_urcs()

    def forget_old_urcs(self) -> None:
        """Codes of an earlier connection must not be taken for those of the next."""
        way = self._way
        old = (
            rf'\+{way.opened}: ?{way.number},|\+{way.urc}: ?"((recv|closed)",{way.number}|dnsgip")'
        )
        while self._modem.next_urc(old, 0):
            pass

    def send(self, request: bytes) -> None:
        """Send all of it. Raises ModemError."""
        way = self._way
        for start in range(0, len(request), _SEGMENT):
            segment = request[start : start + _SEGMENT]
            self._modem.send_data(f"{way.send}={way.number},{len(segment)}", segment)

    def receive(self) -> Response:
        """Read the response. Raises NoResponse."""
        received = bytearray()
        end = time.monotonic() + self._response_s
        closed = False
        while not closed and (left := end - time.monotonic()) > 0:
            # The code comes once until the buffer is drained; should it get lost on the line,
            # looking now and then finds the data all the same.
            code = rf'\+{self._way.urc}: ?"(recv|closed)",{self._way.number}'
            urc = self._modem.next_urc(code, min(left, 2.0))
            closed = urc is not None and urc[1] == "closed"
            while data := self._read():
                received += data
                response = self._parse(bytes(received))
                if response and (response.complete or "first-segment-only" in self._faults):
                    return response
                if "first-segment-only" in self._faults:
                    raise NoResponse("the first segment is no response")
        # Without Content-Length, the end of the connection is the end of the body.
        response = self._parse(bytes(received), ended=True)
        if response is None:
            how = "the connection was closed" if closed else f"nothing in {self._response_s:g} s"
            raise NoResponse(f"no response: {how}, {len(received)} bytes came")
        return response

    def _read(self) -> bytes:
        try:
            return self._modem.read_data(f"{self._way.read}={self._way.number},{_CHUNK}")
        except ModemError:
            return b""  # the socket is gone already, and its data with it

    def _parse(self, received: bytes, ended: bool = False) -> Response | None:
        """None while the head is not all there, or is not HTTP."""
        parts = re.split(rb"\r?\n\r?\n", received, maxsplit=1)
        if len(parts) < 2:
            return None
        status_line, *lines = parts[0].decode("latin-1").splitlines()
        pattern = (
            r"HTTP/\d\.\d (\d{3})( .+)"
            if "needs-reason-phrase" in self._faults
            else (r"HTTP/\d\.\d +(\d{3})( .*)?")
        )
        status = re.fullmatch(pattern, status_line)
        if status is None:
            return None
        exact = {
            name.strip(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        headers = {name.lower(): value for name, value in exact.items()}
        if "case-sensitive-headers" in self._faults:
            length = exact.get("Content-Length", "0")
        else:
            length = headers.get("content-length", "")
        body, code = parts[1], int(status[1])
        if length.isdecimal():
            return Response(code, body[: int(length)], len(body) >= int(length), headers)
        return Response(code, body, ended or code in (204, 304), headers)
