"""+CCHSTART, +CCHOPEN and their relatives: two sessions of TLS or TCP.

SIM7500_SIM7600 AT V3.00 §10, A76XX AT V1.09 §19, A76XX SSL Application Note V1.02. Assumed: plain
ERROR for a command out of its order, error 11 for a read that finds nothing, blocks of 1024 bytes
(as in the example of A76XX §19.2.15), and +CCH: CCH STOP also from SIM7600. Transparent mode and
+CCHCFG are not there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import Setting, ranged
from harness.virtual_modem.results import AtError
from harness.virtual_modem.simcom import cch_contexts, data_service
from harness.virtual_modem.simcom.cch_variant import variant_of
from harness.virtual_modem.simcom.packet import address
from harness.virtual_modem.socket_pool import Connection, Failure, State
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_USER = "CCH"
_SESSIONS = range(2)
_OWN = 100  #: sessions are apart from the connection numbers of +CIPOPEN
_TLS, _MAX, _BLOCK = 2, 2048, 1024
# <err> of A76XX §19.3.1, SIM7600 §10.3
_TRANSFER, _NETWORK, _STATE, _NO_CERTIFICATE = 6, 9, 11, 19
_ERRORS = {Failure.NAME: 13, Failure.REFUSED: 14, Failure.TIMEOUT: 5, Failure.TLS: 15}


@dataclass(slots=True)
class Service:
    """SSL contexts by session, as +CCHSSLCFG chose them."""

    contexts: dict[int, int] = field(default_factory=dict)


def owns(connection: Connection) -> bool:
    """Whether a connection of the pool is a session."""
    return connection.number >= _OWN


def _running(core: Core) -> bool:
    return data_service.started(core, _USER)


def _session(command: Command) -> int:
    return number(command, 0, 0, _SESSIONS[-1])


def _start(core: Core, command: Command) -> Info:
    if _running(core):
        raise AtError

    def report() -> None:
        done = data_service.start(core, _USER)
        core.urc(f"+CCHSTART: {0 if done else _NETWORK}")

    core.after_final(report)
    return None


def _stop(core: Core, command: Command) -> Info:
    if not _running(core):
        raise AtError
    for session in _SESSIONS:
        _end(core, session)
    data_service.stop(core, _USER)
    core.after_final(lambda: core.urc("+CCHSTOP: 0"))
    return None


def _end(core: Core, session: int) -> None:
    """The choice of a context ends with its connection."""
    core.sockets.close(session + _OWN)
    core.part(Service).contexts.pop(session, None)


def network_lost(core: Core) -> None:
    if data_service.lost(core, _USER):
        core.part(Service).contexts.clear()
        core.urc("+CCH: CCH STOP")


def _address(core: Core, command: Command) -> Info:
    if not _running(core):
        raise AtError
    return [f"+CCHADDR: {address(core, data_service.CID)}"]


_REPORT = Setting("0,0", (ranged("0,1"), ranged("0,1")))


def _reporting(core: Core) -> str:
    return core.values.get("+CCHSET", _REPORT.default)


def _report(core: Core, command: Command) -> Info:
    if _running(core):
        raise AtError  # before +CCHSTART only
    core.values["+CCHSET"] = _REPORT.merge(_reporting(core), command.params)
    return None


def _report_read(core: Core, command: Command) -> Info:
    return [f"+CCHSET: {_reporting(core)}"]


def _modes(core: Core) -> tuple[bool, bool]:
    """Whether sends are reported, and whether data wait until they are read."""
    report, manual = _reporting(core).split(",")
    return report == "1", manual == "1"


def _choose(core: Core, command: Command) -> Info:
    session, context = _session(command), number(command, 1, 0, cch_contexts.CONTEXTS[-1])
    if not _running(core):
        raise AtError
    core.part(Service).contexts[session] = context
    return None


def _chosen(core: Core, command: Command) -> Info:
    contexts = core.part(Service).contexts
    return [f"+CCHSSLCFG: {session},{contexts.get(session, '')}" for session in _SESSIONS]


def _open(core: Core, command: Command) -> Info:
    session, host, port = _session(command), text(command, 1), number(command, 2, 1, 65_535)
    kind = number(command, 3, 1, 2, _TLS)
    if not _running(core) or session + _OWN in core.sockets.open:
        raise AtError
    connection = Connection(session + _OWN, data_service.CID, host, port, kind)
    if kind == _TLS:
        context = core.part(Service).contexts.get(session, session)
        try:
            connection.tls = cch_contexts.wish(core, context, host)
        except cch_contexts.CertificateMissing:
            core.after_final(lambda: _opened(core, session, _NO_CERTIFICATE))
            return None
    core.after_final(lambda: core.spawn(_connect(core, connection)))
    return None


async def _connect(core: Core, connection: Connection) -> None:
    failure = await core.sockets.connect(connection)
    if failure is Failure.GIVEN_UP:
        return
    _opened(core, connection.number - _OWN, 0 if failure is None else _ERRORS[failure])
    if connection.received:
        data_arrived(core, connection, len(connection.received))


def _opened(core: Core, session: int, error: int) -> None:
    if error:
        _end(core, session)
    core.urc(f"+CCHOPEN: {session},{error}")


def _connections(core: Core, command: Command) -> Info:
    lines = []
    for session in _SESSIONS:
        c = core.sockets.open.get(session + _OWN)
        shown = '"",,,' if c is None else f'"{c.host}",{c.port},{c.mode},'
        lines.append(f"+CCHOPEN: {session},{shown}")
    return lines


async def _send(core: Core, command: Command) -> Info:
    session, count = _session(command), number(command, 1, 1, _MAX)
    connection = core.sockets.open.get(session + _OWN)
    if connection is None or connection.state is not State.CONNECTED:
        raise AtError
    data = await core.ask("\r\n>", count, timeout_s=60.0, echo=core.reader.echo)
    if data is None:
        return None
    sent = await core.sockets.send(connection, data)
    if not sent or _modes(core)[0]:
        core.after_final(lambda: core.urc(f"+CCHSEND: {session},{0 if sent else _TRANSFER}"))
    return None


def _read(core: Core, command: Command) -> Info:
    """OK first, then blocks, then the result."""
    session = _session(command)
    connection = core.sockets.open.get(session + _OWN)
    if not _modes(core)[1] or connection is None or not connection.received:
        core.information([f"+CCHRECV: {session},{_STATE}"])
        raise AtError
    wanted = number(command, 1, 0, _MAX, len(connection.received))
    data = core.sockets.read(connection, wanted or variant_of(core).zero_reads)

    def hand_over() -> None:
        for at in range(0, len(data), _BLOCK):
            _give(core, session, data[at : at + _BLOCK])
        core.urc(f"+CCHRECV: {session},0")

    core.after_final(hand_over)
    return None


def _give(core: Core, session: int, data: bytes) -> None:
    core.urc(f"+CCHRECV: DATA,{session},{len(data)}\r\n{data.decode('latin-1')}")


def _waiting(core: Core, command: Command) -> Info:
    found = (core.sockets.open.get(session + _OWN) for session in _SESSIONS)
    lengths = (str(0 if c is None else len(c.received)) for c in found)
    return [f"+CCHRECV: LEN,{','.join(lengths)}"]


def _close(core: Core, command: Command) -> Info:
    session = _session(command)
    if session + _OWN not in core.sockets.open:
        raise AtError
    _end(core, session)
    core.after_final(lambda: core.urc(f"+CCHCLOSE: {session},0"))
    return None


def data_arrived(core: Core, connection: Connection, count: int) -> None:
    """Told once until drained where the host reads; else handed over at once."""
    session = connection.number - _OWN
    if not _modes(core)[1]:
        _give(core, session, core.sockets.read(connection, count))
    elif not connection.told:
        connection.told = True
        core.urc(f"+CCHEVENT: {session},RECV EVENT")


def peer_closed(core: Core, connection: Connection) -> None:
    core.urc(f"+CCH_PEER_CLOSED: {connection.number - _OWN}")


COMMANDS: CommandTable = {
    "+CCHSET": Entry(read=_report_read, set=_report, test=says(f"+CCHSET: {_REPORT.shown}")),
    "+CCHMODE": kept("+CCHMODE", "0", ranged("0")),
    "+CCHSTART": Entry(run=_start),
    "+CCHSTOP": Entry(run=_stop),
    "+CCHADDR": Entry(run=_address),
    "+CCHSSLCFG": Entry(read=_chosen, set=_choose, test=says("+CCHSSLCFG: (0,1),(0-9)")),
    "+CCHOPEN": Entry(read=_connections, set=_open,
                      test=says('+CCHOPEN: (0,1),"ADDRESS",(1-65535)[,(1-2)[,(1-65535)]]')),
    "+CCHSEND": Entry(read=says("+CCHSEND: 0,0,1,0"), set=_send,
                      test=says(f"+CCHSEND: (0,1),(1-{_MAX})")),
    "+CCHRECV": Entry(read=_waiting, set=_read),
    "+CCHCLOSE": Entry(set=_close),
}  # fmt: skip
