"""One try to deliver a body.

Requirements: NET-ADDR, NET-NODNS, NET-TLS, HTTP-*, TOKEN-*. Which endpoint, says the way (see
``way``).
"""

from __future__ import annotations

import hashlib
import re

from .at import Modem, ModemError
from .exchange import Exchange, NoResponse, Response
from .faults import Faults
from .way import ADDRESS, M2M, Way


class Uplink:
    """Makes requests and exchanges them; keeps no queue (see ``outbox``)."""

    def __init__(
        self, modem: Modem, secret: bytes, response_s: float, faults: Faults, way: Way = M2M
    ) -> None:
        self._modem = modem
        self._way = way
        self._secret = secret
        self._exchange = Exchange(modem, way, response_s, faults)
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
            self._exchange.send(request)
            response = self._exchange.receive()
        except (ModemError, NoResponse) as error:
            self._exchange.close()
            raise NoResponse(str(error)) from error
        self._exchange.close()
        return response

    def _open(self) -> None:
        self._exchange.forget_old_urcs()
        if "dns-lookup" in self._faults:
            try:
                self._modem.command('AT+QIDNSGIP=1,"m.m"')
                self._exchange.open("m.m")
            except (ModemError, NoResponse):
                self._exchange.close()
            else:
                return
        self._exchange.open(self._way.host)
