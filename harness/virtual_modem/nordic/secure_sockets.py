"""#XSSOCKET and #XSSOCKETOPT (doc/SOCKET_AT_commands.rst, src/slm_at_socket.c), NCS up to 3.1.

A secure socket is opened and set up here; all else is as with a plain one. The handshake is part
of #XCONNECT, and a certificate that is refused is a plain ERROR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.nordic import sockets
from harness.virtual_modem.nordic.credentials import HIGHEST_TAG
from harness.virtual_modem.nordic.security import NONE, REQUIRED, Security
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_TLS_1_2 = 258
_HOSTNAME, _PEER_VERIFY = 2, 5
_GET = 0


def _socket(core: Core, command: Command) -> Info:
    operation = number(command, 0, 0, 2)
    if operation == 0:
        return sockets.closed(core)
    if number(command, 1, 1, 2) != 1 or number(command, 2, 0, 1) != 0 or operation == 2:
        raise Unknown  # datagrams, servers and IPv6 are not there
    security = Security(
        number(command, 3, 0, HIGHEST_TAG), number(command, 4, NONE, REQUIRED, REQUIRED)
    )
    return [f"#XSSOCKET: {sockets.opened(core, security)},1,{_TLS_1_2}"]


def _sockets(core: Core, command: Command) -> Info:
    own = sockets.state(core)
    if own.selected is None:
        return []
    security = own.secured.get(own.selected)
    return [f"#XSSOCKET: {own.selected},1,0,1,{-1 if security is None else security.tag},0"]


def _option(core: Core, command: Command) -> Info:
    own = sockets.state(core)
    security = None if own.selected is None else own.secured.get(own.selected)
    if security is None:
        raise AtError
    operation, name = number(command, 0, 0, 1), number(command, 1, 0, 65535)
    if name not in (_HOSTNAME, _PEER_VERIFY):
        raise Unknown
    if operation == _GET:
        return [f"#XSSOCKETOPT: {security.name if name == _HOSTNAME else security.verify}"]
    if name == _PEER_VERIFY:
        security.verify = number(command, 2, NONE, REQUIRED)
        return None
    host = text(command, 2)
    security.name = "" if host.upper() == "NULL" else host
    return None


COMMANDS: CommandTable = {
    "#XSSOCKET": Entry(
        read=_sockets, set=_socket,
        test=says("#XSSOCKET: (0,1,2),(1,2),(0,1),<sec_tag>,<peer_verify>,<cid>"),
    ),
    "#XSSOCKETOPT": Entry(set=_option, test=says("#XSSOCKETOPT: (0,1),<name>,<value>")),
}  # fmt: skip
