"""Identification, power, sleep and network time in SIMCom's own commands (AT manuals)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem import quirks
from harness.virtual_modem.commands.general import iccid, nothing
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.results import AtError, Finished
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


def _choice(name: str, default: int, shown: str, *values: int) -> Entry:
    """A choice of the radio that stays without power; the network here is always found."""

    def read(core: Core, command: Command) -> Info:
        return [f"{name}: {core.kept.get(name, default)}"]

    def write(core: Core, command: Command) -> Info:
        value = number(command, 0, min(values), max(values))
        if value not in values:
            raise AtError(50)
        core.kept[name] = str(value)
        return None

    return Entry(read=read, set=write, test=says(f"{name}: {shown}"))


def _listed(*values: int) -> str:
    return f"({','.join(map(str, values))})"


# as modules were reported to list them; those of A76xx beyond 2, 13 and 38 are assumed
_SIM7600_MODES = (2, 9, 10, 13, 14, 19, 22, 38, 39, 48, 51, 54, 59, 60, 63, 67)
_A76XX_MODES = (2, 13, 14, 38, 48)
#: which radio to use; LTE-M and NB-IoT modules say what the numbers mean
MODES_LTE_M: CommandTable = {
    "+CNMP": _choice(
        "+CNMP", 2, "((2-Automatic),(13-GSM Only),(38-LTE Only),(51-GSM And LTE Only))",
        2, 13, 38, 51,
    ),
    "+CMNB": _choice("+CMNB", 3, "((1-Cat-M),(2-NB-IoT),(3-Cat-M And NB-IoT))", 1, 2, 3),
}  # fmt: skip
MODES_SIM7600: CommandTable = {
    "+CNMP": _choice("+CNMP", 2, _listed(*_SIM7600_MODES), *_SIM7600_MODES)
}
MODES_A76XX: CommandTable = {"+CNMP": _choice("+CNMP", 2, _listed(*_A76XX_MODES), *_A76XX_MODES)}
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
