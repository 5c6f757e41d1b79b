"""An HTTPS endpoint to forward to: what a customer would run, with faults on order.

It shows the certificate it is given, answers as planned and checks each token over the raw bytes
of the body, as a receiver has to (DEST-TOKEN).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from harness.network.certificates import Credential
from harness.network.loop import LoopThread
from harness.network.sockets import SocketFactory
from harness.network.tls import TlsEnd, TlsFailed, server_context
from harness.platform.responses import Response
from harness.platform.wire import Limits, Request, RequestReader
from harness.token import verify

Behaviour = int | Literal["silent", "close", "garbage"]
"""A status code; no answer at all; an end without an answer; bytes that are no HTTP."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came. ``verified``: its token is right for the raw body and the secret."""

    head: bytes
    body: bytes
    verified: bool
    headers: tuple[tuple[str, str], ...]


class Endpoint:
    """A server of its own on the shared loop. ``answers`` are given in turn, the last one stays.

    It speaks TLS 1.2, the only version of which the documents list suites.
    """

    def __init__(
        self, credential: Credential, secret: str, answers: Sequence[Behaviour] = (200,)
    ) -> None:
        self.received: list[Received] = []
        self.context: ssl.SSLContext = server_context()
        self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        credential.load_into(self.context)
        self._secret = secret
        self._answers = list(answers) or [200]
        self._loop: LoopThread | None = None
        self._server: asyncio.Server | None = None
        self._visits: set[_Visit] = set()

    def start(
        self, loop: LoopThread, sockets: SocketFactory, host: str = "127.0.0.1", port: int = 0
    ) -> tuple[str, int]:
        """Listen; the address bound.

        Raises :class:`~harness.network.sockets.AddressUnavailable`.
        """
        listener = sockets.listener(host, port)
        bound_host, bound_port = listener.getsockname()[:2]

        async def serve() -> None:
            self._server = await loop.loop.create_server(
                lambda: _Visit(self, self._visits), sock=listener
            )

        loop.run(serve())
        self._loop = loop
        return str(bound_host), int(bound_port)

    def close(self) -> None:
        """Stop listening and drop who is there. Safe to call twice."""
        if self._loop is not None:
            self._loop.call(self._close)
            self._loop = None

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for visit in tuple(self._visits):
            visit.abort()

    def take(self, request: Request) -> Behaviour:
        """Note a request and say how to answer it."""
        lines = request.lines()
        token = lines.first("Things-Message-Token") or ""
        verified = verify(request.body, self._secret, token)
        self.received.append(Received(request.head, request.body, verified, lines.headers))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class _Visit(asyncio.Protocol):
    """One connection: handshake, requests, answers."""

    def __init__(self, endpoint: Endpoint, visits: set[_Visit]) -> None:
        self._endpoint = endpoint
        self._visits = visits
        self._end = TlsEnd(endpoint.context, server=True)
        self._reader = RequestReader(Limits())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._visits.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._visits.discard(self)

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            came = self._end.feed(data)
        except TlsFailed:
            self._transport.write(self._end.outgoing())
            self._transport.close()
            return
        self._transport.write(self._end.outgoing())
        for event in self._reader.feed(came.plain) if came.plain else ():
            if isinstance(event, Request):
                self._answer(self._endpoint.take(event))
            else:
                self._answer(400)
        if came.closed:
            self._transport.close()

    def _answer(self, behaviour: Behaviour) -> None:
        if behaviour == "silent":
            return
        if behaviour == "close":
            self._transport.close()
            return
        data = b"\x00\x01 nothing\r\n" if behaviour == "garbage" else b""
        if isinstance(behaviour, int):
            data = Response(behaviour, close=True).wire()
        self._transport.write(self._end.encrypt(data) + self._end.close_notify())
        self._transport.close()
