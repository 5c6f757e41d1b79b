"""#XSOCKET and its relatives (doc/SOCKET_AT_commands.rst, TCPIP_AT_commands.rst), NCS up to 3.1.

One socket is selected; commands have no handle. Nothing tells of data: #XRECV waits for them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.nordic import data_mode, security
from harness.virtual_modem.nordic.security import Security
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.socket_pool import Connection, State
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

HANDLES = range(8)
_TCP = 6
MOST = 1024  #: bytes of one #XSEND with data in the command, and of one #XRECV (assumed)
_NON_BLOCKING, _PEEK = 64, 2
_PROXY = -1  #: the TCP client proxy's connection


@dataclass(slots=True)
class Sockets:
    """Open handles, oldest first, and the selected one; ``news`` wakes a waiting #XRECV.

    ``secured`` are those of TLS.
    """

    handles: list[int] = field(default_factory=list)
    secured: dict[int, Security] = field(default_factory=dict)
    selected: int | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)


def state(core: Core) -> Sockets:
    return core.part(Sockets)


def closed(core: Core) -> Info:
    """Close the selected socket; the newest of the others is selected then."""
    own = state(core)
    if own.selected is None:
        raise AtError
    handle = own.selected
    core.sockets.close(handle)
    own.handles.remove(handle)
    own.secured.pop(handle, None)
    own.selected = own.handles[-1] if own.handles else None
    return ['#XSOCKET: 0,"closed"']


def opened(core: Core, wanted: Security | None) -> int:
    """The handle of a new socket, which is selected."""
    own = state(core)
    free = next((one for one in HANDLES if one not in own.handles), None)
    if free is None:
        raise AtError
    own.handles.append(free)
    own.selected = free
    if wanted is not None:
        own.secured[free] = wanted
    return free


def _socket(core: Core, command: Command) -> Info:
    operation = number(command, 0, 0, 2)
    if operation == 0:
        return closed(core)
    if number(command, 1, 1, 3) != 1 or number(command, 2, 0, 1) != 0 or operation == 2:
        raise Unknown  # datagrams, raw sockets, servers and IPv6 are not there
    return [f"#XSOCKET: {opened(core, None)},1,{_TCP}"]


def _sockets(core: Core, command: Command) -> Info:
    own = state(core)
    return [] if own.selected is None else [f"#XSOCKET: {own.selected},1,0,1,0"]


def _select(core: Core, command: Command) -> Info:
    own, wanted = state(core), number(command, 0, 0, 7)
    if wanted not in own.handles:
        raise AtError
    own.selected = wanted
    return [f"#XSOCKETSELECT: {wanted}"]


def _selection(core: Core, command: Command) -> Info:
    own = state(core)
    lines = [
        f"#XSOCKETSELECT: {one},1,0,1,{own.secured[one].tag if one in own.secured else -1},"
        f"{at + 2},0"
        for at, one in enumerate(own.handles)
    ]
    return [*lines, *([] if own.selected is None else [f"#XSOCKETSELECT: {own.selected}"])]


async def _connect(core: Core, command: Command) -> Info:
    own, host, port = state(core), text(command, 0), number(command, 1, 1, 65535)
    if own.selected is None or own.selected in core.sockets.open or core.radio.active() is None:
        raise AtError
    wanted = own.secured.get(own.selected)
    wish = None if wanted is None else wanted.wish(core)
    if await core.sockets.connect(Connection(own.selected, 0, host, port, tls=wish)) is not None:
        raise AtError
    return ["#XCONNECT: 1"]


def _connection(core: Core) -> Connection:
    own = state(core)
    connection = None if own.selected is None else core.sockets.open.get(own.selected)
    if connection is None:
        raise AtError
    return connection


async def _send(core: Core, command: Command) -> Info:
    connection = _connection(core)
    data = text(command, 0).encode("latin-1")
    if len(data) > MOST:
        raise AtError
    if not await core.sockets.send(connection, data):
        raise AtError
    return [f"#XSEND: {len(data)}"]


def _send_later(core: Core, command: Command) -> Info:
    """Without data: data mode, whose bytes are sent when it ends."""
    connection = _connection(core)
    data_mode.enter(core, lambda data: core.sockets.send(connection, data))
    return None


async def _receive(core: Core, command: Command) -> Info:
    """#XRECV=<seconds>[,<flags>]: waits for data; nothing in time is an error."""
    wait, flags = number(command, 0, 0, 65535), number(command, 1, 0, 511, 0)
    connection, own = _connection(core), state(core)
    while not connection.received and connection.state is State.CONNECTED:
        if flags & _NON_BLOCKING:
            raise AtError
        own.news.clear()
        try:
            async with asyncio.timeout(wait or None):
                await own.news.wait()
        except TimeoutError:
            raise AtError from None
    if not connection.received:
        return None  # the peer closed: OK without data
    if flags & _PEEK:
        data = bytes(connection.received[:MOST])
    else:
        data = core.sockets.read(connection, MOST)
    return [f"#XRECV: {len(data)}\r\n" + data.decode("latin-1")]


