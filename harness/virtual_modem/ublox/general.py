"""Identification, power and reports in u-blox' own commands (SARA AT command manuals)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem import quirks
from harness.virtual_modem.commands.general import iccid, nothing
from harness.virtual_modem.commands.radio import OPERATOR
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_RESETS = (15, 16)  #: <fun> of +CFUN that restart the module


def _functionality(core: Core, command: Command) -> Info:
    """+CFUN with u-blox' 15 and 16, which restart; 27.007's <rst> works too."""
    value = number(command, 0, 0, 127)
    if value in _RESETS or number(command, 1, 0, 1, 0):
        core.after_final(lambda: core.restart(f"AT+CFUN={value}"))
        return None
    if value not in (0, 1, 4):
        raise AtError(50)
    core.radio.functionality = value
    core.radio.update()
    return None


def _functionality_level(core: Core, command: Command) -> Info:
    return [f"+CFUN: {core.radio.functionality},0"]


def _power_off(core: Core, command: Command) -> Info:
    core.after_final(lambda: core.switch_off("AT+CPWROFF", core.family.power_down))
    return None


def _operator_names(core: Core, command: Command) -> Info:
    """+UDOPN: the operator's name in one of its forms."""
    kind = number(command, 0, 0, 12)
    if not core.radio.registered:
        raise AtError(30)
    shown = OPERATOR[2] if kind == 0 else OPERATOR[1]
    return [f'+UDOPN: {kind},"{shown}"']


def _greeting(core: Core, command: Command) -> Info:
    mode = number(command, 0, 0, 1)
    core.kept["+CSGT"] = f"{text(command, 1, '')}" if mode else ""
    return None


def _greeting_text(core: Core, command: Command) -> Info:
    said = core.kept.get("+CSGT", "")
    return [f'+CSGT: "{said}",{int(bool(said))}']


COMMANDS: CommandTable = {
    "+CCID": iccid("+CCID: {}"),
    "+CFUN": Entry(read=_functionality_level, set=_functionality,
                   test=says("+CFUN: (0,1,4,15,16),(0-1)")),
    "+CPWROFF": Entry(run=_power_off, test=nothing),
    "+UPSV": kept("+UPSV", "0", ranged("0-5"), ranged("40-65000"), then=quirks.apply_sleep),
    "+UDOPN": Entry(set=_operator_names, test=says("+UDOPN: (0-12)")),
    "+CSGT": Entry(read=_greeting_text, set=_greeting, test=says("+CSGT: (0,1)")),
    "+UMNOPROF": kept("+UMNOPROF", "100", ranged("0-201")),
    "+URAT": kept("+URAT", "7", ranged("0-9"), ranged("0-9"), ranged("0-9")),
    "+UGPIOC": kept("+UGPIOC", "16,255", ranged("0-255"), ranged("0-255")),
    "+UCGED": kept("+UCGED", "0", ranged("0-5")),
}  # fmt: skip
#: 2G, 3G or both, and which of the two is preferred; the values are assumed
RADIO_2G_3G: CommandTable = {"+URAT": kept("+URAT", "1,2", ranged("0-2"), ranged("0,2"))}
