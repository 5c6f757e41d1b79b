"""#SD and its relatives: sockets in command mode (AT Commands Reference Guide, "Multisocket").

Numbers 1 to 6. Data are announced with SRING and read with #SRECV; hexadecimal forms by #SCFGEXT.
Online mode (<connMode> 0 of #SD) is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.socket_pool import Connection, Failure, State
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

NUMBERS = range(1, 7)
SEND_MAX = READ_MAX = 1500
_PUSHED = 2  #: <srMode>: data come with SRING
_FAILURES = {Failure.NAME: 558, Failure.TIMEOUT: 559, Failure.REFUSED: 562}


@dataclass(slots=True)
class SocketSettings:
    """#SCFG, #SCFGEXT and #SCFGEXT2 by connection."""

    basic: dict[int, list[int]] = field(
        default_factory=lambda: {one: [1, 300, 90, 600, 50] for one in NUMBERS}
    )
    extended: dict[int, list[int]] = field(
        default_factory=lambda: {one: [0, 0, 0, 0, 0] for one in NUMBERS}
    )
    more: dict[int, list[int]] = field(
        default_factory=lambda: {one: [0, 0, 0, 0, 0] for one in NUMBERS}
    )


_BASIC = ((1, 6), (0, 1500), (0, 65535), (10, 1200), (0, 255))
_EXTENDED = ((0, 2), (0, 1), (0, 240), (0, 1), (0, 1))
_MORE = ((0, 255), (0, 1), (0, 0), (0, 0), (0, 2))


def _settings(core: Core) -> SocketSettings:
    return core.part(SocketSettings)


def _configuration(name: str, which: str, limits: tuple[tuple[int, int], ...]) -> Entry:
    def read(core: Core, command: Command) -> Info:
        values: dict[int, list[int]] = getattr(_settings(core), which)
        return [f"{name}: {one},{','.join(map(str, values[one]))}" for one in NUMBERS]

    def write(core: Core, command: Command) -> Info:
        values = getattr(_settings(core), which)[number(command, 0, 1, 6)]
        new = [
            number(command, place + 1, low, high, values[place])
            for place, (low, high) in enumerate(limits)
        ]
        values[:] = new
        return None

    shown = ",".join(f"({low}-{high})" for low, high in limits)
    return Entry(read=read, set=write, test=says(f"{name}: (1-6),{shown}"))


def _connection(core: Core, command: Command) -> Connection:
    connection = core.sockets.open.get(number(command, 0, 1, 6))
    if connection is None:
        raise AtError(556)
    return connection


async def _dial(core: Core, command: Command) -> Info:
    number_, protocol = number(command, 0, 1, 6), number(command, 1, 0, 1)
    port, host = number(command, 2, 1, 65535), text(command, 3)
    if protocol or number(command, 6, 0, 1, 0) == 0:
        raise Unknown  # UDP and online mode are not there
    context = core.radio.contexts.get(_settings(core).basic[number_][0])
    if context is None or not context.active:
        raise AtError(556)
    if number_ in core.sockets.open:
        raise AtError(560)
    failure = await core.sockets.connect(Connection(number_, 1, host, port))
    if failure is not None and failure is not Failure.GIVEN_UP:
        raise AtError(_FAILURES[failure])
    return None


def _hexadecimal(core: Core, connection: Connection, place: int) -> bool:
    return _settings(core).extended[connection.number][place] == 1


async def _send(core: Core, command: Command) -> Info:
    """#SSEND: text up to Ctrl-Z."""
    connection = _connection(core, command)
    return await _transfer(core, connection, None)


async def _send_counted(core: Core, command: Command) -> Info:
    """#SSENDEXT: so many bytes, whatever they are."""
    connection = _connection(core, command)
    return await _transfer(core, connection, number(command, 1, 1, SEND_MAX))


