"""How SIMCom modules bring a PDP context up: +CNACT, +SAPBR, and +CSTT with +CIICR.

SIM7000 AT V1.06 and TCPIP V1.02, SIM7070_7080_7090 AT V1.05, SIM800 AT and TCPIP manuals. Each of
them has a context of its own here: the IP application's, the bearer's, and the CIP commands'.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.radio import Context, NotActivated
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

CIP, BEARER = 1, 15  #: contexts of the CIP commands and of +SAPBR
_PDP = 4  #: contexts of the 7080's +CNACT


def up(core: Core, cid: int, apn: str) -> bool:
    """Define and activate; False when the network refuses."""
    context = core.radio.contexts.get(cid)
    if context is not None and context.active:
        return True
    core.radio.contexts[cid] = Context("IP", apn)
    try:
        core.radio.activate(cid)
    except NotActivated:
        return False
    return True


def is_up(core: Core, cid: int) -> bool:
    context = core.radio.contexts.get(cid)
    return context is not None and context.active


def address(core: Core, cid: int) -> str:
    return core.subscription.address if is_up(core, cid) else "0.0.0.0"


# +CNACT of SIM7000: one context, the APN in the command


def _cnact(core: Core, command: Command) -> Info:
    mode = number(command, 0, 0, 2)
    if mode == 0:
        core.radio.deactivate(CIP)
        core.after_final(lambda: core.urc("+APP PDP: DEACTIVE"))
        return None
    apn = text(command, 1, core.radio.contexts.get(CIP, Context()).apn)
    core.after_final(
        lambda: core.urc(f"+APP PDP: {'ACTIVE' if up(core, CIP, apn) else 'DEACTIVE'}")
    )
    return None


def _cnact_state(core: Core, command: Command) -> Info:
    return [f'+CNACT: {int(is_up(core, CIP))},"{address(core, CIP)}"']


CNACT_ONE: CommandTable = {
    "+CNACT": Entry(read=_cnact_state, set=_cnact, test=says('+CNACT: (0-2),"APN"')),
}


# +CNCFG and +CNACT of SIM7080: four contexts


@dataclass(slots=True)
class Configured:
    """APN by index, as +CNCFG set it."""

    apns: dict[int, str] = field(default_factory=dict)


def _cncfg(core: Core, command: Command) -> Info:
    index = number(command, 0, 0, _PDP - 1)
    number(command, 1, 0, 3)
    core.part(Configured).apns[index] = text(command, 2, "")
    return None


def _cncfg_read(core: Core, command: Command) -> Info:
    apns = core.part(Configured).apns
    return [f'+CNCFG: {one},1,"{apns.get(one, "")}","","",0' for one in range(_PDP)]


def pdp(index: int) -> int:
    """The PDP context that stands for an index of +CNACT."""
    return index + 1


def _cnact_indexed(core: Core, command: Command) -> Info:
    index, mode = number(command, 0, 0, _PDP - 1), number(command, 1, 0, 2)
    if mode == 0:
        core.radio.deactivate(pdp(index))
        core.after_final(lambda: core.urc(f"+APP PDP: {index},DEACTIVE"))
        return None
    known = core.radio.contexts.get(pdp(index), Context()).apn
    apn = core.part(Configured).apns.get(index) or known
    core.after_final(
        lambda: core.urc(
            f"+APP PDP: {index},{'ACTIVE' if up(core, pdp(index), apn) else 'DEACTIVE'}"
        )
    )
    return None


def _cnact_states(core: Core, command: Command) -> Info:
    return [
        f'+CNACT: {one},{int(is_up(core, pdp(one)))},"{address(core, pdp(one))}"'
        for one in range(_PDP)
    ]


def _network_apn(core: Core, command: Command) -> Info:
    """+CGNAPN: the APN that the network gave; none here."""
    return ['+CGNAPN: 0,""']


CNACT_FOUR: CommandTable = {
    "+CNCFG": Entry(
        read=_cncfg_read, set=_cncfg, test=says("+CNCFG: (0-3),(0-4),150,127,127,(0-3)")
    ),
    "+CNACT": Entry(read=_cnact_states, set=_cnact_indexed, test=says("+CNACT: (0-3),(0-2)")),
    "+CGNAPN": Entry(run=_network_apn),
}


# +SAPBR: the bearer of the HTTP client


@dataclass(slots=True)
class Bearer:
    """Parameters of bearer 1 (+SAPBR=3)."""

    parameters: dict[str, str] = field(default_factory=dict)


def _sapbr(core: Core, command: Command) -> Info:
    what = number(command, 0, 0, 5)
    one = number(command, 1, 1, 3)
    parameters = core.part(Bearer).parameters
    if what == 3:
        parameters[text(command, 2).upper()] = text(command, 3)
    elif what == 4:
        return [f"+SAPBR: {name},{value}" for name, value in parameters.items()]
    elif what == 2:
        return [f'+SAPBR: {one},{1 if is_up(core, BEARER) else 3},"{address(core, BEARER)}"']
    elif what == 1:
        if is_up(core, BEARER) or not up(core, BEARER, parameters.get("APN", "")):
            raise AtError
    elif what == 0:
        if not is_up(core, BEARER):
            raise AtError
        core.radio.deactivate(BEARER)
    return None


SAPBR: CommandTable = {"+SAPBR": Entry(set=_sapbr, test=says("+SAPBR: (0-5),(1-3)"))}
