"""One try to deliver a body: HTTP/1.1 over the modem's socket, and the response, read robustly.

Requirements: NET-ADDR, NET-NODNS, NET-TLS, HTTP-*, TOKEN-*, RESP-ROBUST. Which commands and which
endpoint, says the way (see ``way``).
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from dataclasses import dataclass

from .at import Modem, ModemError
from .faults import Faults
from .way import ADDRESS, M2M, Way

_SEGMENT = 1460  # AT+QISEND and AT+QSSLSEND take no more at once
_CHUNK = 1500  # AT+QIRD and AT+QSSLRECV give no more at once
_CONNECT_S = 150.0  # the manual's maximum for AT+QIOPEN


class NoResponse(Exception):
    """Nothing that tells whether the uplink was accepted: it may be tried again."""


@dataclass(frozen=True, slots=True)
class Response:
    """``complete`` is False when the connection ended before the announced body did."""

    status: int
    body: bytes
    complete: bool


class Uplink:
    """Makes requests and exchanges them; keeps no queue (see ``outbox``)."""

    def __init__(
        self, modem: Modem, secret: bytes, response_s: float, faults: Faults, way: Way = M2M
    ) -> None:
        self._modem = modem
        self._way = way
        self._secret = secret
        self._response_s = response_s
        self._faults = faults
        self._previous_body = b""

    def request(self, body: bytes) -> bytes:
        """The bytes to send for ``body``; the token is over exactly these bytes (TOKEN-EXACT)."""
        faults = self._faults
        length = len(body)
        if "content-length-short" in faults:
            length -= 1
        if "content-length-long" in faults:
            length += 1
        host, media_type = self._way.headers
        if "wrong-content-type" in faults:
            media_type = "Content-Type: text/plain"
        if "wrong-host" in faults:
            host = f"Host: {ADDRESS}"
        path = self._way.path
        if "wrong-path" in faults:
            path = path.replace("m2m", "ip")
        head = [
            f"POST {path} HTTP/1.1",
            host,
            media_type,
            f"Things-Message-Token: {self._token(body)}",
            f"Content-Length: {length}",
        ]
        if "token-missing" in faults:
            del head[3]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    def _token(self, body: bytes) -> str:
        """SHA-256 over body then secret, lower-case hex (TOKEN-FORMULA)."""
        hashed, secret, faults = body, self._secret, self._faults
        if "hash-stripped-body" in faults:
            hashed = re.sub(rb"\s", b"", body)
        if "hash-trailing-nul" in faults:
            hashed = body + b"\0"
        if "token-previous-body" in faults:
            hashed, self._previous_body = self._previous_body, body
        if "secret-newline" in faults:
            secret += b"\n"
        if "secret-before-body" in faults:
            return hashlib.sha256(secret + hashed).hexdigest()
        token = hashlib.sha256(hashed + secret).hexdigest()
        return token.upper() if "token-upper-case" in faults else token

    def exchange(self, request: bytes) -> Response:
        """Connect, send, read the response, close. Raises NoResponse, ModemLost or PortGone."""
        try:
            self._open()
            for start in range(0, len(request), _SEGMENT):
                segment = request[start : start + _SEGMENT]
                self._modem.send_data(f"{self._way.send},{len(segment)}", segment)
            response = self._receive()
        except (ModemError, NoResponse) as error:
            self._close()
            raise NoResponse(str(error)) from error
        self._close()
        return response

    def _open(self) -> None:
        self._forget_old_urcs()
        if "dns-lookup" in self._faults:
            try:
                self._modem.command('AT+QIDNSGIP=1,"m.m"')
                self._connect("m.m")
            except (ModemError, NoResponse):
                self._close()
            else:
                return
        self._connect(self._way.host)

    def _connect(self, host: str) -> None:
        code = self._way.opened
        self._modem.command(self._way.opening.format(host=host), prefix="")
        opened = self._modem.next_urc(rf"\+{code}: ?0,(\d+)", _CONNECT_S)
        if opened is None:
            raise NoResponse(f"no connection: +{code} did not come")
        if opened[1] != "0":
            raise NoResponse(f"no connection: +{code}: 0,{opened[1]}")

    def _close(self) -> None:
        with contextlib.suppress(ModemError):  # it was not open
            self._modem.command(self._way.close, 12.0)
        self._forget_old_urcs()

    def _forget_old_urcs(self) -> None:
        old = rf'\+{self._way.opened}:|\+{self._way.urc}: ?"(recv|closed|dnsgip)"'
        while self._modem.next_urc(old, 0):
            pass

    def _receive(self) -> Response:
        received = bytearray()
        end = time.monotonic() + self._response_s
        closed = False
        while not closed and (left := end - time.monotonic()) > 0:
            # The code comes once until the buffer is drained; should it get lost on the line,
            # looking now and then finds the data all the same.
            code = rf'\+{self._way.urc}: ?"(recv|closed)",0'
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
            return self._modem.read_data(f"{self._way.read},{_CHUNK}")
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
        headers = {
            name.strip(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        if "case-sensitive-headers" in self._faults:
            length = headers.get("Content-Length", "0")
        else:
            length = {name.lower(): value for name, value in headers.items()}.get(
                "content-length", ""
            )
        body = parts[1]
        if length.isdecimal():
            return Response(int(status[1]), body[: int(length)], len(body) >= int(length))
        no_body = status[1] in ("204", "304")
        return Response(int(status[1]), body, complete=ended or no_body)
