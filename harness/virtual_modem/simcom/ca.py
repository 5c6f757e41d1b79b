"""+CAOPEN and its relatives (SIM7070_7080_7090 TCPUDP note V1.03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.simcom import ca_tls
from harness.virtual_modem.simcom.packet import is_up, pdp
from harness.virtual_modem.socket_pool import Connection, State
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

SEND_MAX = READ_MAX = 1460
NUMBERS = range(13)
PUSHED = 1  #: <recv_mode>: data come with their code
_NO_NETWORK, _IN_USE = 21, 4


async def _open(core: Core, command: Command) -> Info:
    """The result comes before OK."""
    one, index = number(command, 0, 0, 12), number(command, 1, 0, 3)
    if text(command, 2) != "TCP":
        raise Unknown
    host, port = text(command, 3), number(command, 4, 1, 65535)
    mode = number(command, 5, 0, 1, 0)
    result = 0
    if one in core.sockets.open:
        result = _IN_USE
    elif not is_up(core, pdp(index)):
        result = _NO_NETWORK
    else:
        wish = ca_tls.wish(core, one)
        connection = Connection(one, pdp(index), host, port, mode, tls=wish)
        failure = await core.sockets.connect(connection)
        result = ca_tls.result(connection, failure)
    return [f"+CAOPEN: {one},{result}"]


def _opened(core: Core, command: Command) -> Info:
    return [
        f'+CAOPEN: {c.number},{c.context - 1},"TCP","{c.host}",{c.port}'
        for c in core.sockets.open.values()
    ]


def _connection(core: Core, command: Command) -> Connection:
    connection = core.sockets.open.get(number(command, 0, 0, 12))
    if connection is None:
        raise AtError(3)
    return connection


async def _send(core: Core, command: Command) -> Info:
    connection = _connection(core, command)
    count, wait_ms = number(command, 1, 1, SEND_MAX), number(command, 2, 1000, 60_000, 5000)
    if connection.state is not State.CONNECTED:
        raise AtError(3)
    data = await core.ask("\r\n>", count, timeout_s=wait_ms / 1000)
    if data is None or not await core.sockets.send(connection, data):
        raise AtError(3)
    return None


def _receive(core: Core, command: Command) -> Info:
    """The data stand on the line of their count."""
    connection = _connection(core, command)
    data = core.sockets.read(connection, number(command, 1, 1, READ_MAX))
    return [f"+CARECV: {len(data)},{data.decode('latin-1')}" if data else "+CARECV: 0"]


def _waiting(core: Core, command: Command) -> Info:
    return [f"+CARECV: {c.number},{len(c.received)}" for c in core.sockets.open.values()]


def _states(core: Core, command: Command) -> Info:
    return [
        f"+CASTATE: {c.number},{int(c.state is State.CONNECTED)}"
        for c in core.sockets.open.values()
    ]


def _close(core: Core, command: Command) -> Info:
    core.sockets.close(_connection(core, command).number)
    return None


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    if connection.mode == PUSHED:
        data = core.sockets.read(connection, count).decode("latin-1")
        core.urc(f'+CAURC: "recv",{connection.number},{len(data)}\r\n{data}')
    elif not connection.told:
        connection.told = True
        core.urc(f"+CADATAIND: {connection.number}")


def peer_closed(core: Core, connection: Connection) -> None:
    core.urc(f"+CASTATE: {connection.number},0")


COMMANDS: CommandTable = {
    **ca_tls.commands(NUMBERS, ca_tls.listed, protocol=False),
    "+CAOPEN": Entry(read=_opened, set=_open,
                     test=says('+CAOPEN: (0-12),(0-3),("TCP","UDP"),,(1-65535),(0,1)')),
    "+CASEND": Entry(set=_send, test=says(f"+CASEND: (0-12),(1-{SEND_MAX}),(1000-60000)")),
    "+CARECV": Entry(read=_waiting, set=_receive, test=says(f"+CARECV: (0-12),(1-{READ_MAX})")),
    "+CASTATE": Entry(read=_states),
    "+CACLOSE": Entry(set=_close, test=says("+CACLOSE: (0-12)")),
}  # fmt: skip
