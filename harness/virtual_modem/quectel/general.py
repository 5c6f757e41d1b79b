"""Identification, power, sleep and network time in Quectel's own commands (AT manual)."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.commands.general import iccid, nothing, power_down
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.quectel.model import model_of
from harness.virtual_modem.quirks import apply_sleep
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


def _full_revision(core: Core, command: Command) -> Info:
    model = model_of(core)
    return [f"{model.revision}_{model.sub_revision}"]


def _network_time(core: Core, command: Command) -> Info:
    if not core.rtc.synchronised:
        return ['+QLTS: ""']
    local = core.rtc.network_time()
    shown = local.astimezone(UTC) if number(command, 0, 0, 2, 0) == 1 else local
    return [f'+QLTS: "{shown:%Y/%m/%d,%H:%M:%S}{core.rtc.network_quarters():+03d},0"']


COMMANDS: CommandTable = {
    "+QGMR": Entry(run=_full_revision, test=nothing),
    "+QCCID": iccid("+QCCID: {}"),
    "+CCID": iccid("+CCID: {}"),
    "+ICCID": iccid("+ICCID: {}"),
    "+QPOWD": Entry(run=power_down, set=power_down, test=says("+QPOWD: (0,1)")),
    "+QLTS": Entry(run=_network_time, set=_network_time, test=says("+QLTS: (0-2)")),
    "+QSCLK": kept("+QSCLK", "0", ranged("0-2"), then=apply_sleep),
    "+CTZU": kept("+CTZU", "1", ranged("0,1,3")),
}  # fmt: skip
