"""The modem's TCP sockets: connect, send, a buffer of what came, and its end.

How that is asked for and told is the family's business.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from harness.network.tls import TlsEnd, TlsFailed
from harness.virtual_modem.network import NameUnknown
from harness.virtual_modem.tls import TlsWish, handshake

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


class State(Enum):
    OPENING = "opening"
    CONNECTED = "connected"
    CLOSED = "closed"  #: by the peer; the number stays in use until the host closes it


class Failure(Enum):
    """Why a connection was not made."""

    NAME = "name unknown"
    REFUSED = "refused"
    TIMEOUT = "no answer"
    TLS = "no TLS connection"
    GIVEN_UP = "closed while connecting"


@dataclass(slots=True)
class Connection:
    """One socket. ``mode`` is the vendor's access mode, ``context`` its PDP context.

    ``tls`` is how its TLS connection is made, None for plain TCP; ``refused`` OpenSSL's number for
    what was wrong with the server's certificate (X509_V_ERR_…), None when it was not that.
    """

    number: int
    context: int
    host: str
    port: int
    mode: int = 0
    state: State = State.OPENING
    sock: socket.socket | None = None
    received: bytearray = field(default_factory=bytearray)
    total: int = 0  #: bytes received since it was opened
    sent: int = 0
    told: bool = False  #: the host was told of data, and the buffer was not drained since
    holding: asyncio.TimerHandle | None = None
    token: object = None
    tls: TlsWish | None = None
    end: TlsEnd | None = None
    refused: int | None = None


class SocketPool:
    """Connections by their number."""

    BUFFER = 64 * 1024

    def __init__(self, core: Core) -> None:
        self._core = core
        self.open: dict[int, Connection] = {}

    def free(self, numbers: range) -> int | None:
        """The lowest number that is not in use."""
        return next((number for number in numbers if number not in self.open), None)

    async def connect(self, connection: Connection) -> Failure | None:
        """Connect; always on the loop. A connection that fails is out of the pool."""
        core = self._core
        self.open[connection.number] = connection
        failure: Failure | None = None
        plain = b""
        try:
            with core.held():
                address = core.network.resolve(connection.host)
                connection.sock = await core.network.connect(
                    address, connection.port, core.settings.connect_s
                )
                if connection.tls is not None:
                    async with asyncio.timeout(core.settings.connect_s):
                        connection.end, plain = await handshake(connection.sock, connection.tls)
        except NameUnknown:
            failure = Failure.NAME
        except TimeoutError:
            failure = Failure.TIMEOUT
        except OSError as error:
            failure = Failure.REFUSED if connection.sock is None else Failure.TLS
            if isinstance(error.__cause__, TlsFailed):
                connection.refused = error.__cause__.verify_code
        if self.open.get(connection.number) is not connection:
            self._close(connection)
            return Failure.GIVEN_UP
        if failure is not None:
            del self.open[connection.number]
            self._close(connection)
            return failure
        connection.state = State.CONNECTED
        connection.received += plain
        core.loop.add_reader(self._fd(connection), self._readable, connection)
        return None

    async def send(self, connection: Connection, data: bytes) -> bool:
        """True when the network stack took all of it."""
        sock = connection.sock
        if sock is None or connection.state is not State.CONNECTED:
            return False
        self._hold(connection)
        wire = data if connection.end is None else connection.end.encrypt(data)
        try:
            async with asyncio.timeout(self._core.settings.connect_s):
                await self._core.loop.sock_sendall(sock, wire)
        except OSError:
            self._let_go(connection)
            return False
        connection.sent += len(data)
        return True

    def read(self, connection: Connection, limit: int) -> bytes:
        """Take at most ``limit`` bytes out of the buffer."""
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
        ended = not data
        if connection.end is not None and data:
            data, ended = self._decrypted(connection.end, data)
            if not data and not ended:
                return  # a record that is none of the host's business
        if data:
            connection.total += len(data)
            connection.received += data
            self._core.family.data_arrived(self._core, connection, len(data))
        if ended:
            connection.state = State.CLOSED
            self._close(connection)
            self._core.family.peer_closed(self._core, connection)
        self._let_go(connection)

    @staticmethod
    def _decrypted(end: TlsEnd, data: bytes) -> tuple[bytes, bool]:
        """What the peer wrote, and whether that was its end; a broken record is one."""
        try:
            came = end.feed(data)
        except TlsFailed:
            return b"", True
        return came.plain, came.closed

    def _resume(self, connection: Connection) -> None:
        if connection.sock is not None and connection.state is State.CONNECTED:
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