async def _transfer(core: Core, connection: Connection, count: int | None) -> Info:
    if connection.state is not State.CONNECTED:
        raise AtError(551)
    hexadecimal = _hexadecimal(core, connection, 4)
    if count is not None and hexadecimal:
        count *= 2
    data = await core.ask("\r\n> ", count, timeout_s=60.0, echo=core.reader.echo)
    if data is None:
        return None
    if hexadecimal:
        try:
            data = bytes.fromhex(data.decode("ascii"))
        except ValueError:
            raise AtError(50) from None
    if not await core.sockets.send(connection, data):
        raise AtError(563)
    return None


def _receive(core: Core, command: Command) -> Info:
    connection = _connection(core, command)
    limit = number(command, 1, 1, READ_MAX)
    data = core.sockets.read(connection, limit)
    if not data:
        raise AtError  # the manual: an error when there are no data
    shown = data.hex().upper() if _hexadecimal(core, connection, 1) else data.decode("latin-1")
    return [f"#SRECV: {connection.number},{len(data)}\r\n{shown}"]


def _information(core: Core, command: Command) -> Info:
    wanted = number(command, 0, 1, 6) if command.params else None
    lines = []
    for one in NUMBERS if wanted is None else (wanted,):
        c = core.sockets.open.get(one)
        counts = (0, 0, 0) if c is None else (c.sent, c.total - len(c.received), len(c.received))
        lines.append(f"#SI: {one},{counts[0]},{counts[1]},{counts[2]},0")
    return lines


def _status(core: Core, command: Command) -> Info:
    wanted = number(command, 0, 1, 6) if command.params else None
    lines = []
    for one in NUMBERS if wanted is None else (wanted,):
        c = core.sockets.open.get(one)
        if c is None or c.sock is None:
            lines.append(f"#SS: {one},{3 if c is not None and c.received else 0}")
            continue
        local = c.sock.getsockname()[1]
        state = 3 if c.received else 2
        lines.append(f"#SS: {one},{state},{core.subscription.address},{local},{c.host},{c.port}")
    return lines


def _close(core: Core, command: Command) -> Info:
    core.sockets.close(number(command, 0, 1, 6))
    return None


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    """SRING in the form of <srMode>; once until the buffer is empty, except when pushed."""
    mode = _settings(core).extended[connection.number][0]
    head = f"SRING: {connection.number}"
    if mode == _PUSHED:
        data = core.sockets.read(connection, count)
        shown = data.hex().upper() if _hexadecimal(core, connection, 1) else data.decode("latin-1")
        core.urc(f"{head},{len(data)},{shown}")
    elif not connection.told:
        connection.told = True
        core.urc(head if mode == 0 else f"{head},{len(connection.received)}")


def peer_closed(core: Core, connection: Connection) -> None:
    """NO CARRIER, with the connection when <noCarrierMode> asks for it."""
    mode = _settings(core).more[connection.number][4]
    more = ("", f": {connection.number}", f": {connection.number},1")[mode]
    core.urc(f"NO CARRIER{more}")
    if not connection.received:
        core.sockets.close(connection.number)


COMMANDS: CommandTable = {
    "#SCFG": _configuration("#SCFG", "basic", _BASIC),
    "#SCFGEXT": _configuration("#SCFGEXT", "extended", _EXTENDED),
    "#SCFGEXT2": _configuration("#SCFGEXT2", "more", _MORE),
    "#SD": Entry(set=_dial, test=says("#SD: (1-6),(0,1),(0-65535),,(0,255),(0-65535),(0,1)")),
    "#SSEND": Entry(set=_send, test=says("#SSEND: (1-6)")),
    "#SSENDEXT": Entry(set=_send_counted, test=says(f"#SSENDEXT: (1-6),(1-{SEND_MAX})")),
    "#SRECV": Entry(set=_receive, test=says(f"#SRECV: (1-6),(1-{READ_MAX})")),
    "#SI": Entry(run=_information, set=_information, test=says("#SI: (1-6)")),
    "#SS": Entry(run=_status, set=_status, test=says("#SS: (1-6)")),
    "#SH": Entry(set=_close, test=says("#SH: (1-6)")),
}
