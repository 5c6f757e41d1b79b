"""#SSLD and its relatives: the one secure socket in command mode.

Sources: LE910 V2 AT Commands Reference Guide 80446ST10707A p. 359 (#SSLD), Telit's Arduino library
for the ME310G1 (parameters), host software for ME910C1, ME310G1 and LE910 (``SSLSRING: 1,<n>``, the
count of #SSLRECV, 1000 bytes at most, TIMEOUT and DISCONNECTED, the states of #SSLS).
Data are announced by SSLSRING when #SSLCFG wants it, and read with #SSLRECV, which waits for them
as long as it is told. Online mode and a fast redial are not there.

Assumed: TIMEOUT and DISCONNECTED stand behind a count of 0; what came before the peer's end can
still be read; NO CARRIER with the socket is ``NO CARRIER: SSL,1``, in mode 2 with a cause; SSLSRING
comes once until the buffer is empty; a failure below TLS is 1005 but for a name, 558, and a server
that does not answer, 559; #SSLH without a connection is OK.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.socket_pool import Connection, Failure, State
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text
from harness.virtual_modem.telit import tls
from harness.virtual_modem.telit.errors import SslError

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_SEND_MAX, _READ_MAX = 1500, 1000  #: bytes of one command
_TIMEOUT = (10, 5000)  #: in 100 ms
_PUSHED = 2  #: SSLSRING brings the data
_FAILURES = {
    Failure.NAME: 558,
    Failure.TIMEOUT: 559,
    Failure.REFUSED: SslError.SOCKET,
    Failure.TLS: SslError.HANDSHAKE,
    Failure.GIVEN_UP: SslError.DISCONNECTED,
}


@dataclass(slots=True)
class Reading:
    """``news`` is set by what ends the wait of an #SSLRECV; None while there is none."""

    news: asyncio.Event | None = None


def _connection(core: Core, command: Command) -> Connection:
    number(command, 0, 1, 1)
    tls.need_active(core)
    connection = core.sockets.open.get(tls.NUMBER)
    if connection is None:
        raise AtError(SslError.NOT_CONNECTED)
    return connection


async def _dial(core: Core, command: Command) -> Info:
    number(command, 0, 1, 1)
    port, host = number(command, 1, 1, 65_535), text(command, 2)
    number(command, 5, *_TIMEOUT, 100)
    if number(command, 3, 0, 1) or number(command, 4, 0, 1, 1) == 0:
        raise Unknown  # a session that is kept, and online mode, are not there
    if not tls.enabled(core):
        raise AtError(SslError.NOT_ACTIVATED)
    cid = tls.general(core).cid
    context = core.radio.contexts.get(cid)
    if context is None or not context.active:
        raise AtError(556)
    before = core.sockets.open.get(tls.NUMBER)
    if before is not None and before.state is not State.CLOSED:
        raise AtError(SslError.ALREADY_CONNECTED)
    wish = tls.wish(core, host)
    core.sockets.close(tls.NUMBER)
    connection = Connection(tls.NUMBER, cid, host, port, tls=wish)
    failure = await core.sockets.connect(connection)
    if failure is not None:
        raise AtError(_FAILURES[failure])
    if connection.received:
        core.after_final(lambda: data_arrived(core, connection, len(connection.received)))
    return None


async def _send(core: Core, command: Command) -> Info:
    """#SSLSEND: text up to Ctrl-Z."""
    number(command, 1, *_TIMEOUT, 100)
    return await _transfer(core, _connection(core, command), None)


async def _send_counted(core: Core, command: Command) -> Info:
    """#SSLSENDEXT: so many bytes, whatever they are."""
    count = number(command, 1, 1, _SEND_MAX)
    number(command, 2, *_TIMEOUT, 100)
    return await _transfer(core, _connection(core, command), count)


async def _transfer(core: Core, connection: Connection, count: int | None) -> Info:
    if connection.state is not State.CONNECTED:
        raise AtError(SslError.NOT_CONNECTED)
    data = await core.ask("\r\n> ", count, timeout_s=60.0, echo=core.reader.echo)
    if data is None:
        return None
    if not await core.sockets.send(connection, data):
        raise AtError(SslError.SOCKET)
    return None


async def _receive(core: Core, command: Command) -> Info:
    """What is there; nothing but ``TIMEOUT`` or ``DISCONNECTED`` is said with a count of 0."""
    limit = number(command, 1, 1, _READ_MAX)
    patience = number(command, 2, *_TIMEOUT, tls.general(core).timeout)
    connection = _connection(core, command)
    if not connection.received and connection.state is State.CONNECTED:
        await _news(core, patience / 10)
    data = core.sockets.read(connection, limit)
    if data:
        return [f"#SSLRECV: {len(data)}\r\n" + data.decode("latin-1")]
    ended = connection.state is State.CLOSED
    return [f"#SSLRECV: 0\r\n{'DISCONNECTED' if ended else 'TIMEOUT'}"]


async def _news(core: Core, seconds: float) -> None:
    reading = core.part(Reading)
    reading.news = asyncio.Event()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await reading.news.wait()
    finally:
        reading.news = None


def _status(core: Core, command: Command) -> Info:
    """0: not enabled, 1: no connection, 2: a connection. The cipher suite is not told."""
    if command.params:
        number(command, 0, 1, 1)
    connection = core.sockets.open.get(tls.NUMBER)
    connected = connection is not None and connection.state is State.CONNECTED
    return [f"#SSLS: 1,{(2 if connected else 1) if tls.enabled(core) else 0}"]


def _close(core: Core, command: Command) -> Info:
    number(command, 0, 1, 1)
    if number(command, 1, 0, 1, 0):
        raise Unknown  # a session is not kept
    tls.need_active(core)
    core.sockets.close(tls.NUMBER)
    return None


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    """For an #SSLRECV that waits, or announced as #SSLCFG wants it."""
    reading, mode = core.part(Reading), tls.general(core).ring
    if reading.news is not None:
        reading.news.set()
    elif mode == _PUSHED:
        data = core.sockets.read(connection, count)
        core.urc(f"SSLSRING: 1,{len(data)},{data.decode('latin-1')}")
    elif mode and not connection.told:
        connection.told = True
        core.urc(f"SSLSRING: 1,{len(connection.received)}")


def peer_closed(core: Core, connection: Connection) -> None:
    """NO CARRIER; the socket stays until it is hung up or dialled again."""
    reading = core.part(Reading)
    if reading.news is not None:
        reading.news.set()
    more = ("", ": SSL,1", ": SSL,1,1")[tls.general(core).no_carrier]
    core.urc(f"NO CARRIER{more}")


COMMANDS: CommandTable = {
    "#SSLD": Entry(set=_dial, test=says("#SSLD: (1),(1-65535),,(0),(1),(10-5000)")),
    "#SSLSEND": Entry(set=_send, test=says("#SSLSEND: (1),(10-5000)")),
    "#SSLSENDEXT": Entry(
        set=_send_counted, test=says(f"#SSLSENDEXT: (1),(1-{_SEND_MAX}),(10-5000)")
    ),
    "#SSLRECV": Entry(set=_receive, test=says(f"#SSLRECV: (1),(1-{_READ_MAX}),(10-5000)")),
    "#SSLS": Entry(run=_status, set=_status, test=says("#SSLS: (1)")),
    "#SSLH": Entry(set=_close, test=says("#SSLH: (1),(0)")),
}
