"""+QSSLOPEN and its relatives (Quectel SSL manuals): TLS connections with client ids of their own.

A certificate that is refused and a server that does not answer give the same number, 566, as on
real modules; which it was is not told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.quectel import tls
from harness.virtual_modem.results import AtError, Finished, Unknown
from harness.virtual_modem.socket_pool import Connection, Failure, State
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

PUSH = 1  #: access mode: data come with their code
_OWN = 100  #: client ids are apart from the connection ids of +QIOPEN
_ERRORS = {Failure.NAME: 565, Failure.REFUSED: 566, Failure.TLS: 566, Failure.TIMEOUT: 569}
_STATES = {State.OPENING: 1, State.CONNECTED: 2, State.CLOSED: 4}


def client(connection: Connection) -> int:
    """The client id of a TLS connection."""
    return connection.number - _OWN


def _open(core: Core, command: Command) -> Info:
    context_id, ssl_context = number(command, 0, 1, 16), number(command, 1, 0, 5)
    client_id, host = number(command, 2, 0, 11), text(command, 3)
    port, mode = number(command, 4, 1, 65_535), number(command, 5, 0, 2, 0)
    if mode == 2:
        raise Unknown  # transparent mode is not there
    context = core.radio.contexts.get(context_id)
    error = 0
    if context is None or not context.active:
        error = 561
    elif client_id + _OWN in core.sockets.open:
        error = 563
    if error:
        core.after_final(lambda: core.urc(f"+QSSLOPEN: {client_id},{error}"))
        return None
    wish = tls.wish(core, ssl_context, host)
    connection = Connection(client_id + _OWN, context_id, host, port, mode, tls=wish)
    core.after_final(lambda: core.spawn(_connect(core, connection)))
    return None


async def _connect(core: Core, connection: Connection) -> None:
    failure = await core.sockets.connect(connection)
    if failure is Failure.GIVEN_UP:
        return
    error = _ERRORS[failure] if failure is not None else 0
    core.urc(f"+QSSLOPEN: {client(connection)},{error}")
    if connection.received:
        data_arrived(core, connection, len(connection.received))


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    """As for plain sockets, with the code's own name."""
    if connection.mode == PUSH:
        data = core.sockets.read(connection, count)
        head = f'+QSSLURC: "recv",{client(connection)},{len(data)}\r\n'
        core.urc(head + data.decode("latin-1"))
    elif not connection.told:
        connection.told = True
        core.urc(f'+QSSLURC: "recv",{client(connection)}')


def _connection(core: Core, command: Command) -> Connection:
    connection = core.sockets.open.get(number(command, 0, 0, 11) + _OWN)
    if connection is None:
        raise AtError
    return connection


async def _send(core: Core, command: Command) -> Info:
    connection = _connection(core, command)
    count = number(command, 1, 1, 1460) if len(command.params) > 1 else None
    if connection.state is not State.CONNECTED:
        raise AtError
    data = await core.ask("\r\n> ", count, timeout_s=60.0, echo=core.reader.echo)
    if data is None:
        return None
    if await core.sockets.send(connection, data):
        raise Finished("SEND OK")
    raise Finished("SEND FAIL")


def _read(core: Core, command: Command) -> Info:
    connection = _connection(core, command)
    if connection.mode:
        raise AtError
    data = core.sockets.read(connection, number(command, 1, 1, 1500, 1500))
    if not data:
        return ["+QSSLRECV: 0"]
    return [f"+QSSLRECV: {len(data)}\r\n" + data.decode("latin-1")]


def _line(core: Core, c: Connection) -> str:
    return (
        f'+QSSLSTATE: {client(c)},"SSLClient","{c.host}",{c.port},0,{_STATES[c.state]},'
        f'{c.context},{client(c)},{c.mode},"uart1",1'
    )


def _states(core: Core, command: Command) -> Info:
    wanted = number(command, 0, 0, 11) if command.params else None
    return [
        _line(core, c)
        for c in core.sockets.open.values()
        if c.tls is not None and wanted in (None, client(c))
    ]


def _close(core: Core, command: Command) -> Info:
    core.sockets.close(number(command, 0, 0, 11) + _OWN)
    return None


COMMANDS: CommandTable = {
    "+QSSLOPEN": Entry(set=_open, test=says("+QSSLOPEN: (1-16),(0-5),(0-11),,(1-65535),(0,1)")),
    "+QSSLSEND": Entry(set=_send, test=says("+QSSLSEND: (0-11),(1-1460)")),
    "+QSSLRECV": Entry(set=_read, test=says("+QSSLRECV: (0-11),(1-1500)")),
    "+QSSLSTATE": Entry(run=_states, read=_states, set=_states),
    "+QSSLCLOSE": Entry(set=_close, test=says("+QSSLCLOSE: (0-11),(0-65535)")),
}
