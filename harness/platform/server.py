"""The listening side: accepts connections, sweeps their time-outs, stops at once."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from harness.clock import monotonic
from harness.network.descriptors import allow_descriptors
from harness.network.loop import LoopThread
from harness.network.sockets import SocketFactory
from harness.platform.connection import Connection, Handler
from harness.platform.crowd import SPARE_DESCRIPTORS

Gate = Callable[[set[Connection]], asyncio.Protocol]
"""Makes the protocol of a new TCP connection, given the set of open ones."""


class _Connections(set[Connection]):
    """The open ones. Who was let in before the end, and is told of it only then, is dropped."""

    over = True

    def add(self, connection: Connection) -> None:
        super().add(connection)
        if self.over:
            connection.abort()


class IngestionServer:
    """One listener on the shared loop. :meth:`start` and :meth:`stop` cost well under 1 ms.

    ``gate`` puts something in front of the connections, such as TLS.
    """

    def __init__(self, handler: Handler, loop: LoopThread, gate: Gate | None = None) -> None:
        self._gate: Gate = gate or (lambda connections: Connection(handler, connections))
        self._handler = handler
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._resting: socket.socket | None = None  # the listener while nobody listens
        self._connections = _Connections()
        self._sweeper: asyncio.TimerHandle | None = None
        times = handler.settings.times
        shortest = min(times.stall_s, times.request_s, times.idle_s, times.write_s)
        self._sweep_s = min(1.0, max(0.02, shortest / 4))

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def start(self, sockets: SocketFactory, host: str, port: int) -> tuple[str, int]:
        """Listen; the address bound is returned (port 0: any free one).

        Raises :class:`~harness.network.sockets.AddressUnavailable`.
        """
        self._handler.crowd.fit(allow_descriptors(self._handler.crowd.limit + SPARE_DESCRIPTORS))
        listener = sockets.listener(host, port)
        bound_host, bound_port = listener.getsockname()[:2]

        async def serve() -> None:
            self._connections.over = False
            await self._serve(listener)
            self._schedule_sweep()

        self._loop.run(serve())
        return str(bound_host), int(bound_port)

    async def _serve(self, listener: socket.socket) -> None:
        server = await self._loop.loop.create_server(
            lambda: self._gate(self._connections), sock=listener, backlog=512
        )
        if self._connections.over:  # meanwhile
            server.close()
        else:
            self._server = server

    def listen(self, on: bool) -> None:
        """Stop listening for a while, or listen again, at the same address.

        While nobody listens, connections are refused (RST to a SYN) and open ones were dropped.
        """
        if on:
            self._loop.run(self._wake())
        else:
            self._loop.call(self._rest)

    async def _wake(self) -> None:
        listener, self._resting = self._resting, None
        if listener is not None:
            await self._serve(listener)

    def _rest(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        # Linux: after shutdown() a socket no longer listens but keeps its address, so nobody else
        # can take it meanwhile; listen() wakes it up again. A port that was any is let go, though.
        self._resting = server.sockets[0].dup()
        address = self._resting.getsockname()
        server.close()
        self._resting.shutdown(socket.SHUT_RD)
        with contextlib.suppress(OSError):  # EINVAL: it kept its port
            self._resting.bind(address)
        for connection in tuple(self._connections):
            connection.drop("nobody listens any more")

    def stop(self) -> None:
        """Stop listening and drop all connections. Safe to call twice."""
        if not self._connections.over:
            self._loop.call(self._stop)

    def _stop(self) -> None:
        self._connections.over = True
        server, self._server = self._server, None
        if server is not None:
            server.close()
        resting, self._resting = self._resting, None
        if resting is not None:
            resting.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in tuple(self._connections):
            connection.abort()

    def _schedule_sweep(self) -> None:
        self._sweeper = self._loop.loop.call_later(self._sweep_s, self._sweep)

    def _sweep(self) -> None:
        now = monotonic()
        for connection in tuple(self._connections):
            connection.check(now)
        self._handler.swept()
        self._schedule_sweep()
