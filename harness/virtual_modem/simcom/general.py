"""Identification, power, sleep and network time in SIMCom's own commands (AT manuals)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem import quirks
from harness.virtual_modem.commands.general import iccid, nothing
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.results import Finished
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


def _power_down(core: Core, command: Command) -> Info:
    """+CPOWD=1: the last words instead of OK; =0 says nothing."""
    orderly = number(command, 0, 0, 1)
    core.after_final(lambda: core.switch_off("AT+CPOWD"))
    raise Finished(core.family.power_down or "" if orderly else "")


def _power_off(core: Core, command: Command) -> Info:
    core.after_final(lambda: core.switch_off("AT+CPOF", core.family.power_down))
    return None


def _reset(core: Core, command: Command) -> Info:
    core.after_final(lambda: core.restart("AT+CRESET"))
    return None


def _imei(core: Core, command: Command) -> Info:
    return [f"+SIMEI: {core.identity.imei}"]


SLEEP: CommandTable = {"+CSCLK": kept("+CSCLK", "0", ranged("0-2"), then=quirks.apply_sleep)}
#: SIM800, SIM7000, SIM7080
CPOWD: CommandTable = {
    **SLEEP,
    "+CPOWD": Entry(set=_power_down, test=says("+CPOWD: (0,1)")),
    "+CCID": iccid("{}"),
    "+CLTS": kept("+CLTS", "0", ranged("0,1")),
}
#: SIM7600, A76xx
CPOF: CommandTable = {
    **SLEEP,
    "+CPOF": Entry(run=_power_off, test=nothing),
    "+CRESET": Entry(run=_reset, test=nothing),
    "+CICCID": iccid("+ICCID: {}"),
    "+SIMEI": Entry(read=_imei),
}