def _poll(core: Core, command: Command) -> Info:
    """#XPOLL: what can be read (1) or was closed (16), of the sockets named or of all."""
    wanted = {int(param.text) for param in command.params[1:] if param and param.text.isdecimal()}
    lines = []
    for one in state(core).handles:
        connection = core.sockets.open.get(one)
        if connection is None or (wanted and one not in wanted):
            continue
        events = bool(connection.received) | 16 * (connection.state is State.CLOSED)
        if events:
            lines.append(f'#XPOLL: {one},"0x{events:04x}"')
    return lines


# The TCP client proxy, which pushes what it gets


async def _client(core: Core, command: Command) -> Info:
    if number(command, 0, 0, 2) == 0:
        if _PROXY not in core.sockets.open:
            raise AtError
        core.sockets.close(_PROXY)
        return ['#XTCPCLI: 0,"disconnected"']
    if _PROXY in core.sockets.open or core.radio.active() is None:
        raise AtError
    host, port = text(command, 1), number(command, 2, 1, 65535)
    wanted = security.given(command, 3, host)
    wish = None if wanted is None else wanted.wish(core)
    connection = Connection(_PROXY, 0, host, port, tls=wish)
    if await core.sockets.connect(connection) is not None:
        raise AtError
    return ['#XTCPCLI: 7,"connected"']


def _proxy(core: Core) -> Connection:
    connection = core.sockets.open.get(_PROXY)
    if connection is None:
        raise AtError
    return connection


async def _client_send(core: Core, command: Command) -> Info:
    data = text(command, 0).encode("latin-1")
    if not await core.sockets.send(_proxy(core), data):
        raise AtError
    return [f"#XTCPSEND: {len(data)}"]


def _client_send_later(core: Core, command: Command) -> Info:
    connection = _proxy(core)
    data_mode.enter(core, lambda data: core.sockets.send(connection, data))
    return None


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    if connection.number == _PROXY:
        data = core.sockets.read(connection, count)
        core.urc(f"#XTCPDATA: {len(data)}\r\n" + data.decode("latin-1"))
    state(core).news.set()


def peer_closed(core: Core, connection: Connection) -> None:
    if connection.number == _PROXY:
        core.sockets.close(_PROXY)
        core.urc('#XTCPCLI: 0,"disconnected"')
    state(core).news.set()


COMMANDS: CommandTable = {
    "#XSOCKET": Entry(
        read=_sockets, set=_socket, test=says("#XSOCKET: (0,1,2),(1,2,3),(0,1),<cid>")
    ),
    "#XSOCKETSELECT": Entry(read=_selection, set=_select),
    "#XCONNECT": Entry(set=_connect),
    "#XSEND": Entry(run=_send_later, set=_send),
    "#XRECV": Entry(set=_receive),
    "#XPOLL": Entry(set=_poll),
    "#XTCPCLI": Entry(
        set=_client,
        test=says("#XTCPCLI: (0,1,2),<url>,<port>,<sec_tag>,<peer_verify>,<hostname_verify>"),
    ),
    "#XTCPSEND": Entry(run=_client_send_later, set=_client_send),
}
