"""Identification, packet data context, power and network time in Telit's own commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.commands.general import iccid, need_sim, nothing
from harness.virtual_modem.commands.radio import OPERATOR
from harness.virtual_modem.fields import like, ranged
from harness.virtual_modem.radio import NotActivated
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


def _named(name: str, value: Callable[[Core], str]) -> Entry:
    """``#CGMM`` and its like: what +CGMM says, with a prefix."""
    return Entry(run=lambda core, command: [f"{name}: {value(core)}"], test=nothing)


def _imsi(core: Core, command: Command) -> Info:
    need_sim(core)
    return [f"#CIMI: {core.identity.imsi}"]


def _activate(core: Core, command: Command) -> Info:
    """#SGACT=<cid>,<stat>: the address with the answer. A second activation is CME 553."""
    cid = number(command, 0, 1, 6)
    if not number(command, 1, 0, 1):
        core.radio.deactivate(cid)
        return None
    context = core.radio.contexts.get(cid)
    if context is not None and context.active:
        raise AtError(553)
    try:
        core.radio.activate(cid)
    except NotActivated:
        raise AtError(555) from None
    return [f"#SGACT: {core.subscription.address}"]


def _activations(core: Core, command: Command) -> Info:
    contexts = sorted(core.radio.contexts.items())
    return [f"#SGACT: {cid},{int(context.active)}" for cid, context in contexts]


def _addresses(core: Core, command: Command) -> Info:
    cid = number(command, 0, 1, 6)
    context = core.radio.contexts.get(cid)
    active = context is not None and context.active
    return [f'#CGPADDR: {cid},"{core.subscription.address if active else ""}"']


def _serving_cell(core: Core, command: Command) -> Info:
    """#RFSTS: network, channel, power and quality as far as they are known here."""
    if not core.radio.registered:
        return ["#RFSTS: "]
    return [
        f'#RFSTS: "204 08",6300,-85,-60,-9,0FA1,FF,,128,19,0,01A2D003,"{core.identity.imsi}",'
        f'"{OPERATOR[1]}",2,20'
    ]


def _shut_down(core: Core, command: Command) -> Info:
    core.after_final(lambda: core.switch_off("AT#SHDN", core.family.power_down))
    return None


def _reboot(core: Core, command: Command) -> Info:
    core.after_final(lambda: core.restart("AT#REBOOT"))
    return None


def _network_technology(core: Core, command: Command) -> Info:
    return [f"#PSNT: 0,{4 if core.radio.registered else 5}"]


def _sim_status(core: Core, command: Command) -> Info:
    return [f"#QSS: {core.values.get('#QSS', '0')},{int(core.subscription.present)}"]


def _sim_reports(core: Core, command: Command) -> Info:
    core.values["#QSS"] = str(number(command, 0, 0, 3))
    return None


_TEXT = like(r"[^\"]*", '""', quoted=True)
COMMANDS: CommandTable = {
    "#CGMI": _named("#CGMI", lambda core: core.family.manufacturer),
    "#CGMM": _named("#CGMM", lambda core: core.model_name),
    "#CGMR": _named("#CGMR", lambda core: core.model.revision),
    "#CGSN": _named("#CGSN", lambda core: core.identity.imei),
    "#CIMI": Entry(run=_imsi, test=nothing),
    "#CCID": iccid("#CCID: {}"), "+CCID": iccid("+CCID: {}"), "+ICCID": iccid("+ICCID: {}"),
    "#SGACT": Entry(read=_activations, set=_activate, test=says("#SGACT: (1-6),(0,1)")),
    "#CGPADDR": Entry(set=_addresses, test=says("#CGPADDR: (1-6)")),
    "#RFSTS": Entry(run=_serving_cell, test=nothing),
    "#PSNT": Entry(read=_network_technology, set=lambda core, command: None,
                   test=says("#PSNT: (0,1)")),
    "#QSS": Entry(read=_sim_status, set=_sim_reports, test=says("#QSS: (0-3)")),
    "#NITZ": kept("#NITZ", "7,0", ranged("0-15"), ranged("0,1")),
    "#PSMURC": kept("#PSMURC", "0", ranged("0,1")),
    "#E2SLRI": kept("#E2SLRI", "0", ranged("0,50-1150")),
    "#SHDN": Entry(run=_shut_down, test=nothing), "#REBOOT": Entry(run=_reboot, test=nothing),
    "#ENHRST": kept("#ENHRST", "0,0", ranged("0-2"), ranged("0-60000")),
}  # fmt: skip
