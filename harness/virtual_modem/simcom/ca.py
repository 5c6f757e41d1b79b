"""+CAOPEN and its relatives: the connections of SIM7070/7080/7090, and those with TLS of SIM7000.

SIM7070_7080_7090 AT V1.05 §12.2 and TCPUDP(S) note V1.03; SIM7000 AT V1.06 §18.2 and SSL
Application Note V1.01, and +CARECV as its firmware was seen to answer (as SIM7080's).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.simcom import ca_tls
from harness.virtual_modem.simcom.packet import CIP, is_up, pdp
from harness.virtual_modem.socket_pool import Connection, State
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

SEND_MAX = READ_MAX = 1460
NUMBERS = range(13)
PUSHED = 1  #: <recv_mode>: data come with their code
_OWN = 100  #: in the pool they are apart from SIM7000's connections of +CIPSTART
_NO_NETWORK, _IN_USE = 21, 4


def owns(connection: Connection) -> bool:
    return connection.number >= _OWN


def _cid(connection: Connection) -> int:
    return connection.number - _OWN


def _all(core: Core) -> list[Connection]:
    return [one for one in core.sockets.open.values() if owns(one)]


async def _open_on(core: Core, command: Command, context: int, place: int, mode: int) -> Info:
    """Server and port from ``place`` on; the result comes before OK."""
    one = number(command, 0, 0, NUMBERS.stop - 1)
    host, port = text(command, place), number(command, place + 1, 1, 65535)
    result = 0
    if one + _OWN in core.sockets.open:
        result = _IN_USE
    elif not is_up(core, context):
        result = _NO_NETWORK
    else:
        wish = ca_tls.wish(core, one)
        connection = Connection(one + _OWN, context, host, port, mode, tls=wish)
        failure = await core.sockets.connect(connection)
        result = ca_tls.result(connection, failure)
    return [f"+CAOPEN: {one},{result}"]


async def _open(core: Core, command: Command) -> Info:
    """SIM7080: on one of four networks."""
    index, mode = number(command, 1, 0, 3), number(command, 5, 0, 1, 0)
    if text(command, 2) != "TCP":
        raise Unknown
    return await _open_on(core, command, pdp(index), 3, mode)


async def _open_7000(core: Core, command: Command) -> Info:
    """SIM7000: the type may be left out. The number has to be known by +CACID."""
    place = 2 if len(command.params) > 3 else 1
    if place == 2 and text(command, 1) != "TCP":
        raise Unknown
    if not ca_tls.known(core, number(command, 0, 0, NUMBERS.stop - 1)):
        raise AtError(3)
    return await _open_on(core, command, CIP, place, 0)


def _opened(core: Core, command: Command) -> Info:
    return [f'+CAOPEN: {_cid(c)},{c.context - 1},"TCP","{c.host}",{c.port}' for c in _all(core)]


def _opened_7000(core: Core, command: Command) -> Info:
    return [f'+CAOPEN: {_cid(c)},"TCP","{c.host}",{c.port}' for c in _all(core)]


def _connection(core: Core, command: Command) -> Connection:
    connection = core.sockets.open.get(number(command, 0, 0, NUMBERS.stop - 1) + _OWN)
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


async def _send_7000(core: Core, command: Command) -> Info:
    """As SIM7080, and the result once more behind OK."""
    await _send(core, command)
    one, count = number(command, 0, 0, NUMBERS.stop - 1), number(command, 1, 1, SEND_MAX)
    core.after_final(lambda: core.urc(f"+CASEND: {one},0,{count}"))
    return None


def _receive(core: Core, command: Command) -> Info:
    """The data stand on the line of their count."""
    connection = _connection(core, command)
    data = core.sockets.read(connection, number(command, 1, 1, READ_MAX))
    return [f"+CARECV: {len(data)},{data.decode('latin-1')}" if data else "+CARECV: 0"]


def _waiting(core: Core, command: Command) -> Info:
    return [f"+CARECV: {_cid(c)},{len(c.received)}" for c in _all(core)]


def _states(core: Core, command: Command) -> Info:
    return [f"+CASTATE: {_cid(c)},{int(c.state is State.CONNECTED)}" for c in _all(core)]


def _close(core: Core, command: Command) -> Info:
    core.sockets.close(_connection(core, command).number)
    return None


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    if connection.mode == PUSHED:
        data = core.sockets.read(connection, count).decode("latin-1")
        core.urc(f'+CAURC: "recv",{_cid(connection)},{len(data)}\r\n{data}')
    elif not connection.told:
        connection.told = True
        core.urc(f"+CADATAIND: {_cid(connection)}")


def peer_closed(core: Core, connection: Connection) -> None:
    core.urc(f"+CASTATE: {_cid(connection)},0")


COMMANDS: CommandTable = {
    **ca_tls.commands(NUMBERS, ca_tls.listed, older=False),
    "+CAOPEN": Entry(read=_opened, set=_open,
                     test=says('+CAOPEN: (0-12),(0-3),("TCP","UDP"),,(1-65535),(0,1)')),
    "+CASEND": Entry(set=_send, test=says(f"+CASEND: (0-12),(1-{SEND_MAX}),(1000-60000)")),
    "+CARECV": Entry(read=_waiting, set=_receive, test=says(f"+CARECV: (0-12),(1-{READ_MAX})")),
    "+CASTATE": Entry(read=_states),
    "+CACLOSE": Entry(set=_close, test=says("+CACLOSE: (0-12)")),
}  # fmt: skip
COMMANDS_7000: CommandTable = {
    **COMMANDS,
    **ca_tls.commands(NUMBERS, ca_tls.in_words, older=True),
    "+CAOPEN": Entry(read=_opened_7000, set=_open_7000,
                     test=says("+CAOPEN: (0-12),<server>,(1-65535)")),
    "+CASEND": Entry(set=_send_7000, test=says(f"+CASEND: (0-12),(1-{SEND_MAX}),(1000-60000)")),
}  # fmt: skip
