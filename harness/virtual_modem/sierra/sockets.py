"""+KTCP…: sessions that are configured, connected, and end their data with a pattern.

AirPrime HL interface guides: sending takes exactly the stated number of bytes and then the
pattern, else +KTCP_NOTIF: <id>,8 follows; reading gives ``CONNECT``, the data, the pattern, OK.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.sierra import tls
from harness.virtual_modem.sierra.connection import bring_up
from harness.virtual_modem.sierra.errors import ALL_USED, BAD_SESSION, RUNNING
from harness.virtual_modem.socket_pool import Connection, Failure, State
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

SESSIONS = range(1, 7)
_CLIENT, _SECURED = 0, 3  #: <mode>
_NETWORK, _DNS, _BY_PEER, _NO_CONNECTION, _OTHER_COUNT = 0, 3, 4, 5, 8  # <tcp_notif>
_TLS_FAILED, _TLS_UNREADY, _TLS_REFUSED = 13, 14, 15
_NOTIFIED = {Failure.NAME: _DNS, Failure.REFUSED: _NO_CONNECTION, Failure.TIMEOUT: _NO_CONNECTION}
_STATUS = {State.OPENING: 2, State.CONNECTED: 3, State.CLOSED: 5}
_SEND_S = 60.0
_PIECE = 4096


@dataclass(frozen=True, slots=True)
class Session:
    """One of +KTCPCFG; ``profile`` is its TLS profile, None for plain TCP."""

    cid: int
    host: str
    port: int
    profile: int | None = None


@dataclass(slots=True)
class Sessions:
    """What +KTCPCFG made, and the pattern of all."""

    made: dict[int, Session] = field(default_factory=dict)
    pattern: str = "--EOF--Pattern--"


def sessions(core: Core) -> Sessions:
    return core.part(Sessions)


def pattern(core: Core) -> bytes:
    """The mark at the end of data, both ways (+KPATTERN)."""
    return sessions(core).pattern.encode("latin-1", "replace")


def _configure(core: Core, command: Command) -> Info:
    cid, mode = number(command, 0, 1, 5), number(command, 1, 0, 3)
    if mode not in (_CLIENT, _SECURED):
        raise Unknown  # servers are not there
    profile = number(command, 8, 0, tls.PROFILES - 1, 0) if mode == _SECURED else None
    host, port = text(command, 2), number(command, 3, 1, 65535)
    made = sessions(core).made
    free = next((one for one in SESSIONS if one not in made), None)
    if free is None:
        raise AtError(ALL_USED)
    made[free] = Session(cid, host, port, profile)
    return [f"+KTCPCFG: {free}"]


def _configurations(core: Core, command: Command) -> Info:
    lines = []
    for one, made in sorted(sessions(core).made.items()):
        mode = _CLIENT if made.profile is None else _SECURED
        profile = "" if made.profile is None else f",{made.profile}"
        lines.append(
            f'+KTCPCFG: {one},{int(one in core.sockets.open)},{made.cid},{mode},,"{made.host}",'
            f"{made.port},,,,0{profile}"
        )
    return lines


def _session(core: Core, command: Command) -> int:
    one = number(command, 0, 0, 255)
    if one not in sessions(core).made:
        raise AtError(BAD_SESSION)
    return one


def _open(core: Core, command: Command) -> Connection:
    connection = core.sockets.open.get(_session(core, command))
    if connection is None:
        raise AtError(3)
    return connection


def _connect(core: Core, command: Command) -> Info:
    one = _session(core, command)
    if one in core.sockets.open:
        raise AtError(RUNNING)
    core.after_final(lambda: core.spawn(_connecting(core, one)))
    return None


async def _connecting(core: Core, one: int) -> None:
    made = sessions(core).made[one]
    if not bring_up(core, made.cid):
        core.urc(f"+KTCP_NOTIF: {one},{_NETWORK}")
        return
    wish = None if made.profile is None else tls.wish(core, made.profile, made.host)
    connection = Connection(one, made.cid, made.host, made.port, tls=wish)
    failure = await core.sockets.connect(connection)
    if failure is None:
        core.urc(f"+KTCP_IND: {one},1")
    elif failure is not Failure.GIVEN_UP:
        core.urc(f"+KTCP_NOTIF: {one},{_notified(connection, failure)}")


def _notified(connection: Connection, failure: Failure) -> int:
    """<tcp_notif>, also of a profile that verifies without a root certificate."""
    if failure is not Failure.TLS or connection.tls is None:
        return _NOTIFIED[failure]
    if connection.tls.anchors == b"":
        return _TLS_UNREADY
    return _TLS_FAILED if connection.refused is None else _TLS_REFUSED


async def _send(core: Core, command: Command) -> Info:
    connection = _open(core, command)
    count = number(command, 1, 1, 4_294_967_295)
    if connection.state is not State.CONNECTED:
        raise AtError(3)
    data = await core.ask("\r\nCONNECT\r\n", None, mark=pattern(core), timeout_s=_SEND_S)
    if data is None:
        raise AtError
    if not await core.sockets.send(connection, data[:count]):
        raise AtError(3)
    if len(data) != count:
        one = connection.number
        core.after_final(lambda: core.urc(f"+KTCP_NOTIF: {one},{_OTHER_COUNT}"))
    return None


async def give(core: Core, data: bytes) -> None:
    """``CONNECT``, the data and the pattern, at the pace that the line takes."""
    answer = b"\r\nCONNECT\r\n" + data + pattern(core) + b"\r\n"
    for at in range(0, len(answer), _PIECE):
        piece = answer[at : at + _PIECE]
        await core.line.room(len(piece))
        core.send(piece)


async def _receive(core: Core, command: Command) -> Info:
    connection = _open(core, command)
    await give(core, core.sockets.read(connection, number(command, 1, 1, 4_294_967_295)))
    return None


def _close(core: Core, command: Command) -> Info:
    core.sockets.close(_session(core, command))
    return None


def _delete(core: Core, command: Command) -> Info:
    one = _session(core, command)
    if one in core.sockets.open:
        raise AtError(RUNNING)
    del sessions(core).made[one]
    return None


def _status(core: Core, command: Command) -> Info:
    one = _session(core, command)
    connection = core.sockets.open.get(one)
    if connection is None:
        return ["+KTCPSTAT: 1,-1,0,0"]
    notified = _BY_PEER if connection.state is State.CLOSED else -1
    return [f"+KTCPSTAT: {_STATUS[connection.state]},{notified},0,{len(connection.received)}"]


def _set_pattern(core: Core, command: Command) -> Info:
    wanted = text(command, 0)
    if not 1 <= len(wanted) <= 32:
        raise AtError(50)
    sessions(core).pattern = wanted
    return None


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    """Once until everything was read (assumed), with what there is."""
    if not connection.told:
        connection.told = True
        core.urc(f"+KTCP_DATA: {connection.number},{len(connection.received)}")


def peer_closed(core: Core, connection: Connection) -> None:
    core.urc(f"+KTCP_NOTIF: {connection.number},{_BY_PEER}")


COMMANDS: CommandTable = {
    "+KTCPCFG": Entry(read=_configurations, set=_configure,
                      test=says("+KTCPCFG: (1-5),(0,3),<remote>,(1-65535),,,,,(0-7)")),
    "+KTCPCNX": Entry(set=_connect, test=says("+KTCPCNX: (1-6)")),
    "+KTCPSND": Entry(set=_send, test=says("+KTCPSND: (1-6),(1-4294967295)")),
    "+KTCPRCV": Entry(set=_receive, test=says("+KTCPRCV: (1-6),(1-4294967295)")),
    "+KTCPCLOSE": Entry(set=_close, test=says("+KTCPCLOSE: (1-6),(0,1)")),
    "+KTCPDEL": Entry(set=_delete, test=says("+KTCPDEL: (1-6)")),
    "+KTCPSTAT": Entry(set=_status, test=says("+KTCPSTAT: (1-6)")),
    "+KPATTERN": Entry(
        read=lambda core, command: [f'+KPATTERN: "{sessions(core).pattern}"'], set=_set_pattern,
        test=lambda core, command: None,
    ),
}  # fmt: skip
