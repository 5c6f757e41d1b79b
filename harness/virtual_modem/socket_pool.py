"""The modem's TCP sockets (Quectel BG95/BG96 TCP/IP manual): +QIOPEN and what follows from it."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.virtual_modem.network import NameUnknown

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

PUSH = 1


@dataclass(slots=True)
class Connection:
    """One socket; ``state`` as +QISTATE counts: 1 opening, 2 connected, 4 closing."""

    number: int
    context: int
    host: str
    port: int
    mode: int
    state: int = 1
    sock: socket.socket | None = None
    received: bytearray = field(default_factory=bytearray)
    total: int = 0
    sent: int = 0
    told: bool = False  #: a recv code is out, and the buffer was not drained since
    holding: asyncio.TimerHandle | None = None
    announced_close: bool = False
    token: object = None


class SocketPool:
    """Sockets 0 to 11. ``error`` is what +QIGETERROR shows."""

    BUFFER = 64 * 1024

    def __init__(self, core: Core) -> None:
        self._core = core
        self.error = 0
        self.open: dict[int, Connection] = {}

    async def connect(self, connection: Connection) -> None:
        """Connect and report with +QIOPEN; always on the loop."""
        core = self._core
        self.open[connection.number] = connection
        error = 0
        try:
            with core.held():
                address = core.network.resolve(connection.host)
                connection.sock = await core.network.connect(
                    address, connection.port, core.settings.connect_s
                )
        except NameUnknown:
            error = 565
        except TimeoutError:
            error = 569
        except OSError:
            error = 566
        self.error = error
        if error:
            self.open.pop(connection.number, None)
        elif self.open.get(connection.number) is not connection:
            self._close(connection)
            return
        else:
            connection.state = 2
            core.loop.add_reader(self._fd(connection), self._readable, connection)
        core.urc(f"+QIOPEN: {connection.number},{error}")

    async def send(self, connection: Connection, data: bytes) -> bool:
        sock = connection.sock
        if sock is None or connection.state != 2:
            return False
        self._hold(connection)
        try:
            async with asyncio.timeout(self._core.settings.connect_s):
                await self._core.loop.sock_sendall(sock, data)
        except OSError:
            self._let_go(connection)
            return False
        connection.sent += len(data)
        return True

    def read(self, connection: Connection, limit: int) -> bytes:
        data = bytes(connection.received[:limit])
        del connection.received[: len(data)]
        if not connection.received:
            connection.told = False
            self._resume(connection)
        return data

    def close(self, number: int) -> None:
        connection = self.open.pop(number, None)
        if connection is not None:
            self._close(connection)

    def close_all(self) -> None:
        for number in tuple(self.open):
            self.close(number)

    def _readable(self, connection: Connection) -> None:
        sock = connection.sock
        if sock is None:
            return
        if len(connection.received) >= self.BUFFER:
            self._core.loop.remove_reader(self._fd(connection))
            return
        try:
            data = sock.recv(8192)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._peer_closed(connection)
        elif connection.mode == PUSH:
            connection.total += len(data)
            head = f'+QIURC: "recv",{connection.number},{len(data)}\r\n'
            self._core.urc(head + data.decode("latin-1"))
        else:
            connection.total += len(data)
            connection.received += data
            if not connection.told:
                connection.told = True
                self._core.urc(f'+QIURC: "recv",{connection.number}')
        self._let_go(connection)

    def _peer_closed(self, connection: Connection) -> None:
        connection.state = 4
        self._close(connection)
        if not connection.announced_close:
            connection.announced_close = True
            self._core.urc(f'+QIURC: "closed",{connection.number}')

    def _resume(self, connection: Connection) -> None:
        if connection.sock is not None and connection.state == 2:
            self._core.loop.add_reader(self._fd(connection), self._readable, connection)

    def _close(self, connection: Connection) -> None:
        if connection.sock is not None:
            self._core.loop.remove_reader(self._fd(connection))
            connection.sock.close()
            connection.sock = None
        self._let_go(connection)

    def _hold(self, connection: Connection) -> None:
        """The peer is about to answer: virtual time waits for it, but not for long."""
        self._let_go(connection)
        connection.token = self._core.hold()
        connection.holding = self._core.loop.call_later(
            self._core.settings.reply_hold_s, self._let_go, connection
        )

    def _let_go(self, connection: Connection) -> None:
        if connection.holding is not None:
            connection.holding.cancel()
            connection.holding = None
            self._core.release(connection.token)

    @staticmethod
    def _fd(connection: Connection) -> int:
        return connection.sock.fileno() if connection.sock is not None else -1
