"""+USO…: sockets (SARA AT manuals, "Internet suite").

Data are written after the ``@`` prompt, as a quoted string, or as hexadecimal digits (+UDCONF=1),
and read as a quoted string with a count. +USOSEC gives a socket that is not connected yet a
security profile, by default the one that verifies nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.socket_pool import Connection, Failure, State
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text
from harness.virtual_modem.ublox import security

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

NUMBERS = range(7)
_TCP, _UDP = 6, 17
MOST, MOST_HEX = 1024, 512  #: bytes of one write or read
_PROMPT_S = 20.0
#: as errno.h numbers them, which is told of plain sockets; 103 for TLS is assumed
_ERRORS = {Failure.NAME: 11001, Failure.REFUSED: 111, Failure.TIMEOUT: 110, Failure.TLS: 103}
_STATE = {State.OPENING: 2, State.CONNECTED: 4, State.CLOSED: 7}


@dataclass(slots=True)
class Sockets:
    """Numbers that +USOCR gave out and that are not connected yet; the last error (+USOER).

    ``secured`` are those that +USOSEC switched to TLS, with their profile; None is the default.
    """

    made: set[int] = field(default_factory=set)
    secured: dict[int, int | None] = field(default_factory=dict)
    error: int = 0
    hexadecimal: bool = False


def _own(core: Core) -> Sockets:
    return core.part(Sockets)


def _create(core: Core, command: Command) -> Info:
    if number(command, 0, 0, 255) != _TCP:
        raise Unknown  # UDP is not there
    own = _own(core)
    made = own.made
    free = next((one for one in NUMBERS if one not in made and one not in core.sockets.open), None)
    if free is None:
        raise AtError(3)
    made.add(free)
    own.secured.pop(free, None)
    return [f"+USOCR: {free}"]


async def _connect(core: Core, command: Command) -> Info:
    one, host, port = number(command, 0, 0, 6), text(command, 1), number(command, 2, 1, 65535)
    own = _own(core)
    if one not in own.made:
        raise AtError(3)
    if core.radio.active() is None:
        own.error = 102
        raise AtError(3)
    wish = security.wish(core, own.secured[one]) if one in own.secured else None
    connection = Connection(one, 1, host, port, tls=wish)
    if number(command, 3, 0, 1, 0):
        core.after_final(lambda: core.spawn(_connect_later(core, connection)))
        return None
    if await _connected(core, connection):
        raise AtError(3)
    return None


def _secure(core: Core, command: Command) -> Info:
    """+USOSEC=<socket>[,<0|1>[,<profile>]]: TLS or not, from the next +USOCO on."""
    one, own = number(command, 0, 0, 6), _own(core)
    if len(command.params) == 1:
        if one not in own.made and one not in core.sockets.open:
            raise AtError(3)
        profile = own.secured.get(one)
        shown = "" if profile is None else f",{profile}"
        return [f"+USOSEC: {one},{int(one in own.secured)}{shown}"]
    if one not in own.made:
        raise AtError(3)
    if number(command, 1, 0, 1):
        profile = number(command, 2, 0, security.PROFILES, -1)
        own.secured[one] = None if profile < 0 else profile
    else:
        own.secured.pop(one, None)
    return None


async def _connected(core: Core, connection: Connection) -> int:
    """Connect; the error number, 0 for none."""
    own = _own(core)
    failure = await core.sockets.connect(connection)
    own.error = _ERRORS.get(failure, 0) if failure is not None else 0
    if failure is None:
        own.made.discard(connection.number)
    return own.error


async def _connect_later(core: Core, connection: Connection) -> None:
    error = await _connected(core, connection)
    core.urc(f"+UUSOCO: {connection.number},{error}")


def _connection(core: Core, command: Command) -> Connection:
    connection = core.sockets.open.get(number(command, 0, 0, 6))
    if connection is None:
        raise AtError(3)
    return connection


async def _write(core: Core, command: Command) -> Info:
    connection = _connection(core, command)
    hexadecimal = _own(core).hexadecimal
    count = number(command, 1, 1, MOST_HEX if hexadecimal else MOST)
    if connection.state is not State.CONNECTED:
        raise AtError(3)
    if len(command.params) > 2:
        data = _inline(text(command, 2), count, hexadecimal=hexadecimal)
    else:
        given = await core.ask("\r\n@", count, timeout_s=_PROMPT_S)
        if given is None:
            raise AtError(3)
        data = given
    if not await core.sockets.send(connection, data):
        raise AtError(3)
    return [f"+USOWR: {connection.number},{count}"]


def _inline(given: str, count: int, *, hexadecimal: bool) -> bytes:
    try:
        data = bytes.fromhex(given) if hexadecimal else given.encode("latin-1")
    except ValueError:
        raise AtError(50) from None
    if len(data) != count:
        raise AtError(50)
    return data


def _read(core: Core, command: Command) -> Info:
    connection = _connection(core, command)
    hexadecimal = _own(core).hexadecimal
    limit = number(command, 1, 0, MOST_HEX if hexadecimal else MOST)
    one = connection.number
    if limit == 0:
        return [f"+USORD: {one},{len(connection.received)}"]
    if connection.state is State.CLOSED and not connection.received:
        raise AtError(3)
    data = core.sockets.read(connection, limit)
    if connection.received:
        left = len(connection.received)
        core.after_final(lambda: core.urc(f"+UUSORD: {one},{left}"))
    elif connection.state is State.CLOSED:
        core.after_final(lambda: _closed(core, connection))
    shown = data.hex().upper() if hexadecimal else data.decode("latin-1")
    return [f'+USORD: {one},{len(data)},"{shown}"']


def _closed(core: Core, connection: Connection) -> None:
    """The peer closed and all was read: the number is free again."""
    core.sockets.close(connection.number)
    core.urc(f"+UUSOCL: {connection.number}")


def _close(core: Core, command: Command) -> Info:
    one, own = number(command, 0, 0, 6), _own(core)
    if one not in own.made and one not in core.sockets.open:
        raise AtError(3)
    own.made.discard(one)
    core.sockets.close(one)
    if number(command, 1, 0, 1, 0):
        core.after_final(lambda: core.urc(f"+UUSOCL: {one}"))
    return None


def _control(core: Core, command: Command) -> Info:
    """+USOCTL: 0 type, 1 last error, 10 TCP state, 11 unacknowledged bytes."""
    one, what = number(command, 0, 0, 6), number(command, 1, 0, 11)
    own = _own(core)
    connection = core.sockets.open.get(one)
    if connection is None and one not in own.made:
        raise AtError(3)
    state = 0 if connection is None else _STATE[connection.state]
    shown = {0: _TCP, 1: own.error, 10: state, 11: 0}
    if what not in shown:
        raise AtError(50)
    return [f"+USOCTL: {one},{what},{shown[what]}"]


def _configure(core: Core, command: Command) -> Info:
    """+UDCONF=1,<0|1>: data as hexadecimal digits."""
    if number(command, 0, 0, 255) != 1:
        raise Unknown
    if len(command.params) < 2:
        return [f"+UDCONF: 1,{int(_own(core).hexadecimal)}"]
    _own(core).hexadecimal = number(command, 1, 0, 1) == 1
    return None


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    """Once until something was read; what is left then is told again."""
    if not connection.told:
        connection.told = True
        core.urc(f"+UUSORD: {connection.number},{len(connection.received)}")


def peer_closed(core: Core, connection: Connection) -> None:
    if not connection.received:
        _closed(core, connection)


COMMANDS: CommandTable = {
    "+USOCR": Entry(set=_create, test=says("+USOCR: (6)")),
    "+USOCO": Entry(set=_connect, test=says("+USOCO: (0-6),,(1-65535),(0,1)")),
    "+USOSEC": Entry(set=_secure, test=says(f"+USOSEC: (0-6),(0,1),(0-{security.PROFILES})")),
    "+USOWR": Entry(set=_write, test=says(f"+USOWR: (0-6),(1-{MOST})")),
    "+USORD": Entry(set=_read, test=says(f"+USORD: (0-6),(0-{MOST})")),
    "+USOCL": Entry(set=_close, test=says("+USOCL: (0-6),(0,1)")),
    "+USOCTL": Entry(set=_control, test=says("+USOCTL: (0-6),(0,1,10,11)")),
    "+USOER": Entry(run=lambda core, command: [f"+USOER: {_own(core).error}"]),
    "+UDCONF": Entry(set=_configure, test=says("+UDCONF: (1),(0,1)")),
}
