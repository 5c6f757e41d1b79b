"""TLS of a connection: its security tag, what is verified, and the name that is asked for.

doc/SOCKET_AT_commands.rst, TCPUDP_AT_commands.rst and HTTPC_AT_commands.rst. TLS_HOSTNAME is the
name that is checked; that it is also asked for (SNI), and that validity is not checked, is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.nordic import credentials
from harness.virtual_modem.table import number
from harness.virtual_modem.tls import TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

NONE, OPTIONAL, REQUIRED = range(3)  #: TLS_PEER_VERIFY


@dataclass(slots=True)
class Security:
    """``name`` is TLS_HOSTNAME, "" when it is not set: then no name is asked for or checked."""

    tag: int
    verify: int = REQUIRED
    name: str = ""

    def wish(self, core: Core) -> TlsWish:
        """How the connection is made. Optional verification takes what it refuses, too."""
        anchors = credentials.root(core, self.tag) if self.verify == REQUIRED else None
        return TlsWish(self.name, anchors, check_name=bool(self.name))


def given(command: Command, place: int, host: str) -> Security | None:
    """``[<sec_tag>[,<peer_verify>[,<hostname_verify>]]]`` of a client's command; None is plain."""
    if len(command.params) <= place:
        return None
    tag = number(command, place, 0, credentials.HIGHEST_TAG)
    verify = number(command, place + 1, NONE, REQUIRED, REQUIRED)
    return Security(tag, verify, host if number(command, place + 2, 0, 1, 1) else "")
