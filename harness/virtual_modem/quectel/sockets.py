"""+QIOPEN and its relatives (Quectel TCP/IP manuals)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.network import NameUnknown
from harness.virtual_modem.quectel.errors import SOCKET
from harness.virtual_modem.quectel.model import last_error
from harness.virtual_modem.results import AtError, Finished, Unknown
from harness.virtual_modem.socket_pool import Connection, Failure, State
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


PUSH = 1  #: access mode: data come with their code
_MOST_DIGITS = 512
_ERRORS = {Failure.NAME: 565, Failure.REFUSED: 566, Failure.TIMEOUT: 569}
_STATES = {State.OPENING: 1, State.CONNECTED: 2, State.CLOSED: 4}


def _open(core: Core, command: Command) -> Info:
    context_id, number_ = number(command, 0, 1, 16), number(command, 1, 0, 11)
    mode = number(command, 6, 0, 2, 0)
    if text(command, 2) != "TCP" or mode == 2:
        raise Unknown  # UDP, listeners and transparent mode are not there
    connection = Connection(
        number_, context_id, text(command, 3), number(command, 4, 0, 65535), mode
    )
    context = core.radio.contexts.get(context_id)
    error = 0
    if context is None or not context.active:
        error = 561
    elif number_ in core.sockets.open:
        error = 563
    if error:
        last_error(core).number = error
        core.after_final(lambda: core.urc(f"+QIOPEN: {number_},{error}"))
    else:
        core.after_final(lambda: core.spawn(_connect(core, connection)))
    return None


async def _connect(core: Core, connection: Connection) -> None:
    failure = await core.sockets.connect(connection)
    if failure is Failure.GIVEN_UP:
        return
    error = _ERRORS[failure] if failure is not None else 0
    last_error(core).number = error
    core.urc(f"+QIOPEN: {connection.number},{error}")


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    """The ``recv`` code: with the data when they are pushed, else once until all were read."""
    if connection.mode == PUSH:
        data = core.sockets.read(connection, count)
        head = f'+QIURC: "recv",{connection.number},{len(data)}\r\n'
        core.urc(head + data.decode("latin-1"))
    elif not connection.told:
        connection.told = True
        core.urc(f'+QIURC: "recv",{connection.number}')


def _connection(core: Core, command: Command) -> Connection:
    connection = core.sockets.open.get(number(command, 0, 0, 11))
    if connection is None:
        last_error(core).number = 567
        raise AtError
    return connection


def _connected(core: Core, command: Command) -> Connection:
    connection = _connection(core, command)
    if connection.state is not State.CONNECTED:
        last_error(core).number = 567
        raise AtError
    return connection


async def _send(core: Core, command: Command) -> Info:
    count = number(command, 1, 0, 1460) if len(command.params) > 1 else None
    if count == 0:
        sent = _connection(core, command).sent
        return [f"+QISEND: {sent},{sent},0"]
    connection = _connected(core, command)
    data = await core.ask("\r\n> ", count, timeout_s=60.0, echo=core.reader.echo)
    return None if data is None else await _hand_over(core, connection, data)


async def _send_hexadecimal(core: Core, command: Command) -> Info:
    """+QISENDEX: the data are in the command, as at most 512 digits.

    BG96 TCP/IP application note 2.2.9; EC2x assumed the same. A BG95 takes a release assistance
    indication behind them (2.3.9 there); it makes no difference here.
    """
    connection, digits = _connected(core, command), text(command, 1)
    number(command, 2, 0, 2, 0)
    if not 0 < len(digits) <= _MOST_DIGITS:
        raise AtError
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        raise AtError from None
    return await _hand_over(core, connection, data)


async def _hand_over(core: Core, connection: Connection, data: bytes) -> Info:
    raise Finished("SEND OK" if await core.sockets.send(connection, data) else "SEND FAIL")


def _read(core: Core, command: Command) -> Info:
    connection = _connection(core, command)
    limit = number(command, 1, 0, 1500, 1500)
    if connection.mode:
        raise AtError
    if len(command.params) > 1 and limit == 0:
        unread = len(connection.received)
        return [f"+QIRD: {connection.total},{connection.total - unread},{unread}"]
    data = core.sockets.read(connection, limit)
    if not data:
        return ["+QIRD: 0"]
    return [f"+QIRD: {len(data)}\r\n" + data.decode("latin-1")]


def _line(core: Core, c: Connection) -> str:
    local = c.sock.getsockname()[1] if c.sock is not None else 0
    return (
        f'+QISTATE: {c.number},"TCP","{c.host}",{c.port},{local},{_STATES[c.state]},{c.context},'
        f'{c.number},{c.mode},"uart1"'
    )


def _states(core: Core, command: Command) -> Info:
    return [_line(core, c) for c in core.sockets.open.values() if c.tls is None]


def _state(core: Core, command: Command) -> Info:
    by_socket = number(command, 0, 0, 1) == 1
    wanted = number(command, 1, 0, 16)
    return [
        _line(core, c)
        for c in core.sockets.open.values()
        if c.tls is None and wanted == (c.number if by_socket else c.context)
    ]


def _close(core: Core, command: Command) -> Info:
    core.sockets.close(number(command, 0, 0, 11))
    return None


def _last_error(core: Core, command: Command) -> Info:
    return [f"+QIGETERROR: {last_error(core).number},{SOCKET[last_error(core).number]}"]


def _lookup(core: Core, command: Command) -> Info:
    name = text(command, 1)
    context = core.radio.contexts.get(number(command, 0, 1, 16))
    if context is None or not context.active:
        last_error(core).number = 561
        raise AtError
    try:
        address = core.network.resolve(name)
        answers = ['+QIURC: "dnsgip",0,1,600', f'+QIURC: "dnsgip","{address}"']
    except NameUnknown:
        last_error(core).number = 565
        answers = ['+QIURC: "dnsgip",565']
    for answer in answers:
        core.after_final(lambda answer=answer: core.urc(answer))  # type: ignore[misc]  # loop value
    return None


COMMANDS: CommandTable = {
    "+QIOPEN": Entry(set=_open,
                     test=says('+QIOPEN: (1-16),(0-11),"TCP",,(0-65535),(0-65535),(0,1)')),
    "+QISEND": Entry(set=_send, test=says("+QISEND: (0-11),(0-1460)")),
    "+QISENDEX": Entry(set=_send_hexadecimal, test=says("+QISENDEX: (0-11),<hex_string>")),
    "+QIRD": Entry(set=_read, test=says("+QIRD: (0-11),(0-1500)")),
    "+QISTATE": Entry(run=_states, read=_states, set=_state),
    "+QICLOSE": Entry(set=_close, test=says("+QICLOSE: (0-11),(0-65535)")),
    "+QIGETERROR": Entry(run=_last_error),
    "+QIDNSGIP": Entry(set=_lookup, test=says('+QIDNSGIP: (1-16),"host"')),
}  # fmt: skip
