"""+KCNXCFG and its relatives: the packet data connection (AirPrime HL interface guides).

The configuration number is the PDP context's. A TCP or HTTP session brings its connection up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.radio import Context, NotActivated
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_CONNECTED, _FAILED, _CLOSED = 1, 2, 3


def _configure(core: Core, command: Command) -> Info:
    cid = number(command, 0, 1, 5)
    if text(command, 1) != "GPRS":
        raise AtError(50)
    apn, user, password = text(command, 2, ""), text(command, 3, ""), text(command, 4, "")
    core.radio.define(cid, Context("IP", apn, user, password))
    return None


def _configurations(core: Core, command: Command) -> Info:
    return [
        f'+KCNXCFG: {cid},"GPRS","{c.apn}","{c.user}","","IPV4","{_address(core, c)}","0.0.0.0",'
        f'"0.0.0.0",{2 if c.active else 0}'
        for cid, c in sorted(core.radio.contexts.items())
    ]


def _address(core: Core, context: Context) -> str:
    return core.subscription.address if context.active else "0.0.0.0"


def bring_up(core: Core, cid: int) -> bool:
    """Activate the context unless it is active, and tell with +KCNX_IND what came of it."""
    context = core.radio.contexts.get(cid)
    if context is not None and context.active:
        return True
    try:
        core.radio.activate(cid)
    except NotActivated:
        core.urc(f"+KCNX_IND: {cid},{_FAILED}")
        return False
    core.urc(f"+KCNX_IND: {cid},{_CONNECTED},0")
    return True


def _up(core: Core, command: Command) -> Info:
    cid = number(command, 0, 1, 5)
    if cid not in core.radio.contexts:
        raise AtError(50)
    core.after_final(lambda: bring_up(core, cid))
    return None


def _down(core: Core, command: Command) -> Info:
    cid = number(command, 0, 1, 5)
    context = core.radio.contexts.get(cid)
    if context is None:
        raise AtError(50)
    if context.active:
        core.radio.deactivate(cid)
        core.after_final(lambda: core.urc(f"+KCNX_IND: {cid},{_CLOSED}"))
    return None


def lost(core: Core, cid: int) -> None:
    """The network ended it."""
    core.urc(f"+KCNX_IND: {cid},0,0")


def _addresses(core: Core, command: Command) -> Info:
    wanted = number(command, 0, 1, 5) if command.params else None
    return [
        f'+KCGPADDR: {cid},"{_address(core, context)}"'
        for cid, context in sorted(core.radio.contexts.items())
        if context.active and wanted in (None, cid)
    ]


COMMANDS: CommandTable = {
    "+KCNXCFG": Entry(read=_configurations, set=_configure, test=says('+KCNXCFG: (1-5),"GPRS"')),
    "+KCNXUP": Entry(set=_up, test=says("+KCNXUP: (1-5)")),
    "+KCNXDOWN": Entry(set=_down, test=says("+KCNXDOWN: (1-5),(0,1)")),
    "+KCGPADDR": Entry(run=_addresses, set=_addresses, test=says("+KCGPADDR: (1-5)")),
}
