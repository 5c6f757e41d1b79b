"""+NETOPEN, +CIPOPEN and their relatives (SIM7500_SIM7600 AT V3.00, A76XX TCPIP note)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.simcom import data_service
from harness.virtual_modem.simcom.data_service import CID
from harness.virtual_modem.simcom.packet import address, is_up
from harness.virtual_modem.simcom.received import received
from harness.virtual_modem.socket_pool import Connection, Failure, State
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

SEND_MAX = 1500
_USER = "NETOPEN"
_NOT_OPENED, _IN_USE = 2, 4  # <err> of +CIPOPEN
_ERRORS = {Failure.NAME: 11, Failure.REFUSED: 10, Failure.TIMEOUT: 10}
_BY_PEER = 1
_NUMBERS = range(10)


def _opened(core: Core) -> bool:
    return data_service.started(core, _USER)


def _failed(core: Core, told: str) -> AtError:
    """A reason, and then ERROR."""
    core.information([told])
    return AtError()


def _open_network(core: Core, command: Command) -> Info:
    if _opened(core):
        raise _failed(core, "+IP ERROR: Network is already opened")

    def report() -> None:
        opened = data_service.start(core, _USER)
        core.urc(f"+NETOPEN: {0 if opened else 1}")

    core.after_final(report)
    return None


def _network(core: Core, command: Command) -> Info:
    return [f"+NETOPEN: {int(_opened(core))}"]


def _close_network(core: Core, command: Command) -> Info:
    if not _opened(core):
        core.information(["+NETCLOSE: 2"])
        raise AtError
    for one in _NUMBERS:
        core.sockets.close(one)
    data_service.stop(core, _USER)
    core.after_final(lambda: core.urc("+NETCLOSE: 0"))
    return None


def network_lost(core: Core) -> None:
    if data_service.lost(core, _USER):
        core.urc("+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY")


def _address(core: Core, command: Command) -> Info:
    if not _opened(core) or not is_up(core, CID):
        raise _failed(core, "+IP ERROR: Network not opened")
    return [f"+IPADDR: {address(core, CID)}"]


def _open(core: Core, command: Command) -> Info:
    one = number(command, 0, 0, 9)
    if text(command, 1) != "TCP":
        raise Unknown
    if not _opened(core):
        raise _failed(core, f"+CIPOPEN: {one},{_NOT_OPENED}")
    if one in core.sockets.open:
        raise _failed(core, f"+CIPOPEN: {one},{_IN_USE}")
    connection = Connection(one, CID, text(command, 2), number(command, 3, 1, 65535))
    core.after_final(lambda: core.spawn(_connect(core, connection)))
    return None


async def _connect(core: Core, connection: Connection) -> None:
    failure = await core.sockets.connect(connection)
    if failure is not Failure.GIVEN_UP:
        error = 0 if failure is None else _ERRORS[failure]
        core.urc(f"+CIPOPEN: {connection.number},{error}")


def _connections(core: Core, command: Command) -> Info:
    lines = []
    for one in _NUMBERS:
        c = core.sockets.open.get(one)
        more = "" if c is None else f',"TCP","{c.host}",{c.port},-1'
        lines.append(f"+CIPOPEN: {one}{more}")
    return lines


async def _send(core: Core, command: Command) -> Info:
    one = number(command, 0, 0, 9)
    connection = core.sockets.open.get(one)
    if connection is None or connection.state is not State.CONNECTED:
        raise _failed(core, f"+CIPERROR: {_NOT_OPENED}")
    count = number(command, 1, 1, SEND_MAX) if len(command.params) > 1 else None
    data = await core.ask("\r\n>", count, timeout_s=60.0, echo=core.reader.echo)
    if data is None:
        return None
    sent = len(data) if await core.sockets.send(connection, data) else -1
    core.after_final(lambda: core.urc(f"+CIPSEND: {one},{len(data)},{sent}"))
    return None


def _close(core: Core, command: Command) -> Info:
    one = number(command, 0, 0, 9)
    if one not in core.sockets.open:
        raise _failed(core, f"+CIPCLOSE: {one},{_IN_USE}")
    core.sockets.close(one)
    core.after_final(lambda: core.urc(f"+CIPCLOSE: {one},0"))
    return None


def _states(core: Core, command: Command) -> Info:
    return ["+CIPCLOSE: " + ",".join(str(int(one in core.sockets.open)) for one in _NUMBERS)]


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    """+CIPRXGET=1: told once until drained; else pushed with where they came from."""
    if core.values.get("+CIPRXGET", "0") == "1":
        if not connection.told:
            connection.told = True
            core.urc(f"+CIPRXGET: 1,{connection.number}")
        return
    data = core.sockets.read(connection, count).decode("latin-1")
    origin = f"RECV FROM:{connection.host}:{connection.port}"
    core.urc(f"{origin}\r\n+IPD{len(data)}\r\n{data}")


def peer_closed(core: Core, connection: Connection) -> None:
    core.urc(f"+IPCLOSE: {connection.number},{_BY_PEER}")


def _nothing(core: Core, command: Command) -> Info:
    return None


COMMANDS: CommandTable = {
    "+NETOPEN": Entry(run=_open_network, read=_network, test=_nothing),
    "+NETCLOSE": Entry(run=_close_network, test=_nothing),
    "+IPADDR": Entry(run=_address, test=_nothing),
    "+CIPOPEN": Entry(read=_connections, set=_open,
                      test=says('+CIPOPEN: (0-9),("TCP","UDP"),,(1-65535)')),
    "+CIPSEND": Entry(set=_send, test=says(f"+CIPSEND: (0-9),(1-{SEND_MAX})")),
    "+CIPCLOSE": Entry(read=_states, set=_close, test=says("+CIPCLOSE: (0-9)")),
    "+CIPRXGET": received(single=lambda core: False, empty="+IP ERROR: No data", limit=SEND_MAX),
    "+CIPMODE": kept("+CIPMODE", "0", ranged("0")),
    "+CIPSRIP": kept("+CIPSRIP", "1", ranged("0,1")),
    "+CIPHEAD": kept("+CIPHEAD", "1", ranged("0,1")),
    "+CIPCCFG": kept("+CIPCCFG", "10,0,0,0,1,0,75000", ranged("0-10"), ranged("0-1000"),
                     ranged("0"), ranged("0,1"), ranged("0,1"), ranged("0,1"),
                     ranged("500-120000")),
    "+CIPTIMEOUT": kept("+CIPTIMEOUT", "120000,120000,120000", *[ranged("3000-120000")] * 3),
}  # fmt: skip
