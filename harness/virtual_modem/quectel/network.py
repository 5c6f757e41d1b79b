"""Signal, operator, SIM and PDP contexts in Quectel's own commands (AT and TCP/IP manuals)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.commands.radio import OPERATOR
from harness.virtual_modem.quectel.model import last_error, model_of
from harness.virtual_modem.radio import Context, NotActivated
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


def _signal(core: Core, command: Command) -> Info:
    if not core.radio.registered:
        return ['+QCSQ: "NOSERVICE"']
    return [f'+QCSQ: "{model_of(core).technology}",-60,-85,150,-9']


def _network_info(core: Core, command: Command) -> Info:
    if not core.radio.registered:
        return ["+QNWINFO: No Service"]
    return [f'+QNWINFO: "{model_of(core).technology}","20408","LTE BAND 20",6300']


def _provider(core: Core, command: Command) -> Info:
    if not core.radio.registered:
        return ['+QSPN: "","","",0,""']
    long, short, numeric = OPERATOR
    return [f'+QSPN: "{long}","{short}","",0,"{numeric}"']


def _sim_status(core: Core, command: Command) -> Info:
    return [f"+QSIMSTAT: 0,{int(core.subscription.present)}"]


def _initialised(core: Core, command: Command) -> Info:
    """1 SIM, 2 SMS, 4 phone book."""
    return [f"+QINISTAT: {7 if core.radio.unlocked else 0}"]


def _configure(core: Core, command: Command) -> Info:
    cid = number(command, 0, 1, 16)
    context = core.radio.contexts.get(cid, Context())
    if len(command.params) == 1:
        return [f'+QICSGP: 1,"{context.apn}","{context.user}","{context.password}",{context.auth}']
    kind = {1: "IP", 2: "IPV6", 3: "IPV4V6"}[number(command, 1, 1, 3)]
    core.radio.contexts[cid] = Context(
        kind, text(command, 2), text(command, 3, ""), text(command, 4, ""),
        number(command, 5, 0, 3, 0), context.active,
    )  # fmt: skip
    return None


def _activate(core: Core, command: Command) -> Info:
    cid = number(command, 0, 1, 16)
    context = core.radio.contexts.get(cid)
    if context is not None and context.active:
        if model_of(core).reactivates:
            return None
        last_error(core).number = 572
        raise AtError
    try:
        core.radio.activate(cid)
    except NotActivated as error:
        # the TCP/IP manual shows plain ERROR here; the reason is in AT+QIGETERROR
        last_error(core).number = 561 if error.defined else 573
        raise AtError from None
    last_error(core).number = 0
    return None


def _deactivate(core: Core, command: Command) -> Info:
    core.radio.deactivate(number(command, 0, 1, 16))
    return None


def _active(core: Core, command: Command) -> Info:
    return [
        f'+QIACT: {cid},1,1,"{core.subscription.address}"'
        for cid, context in sorted(core.radio.contexts.items())
        if context.active
    ]


COMMANDS: CommandTable = {
    "+QCSQ": Entry(run=_signal), "+QNWINFO": Entry(run=_network_info),
    "+QICSGP": Entry(set=_configure, test=says("+QICSGP: (1-16),(1-3),,,,(0-3)")),
    "+QIACT": Entry(read=_active, set=_activate, test=says("+QIACT: (1-16)")),
    "+QIDEACT": Entry(set=_deactivate, test=says("+QIDEACT: (1-16)")),
    "+QSPN": Entry(run=_provider, read=_provider),
    "+QSIMSTAT": Entry(read=_sim_status),
    "+QINISTAT": Entry(run=_initialised),
}  # fmt: skip
