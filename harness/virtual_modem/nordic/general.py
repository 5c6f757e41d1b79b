"""The nRF91 modem's own commands, and those of the application for power and sleep.

nRF91 AT Commands Command Reference Guide; sdk-nrf, applications/serial_lte_modem/doc/
Generic_AT_commands.rst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.commands.general import need_sim, nothing
from harness.virtual_modem.commands.radio import OPERATOR
from harness.virtual_modem.fields import ranged
from harness.virtual_modem.results import AtError, Finished
from harness.virtual_modem.table import CommandTable, Entry, Info, kept, number, says

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_LTE_ON, _LTE_OFF = frozenset({1, 21}), {0: 0, 4: 4, 20: 4, 44: 4}
_NOT_LTE = frozenset({30, 31, 40, 41})  #: GNSS and the SIM's interface: nothing here changes
APPLICATION = "2.6.0"  #: an example of a released one


def _functionality(core: Core, command: Command) -> Info:
    value = number(command, 0, 0, 44)
    if value in _LTE_ON:
        core.radio.functionality = 1
    elif value in _LTE_OFF:
        core.radio.functionality = _LTE_OFF[value]
    elif value not in _NOT_LTE:
        raise AtError(50)
    core.radio.update()
    return None


def _functionality_level(core: Core, command: Command) -> Info:
    return [f"+CFUN: {core.radio.functionality}"]


def _iccid(core: Core, command: Command) -> Info:
    """Filled with F to whole octets."""
    if not core.subscription.present or core.radio.functionality == 0:
        raise AtError
    iccid = core.identity.iccid
    return [f"%XICCID: {iccid}{'F' * (len(iccid) % 2)}"]


def _monitor(core: Core, command: Command) -> Info:
    radio = core.radio
    if not radio.registered:
        return [f"%XMONITOR: {radio.stat}"]
    long, short, numeric = OPERATOR
    return [
        f'%XMONITOR: {radio.stat},"{long}","{short}","{numeric}","0FA1",{core.model.access},20,'
        '"01A2D003",281,6300,56,35,"","11100000","11100000","00000000"'
    ]


def _quality(core: Core, command: Command) -> Info:
    return [f"%CESQ: {'56,2,20,3' if core.radio.registered else '255,0,255,0'}"]


def _reset(core: Core, command: Command) -> Info:
    core.after_final(lambda: core.restart("AT#XRESET"))
    return None


def _shut_down(core: Core, command: Command) -> Info:
    core.after_final(lambda: core.switch_off("AT#XSHUTDOWN"))
    return None


def _sleep(core: Core, command: Command) -> Info:
    """#XSLEEP=1 and 2: no response at all; the module is off until its pin wakes it."""
    mode = number(command, 0, 1, 2)
    core.after_final(lambda: core.switch_off(f"AT#XSLEEP={mode}"))
    raise Finished("")


def _imsi(core: Core, command: Command) -> Info:
    need_sim(core)
    return [core.identity.imsi]


COMMANDS: CommandTable = {
    "+CFUN": Entry(read=_functionality_level, set=_functionality,
                   test=says("+CFUN: (0,1,4,20,21,30,31,40,41,44)")),
    "+CIMI": Entry(run=_imsi, test=nothing),
    "%XICCID": Entry(run=_iccid, test=nothing),
    "%XMONITOR": Entry(run=_monitor, test=nothing),
    "%CESQ": Entry(run=_quality, set=lambda core, command: None, test=says("%CESQ: (0,1)")),
    "%XSYSTEMMODE": kept("%XSYSTEMMODE", "1,0,0,0", ranged("0,1"), ranged("0,1"),
                         ranged("0,1"), ranged("0-4")),
    "%XTIME": kept("%XTIME", "0", ranged("0,1")),
    "#XSLMVER": Entry(run=says(f'#XSLMVER: "{APPLICATION}","{APPLICATION}"'), test=nothing),
    "#XRESET": Entry(run=_reset, test=nothing),
    "#XSHUTDOWN": Entry(run=_shut_down, test=nothing),
    "#XSLEEP": Entry(set=_sleep, test=says("#XSLEEP: (1,2)")),
}  # fmt: skip
