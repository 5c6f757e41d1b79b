"""+CIPRXGET: data that wait until they are read (SIM800, SIM7000, SIM7600, A76xx TCPIP notes)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError
from harness.virtual_modem.socket_pool import Connection
from harness.virtual_modem.table import Entry, Info, number, says

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_READ, _READ_HEX, _COUNT = 2, 3, 4


def received(*, single: Callable[[Core], bool], empty: str | None, limit: int) -> Entry:
    """``single``: commands have no connection number; ``empty``: what is said when nothing is
    there, before ERROR (None: a count of 0 and OK); ``limit``: bytes of one read."""

    def act(core: Core, command: Command) -> Info:
        mode = number(command, 0, 0, 4)
        if mode < _READ:
            core.values["+CIPRXGET"] = str(mode)
            return None
        if core.values.get("+CIPRXGET", "0") != "1":
            raise AtError(3)
        at = 1 if single(core) else 2
        one = 0 if single(core) else number(command, 1, 0, 9)
        named = "" if single(core) else f",{one}"
        connection = core.sockets.open.get(one)
        if connection is None:
            raise AtError(3)
        if mode == _COUNT:
            return [f"+CIPRXGET: 4{named},{len(connection.received)}"]
        return _data(core, connection, mode, named, number(command, at, 1, limit))

    def _data(core: Core, connection: Connection, mode: int, named: str, count: int) -> Info:
        if not connection.received and empty is not None:
            core.information([empty])
            raise AtError
        data = core.sockets.read(connection, count)
        left = len(connection.received)
        shown = data.hex().upper() if mode == _READ_HEX else data.decode("latin-1")
        head = f"+CIPRXGET: {mode}{named},{len(data)},{left}"
        return [f"{head}\r\n{shown}" if data else head]

    return Entry(
        read=lambda core, command: [f"+CIPRXGET: {core.values.get('+CIPRXGET', '0')}"],
        set=act,
        test=says(f"+CIPRXGET: (0-4),(0-9),(1-{limit})"),
    )
