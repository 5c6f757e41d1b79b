"""Identification, power and sleep in Sierra's own commands (AirPrime HL78xx interface guide)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.commands.general import iccid, nothing
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

REPORT_START = "+KSREP"


def _serial_number(core: Core, command: Command) -> Info:
    """+KGSN=<type>: 0 IMEI, 1 IMEISV, 2 IMEISV_STR, 3 serial number."""
    kind = number(command, 0, 0, 3)
    if kind in (1, 2):
        raise AtError(4)
    return [f"+KGSN: {core.identity.imei if kind == 0 else 'VN830460230410'}"]


def reports_start(core: Core) -> bool:
    return core.kept.get(REPORT_START, "0") == "1"


def _report(core: Core, command: Command) -> Info:
    core.kept[REPORT_START] = str(number(command, 0, 0, 1))
    return None


def _report_mode(core: Core, command: Command) -> Info:
    return [f"{REPORT_START}: {int(reports_start(core))},0"]


def _power_off(core: Core, command: Command) -> Info:
    core.after_final(lambda: core.switch_off("AT+CPWROFF", core.family.power_down))
    return None


COMMANDS: CommandTable = {
    "+CCID": iccid("+CCID: {}"),
    "+KGSN": Entry(set=_serial_number, test=says("+KGSN: (0-3)")),
    REPORT_START: Entry(read=_report_mode, set=_report, test=says(f"{REPORT_START}: (0,1)")),
    "+KSRAT": kept("+KSRAT", "0", ranged("0-2")),
    "+KSELACQ": kept("+KSELACQ", "1,2", ranged("0-3"), ranged("0-3"), ranged("0-3")),
    "+KSLEEP": kept("+KSLEEP", "2", ranged("0-2"), ranged("0-2"), ranged("1-99")),
    "+CPWROFF": Entry(run=_power_off, set=_power_off, test=nothing),
}
