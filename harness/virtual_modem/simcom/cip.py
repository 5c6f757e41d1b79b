"""+CIPSTART and its relatives (SIM800 and SIM7000 TCPIP manuals).

Results are told without OK (``0, CLOSE OK``, ``SHUT OK``), +CIFSR has no result at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.results import AtError, Finished, Unknown
from harness.virtual_modem.simcom import ca
from harness.virtual_modem.simcom.packet import CIP, is_up, up
from harness.virtual_modem.simcom.received import received
from harness.virtual_modem.socket_pool import Connection, Failure, State
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

NUMBERS = range(6)
SEND_MAX = 1460
_STATE = {State.OPENING: "CONNECTING", State.CONNECTED: "CONNECTED", State.CLOSED: "CLOSED"}


@dataclass(slots=True)
class Stack:
    """``multiple`` is +CIPMUX; ``apn`` None before +CSTT; ``addressed`` after +CIFSR."""

    multiple: bool = False
    apn: str | None = None
    addressed: bool = False


def _stack(core: Core) -> Stack:
    return core.part(Stack)


def _connections(core: Core) -> list[Connection]:
    return [one for one in core.sockets.open.values() if not ca.owns(one)]


def _named(core: Core, number_: int, text_: str) -> str:
    """``0, CLOSED`` with several connections, ``CLOSED`` with one."""
    return f"{number_}, {text_}" if _stack(core).multiple else text_


def _mux(core: Core, command: Command) -> Info:
    if _connections(core) or _stack(core).apn is not None:
        raise AtError(3)
    _stack(core).multiple = number(command, 0, 0, 1) == 1
    return None


def _start_task(core: Core, command: Command) -> Info:
    if _stack(core).apn is not None:
        raise AtError(3)
    _stack(core).apn = text(command, 0, "")
    return None


def _bring_up(core: Core, command: Command) -> Info:
    apn = _stack(core).apn
    if apn is None or not up(core, CIP, apn):
        raise AtError
    return None


def _address(core: Core, command: Command) -> Info:
    """The address alone: neither a prefix nor OK."""
    if not is_up(core, CIP):
        raise AtError
    _stack(core).addressed = True
    core.without_final()
    return [core.subscription.address]


def _shut(core: Core, command: Command) -> Info:
    core.sockets.close_all()
    core.radio.deactivate(CIP)
    stack = _stack(core)
    stack.apn, stack.addressed = None, False
    raise Finished("SHUT OK")


def _number(core: Core, command: Command) -> tuple[int, int]:
    """The connection, and how many parameters it took."""
    return (number(command, 0, 0, 5), 1) if _stack(core).multiple else (0, 0)


def _open(core: Core, command: Command) -> Info:
    one, at = _number(core, command)
    if text(command, at) != "TCP":
        raise Unknown
    host, port = text(command, at + 1), text(command, at + 2)
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise AtError(3)
    if one in core.sockets.open:
        core.after_final(lambda: core.urc(_named(core, one, "ALREADY CONNECT")))
        raise AtError(3)
    if not is_up(core, CIP) or not _stack(core).addressed:
        raise AtError(3)
    connection = Connection(one, CIP, host, int(port))
    core.after_final(lambda: core.spawn(_connect(core, connection)))
    return None


async def _connect(core: Core, connection: Connection) -> None:
    failure = await core.sockets.connect(connection)
    if failure is not Failure.GIVEN_UP:
        told = "CONNECT OK" if failure is None else "CONNECT FAIL"
        core.urc(_named(core, connection.number, told))


async def _send(core: Core, command: Command) -> Info:
    one, at = _number(core, command)
    connection = core.sockets.open.get(one)
    if connection is None or connection.state is not State.CONNECTED:
        raise AtError(3)
    count = number(command, at, 1, SEND_MAX) if len(command.params) > at else None
    data = await core.ask("\r\n> ", count, timeout_s=60.0, echo=core.reader.echo)
    if data is None:
        return None
    if not await core.sockets.send(connection, data):
        raise Finished(_named(core, one, "SEND FAIL"))
    if core.values.get("+CIPQSEND", "0") == "1":
        raise Finished(f"DATA ACCEPT:{one},{len(data)}" if at else f"DATA ACCEPT:{len(data)}")
    raise Finished(_named(core, one, "SEND OK"))


def _close(core: Core, command: Command) -> Info:
    one, _ = _number(core, command)
    if one not in core.sockets.open:
        raise AtError(3)
    core.sockets.close(one)
    raise Finished(_named(core, one, "CLOSE OK"))


def _status(core: Core, command: Command) -> Info:
    core.after_final(lambda: core.urc(f"STATE: {_state(core)}"))
    return None


def _state(core: Core) -> str:
    stack = _stack(core)
    if _connections(core):
        return "IP PROCESSING" if stack.multiple else "CONNECT OK"
    if stack.addressed:
        return "IP STATUS"
    if is_up(core, CIP):
        return "IP GPRSACT"
    return "IP START" if stack.apn is not None else "IP INITIAL"


def _connection_status(core: Core, command: Command) -> Info:
    one = number(command, 0, 0, 5)
    c = core.sockets.open.get(one)
    if c is None:
        return [f'+CIPSTATUS: {one},,"","","","INITIAL"']
    return [f'+CIPSTATUS: {one},0,"TCP","{c.host}","{c.port}","{_STATE[c.state]}"']


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    """With +CIPRXGET=1 told once until drained, else pushed."""
    if core.values.get("+CIPRXGET", "0") == "1":
        if not connection.told:
            connection.told = True
            one = f",{connection.number}" if _stack(core).multiple else ""
            core.urc(f"+CIPRXGET: 1{one}")
        return
    data = core.sockets.read(connection, count).decode("latin-1")
    if _stack(core).multiple:
        core.urc(f"+RECEIVE,{connection.number},{len(data)}:\r\n{data}")
    else:
        core.urc(data)


def peer_closed(core: Core, connection: Connection) -> None:
    core.urc(_named(core, connection.number, "CLOSED"))
    if not connection.received:
        core.sockets.close(connection.number)


COMMANDS: CommandTable = {
    "+CIPMUX": Entry(read=lambda core, command: [f"+CIPMUX: {int(_stack(core).multiple)}"],
                     set=_mux, test=says("+CIPMUX: (0,1)")),
    "+CSTT": Entry(read=lambda core, command: [f'+CSTT: "{_stack(core).apn or ""}","",""'],
                   set=_start_task, test=says('+CSTT: "APN","USER","PWD"')),
    "+CIICR": Entry(run=_bring_up, test=lambda core, command: None),
    "+CIFSR": Entry(run=_address, test=lambda core, command: None),
    "+CIPSHUT": Entry(run=_shut, test=lambda core, command: None),
    "+CIPSTART": Entry(set=_open, test=says('+CIPSTART: (0-5),("TCP"),("(0-255)"),(1-65535)')),
    "+CIPSEND": Entry(run=_send, set=_send, test=says(f"+CIPSEND: (0-5),(1-{SEND_MAX})")),
    "+CIPCLOSE": Entry(run=_close, set=_close, test=says("+CIPCLOSE: (0-5),(0,1)")),
    "+CIPSTATUS": Entry(run=_status, set=_connection_status, test=lambda core, command: None),
    "+CIPQSEND": kept("+CIPQSEND", "0", ranged("0,1")),
    "+CIPHEAD": kept("+CIPHEAD", "0", ranged("0,1")),
    "+CIPSPRT": kept("+CIPSPRT", "1", ranged("0-2")),
    "+CIPRXGET": received(single=lambda core: not _stack(core).multiple, empty=None,
                          limit=SEND_MAX),
}  # fmt: skip
