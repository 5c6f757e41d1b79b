"""V.250 basics, identification, SIM, clock and power."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import like, ranged
from harness.virtual_modem.profile import BASIC, Profile, current, recall
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Handler, Info, kept, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


def _nothing(core: Core, command: Command) -> Info:
    return None


def _quiet(core: Core, command: Command) -> Info:
    core.quiet = number(command, 0, 0, 1, 0) == 1
    return None


def _hang_up(core: Core, command: Command) -> Info:
    number(command, 0, 0, 0, 0)
    return None


def _basic(name: str) -> Entry:
    """``AT&C1``: a number in its range; without one it is 0 (V.250 §5.3.1)."""
    low, high, _ = BASIC[name]

    def run(core: Core, command: Command) -> Info:
        core.basic[name] = number(command, 0, low, high, 0)
        return None

    return Entry(run=run)


def _register(name: str) -> Entry:
    """``ATS3=13``, read as three digits (V.250 §5.3.2)."""
    low, high, _ = BASIC[name]

    def write(core: Core, command: Command) -> Info:
        core.basic[name] = number(command, 0, low, high)
        return None

    return Entry(read=lambda core, command: [f"{core.basic[name]:03d}"], set=write)


def _echo(core: Core, command: Command) -> Info:
    core.reader.echo = number(command, 0, 0, 1, 0) == 1
    return None


def _verbose(core: Core, command: Command) -> Info:
    core.verbose = number(command, 0, 0, 1, 0) == 1
    return None


def _factory(core: Core, command: Command) -> Info:
    number(command, 0, 0, 0, 0)
    recall(core, Profile())
    return None


def _stored(core: Core, command: Command) -> Info:
    number(command, 0, 0, 0, 0)
    recall(core, core.stored)
    return None


def _store(core: Core, command: Command) -> Info:
    number(command, 0, 0, 0, 0)
    core.stored = current(core)
    return None


def _information(core: Core, command: Command) -> Info:
    if number(command, 0, 0, 255, 0):
        raise AtError
    return [core.family.manufacturer, core.model_name, f"Revision: {core.model.revision}"]


def _manufacturer(core: Core, command: Command) -> Info:
    return [core.family.manufacturer]


def _model(core: Core, command: Command) -> Info:
    return [core.model_name]


def _revision(core: Core, command: Command) -> Info:
    return [core.model.revision]


def _full_revision(core: Core, command: Command) -> Info:
    return [f"{core.model.revision}_{core.model.sub_revision}"]


def _imei(core: Core, command: Command) -> Info:
    return [core.identity.imei]


def _imei_typed(core: Core, command: Command) -> Info:
    if number(command, 0, 0, 3) != 1:
        raise AtError(50)
    return [f"+CGSN: {core.identity.imei}"]


def need_sim(core: Core) -> None:
    """Raises CME 10 or 11."""
    if not core.subscription.present:
        raise AtError(10)
    if not core.radio.unlocked:
        raise AtError(11)


def _imsi(core: Core, command: Command) -> Info:
    need_sim(core)
    return [core.identity.imsi]


def _iccid(prefix: str) -> Handler:
    def answer(core: Core, command: Command) -> Info:
        if not core.subscription.present:
            raise AtError(10)
        return [f"{prefix}: {core.identity.iccid}"]

    return answer


def _own_number(core: Core, command: Command) -> Info:
    need_sim(core)
    kind = 145 if core.identity.msisdn.startswith("+") else 129
    return [f'+CNUM: ,"{core.identity.msisdn}",{kind}'] if core.identity.msisdn else None


def _pin_state(core: Core, command: Command) -> Info:
    if not core.subscription.present:
        raise AtError(10)
    return ["+CPIN: READY" if core.radio.unlocked else "+CPIN: SIM PIN"]


def _pin(core: Core, command: Command) -> Info:
    if not core.subscription.present:
        raise AtError(10)
    if core.radio.unlocked:
        raise AtError(3)
    if text(command, 0) != core.subscription.pin:
        raise AtError(16)
    core.radio.unlocked = True
    core.after_final(lambda: core.urc("+CPIN: READY"))
    core.after_final(core.radio.update)
    return None


def _cmee(core: Core, command: Command) -> Info:
    core.cmee = number(command, 0, 0, 2)
    return None


def _functionality(core: Core, command: Command) -> Info:
    value = number(command, 0, 0, 4)
    if value not in (0, 1, 4):
        raise AtError(50)
    if number(command, 1, 0, 1, 0):
        core.after_final(lambda: core.restart("AT+CFUN=1,1"))
        return None
    core.radio.functionality = value
    core.radio.update()
    return None


def _power_down(core: Core, command: Command) -> Info:
    if command.params:
        number(command, 0, 0, 1)
    core.after_final(lambda: core.switch_off("AT+QPOWD", core.family.power_down))
    return None


def _clock(core: Core, command: Command) -> Info:
    return [f'+CCLK: "{core.rtc.text()}"']


def _set_clock(core: Core, command: Command) -> Info:
    core.rtc.set(text(command, 0))
    return None


def _network_time(core: Core, command: Command) -> Info:
    if not core.rtc.synchronised:
        return ['+QLTS: ""']
    local = core.rtc.network_time()
    shown = local.astimezone(UTC) if number(command, 0, 0, 2, 0) == 1 else local
    return [f'+QLTS: "{shown:%Y/%m/%d,%H:%M:%S}{core.rtc.network_quarters():+03d},0"']


def _baud(core: Core, command: Command) -> Info:
    rate = number(command, 0, 0, 921_600)
    if rate not in (0, 9600, 19200, 38400, 57600, 115_200, 230_400, 460_800, 921_600):
        raise AtError(50)
    core.baud = rate or core.baud
    core.after_final(core.apply_baud)
    return None


def _list_commands(core: Core, command: Command) -> Info:
    return [f"AT{name}" for name in sorted(core.family.commands)]


_TIMER = like("[01]{8}", '("00000000"-"11111111")', quoted=True)
COMMANDS: CommandTable = {
    "E": Entry(run=_echo), "V": Entry(run=_verbose), "Q": Entry(run=_quiet),
    "Z": Entry(run=_stored), "&F": Entry(run=_factory), "&W": Entry(run=_store),
    "H": Entry(run=_hang_up), "I": Entry(run=_information),
    **{name: _basic(name) for name in ("X", "&C", "&D")},
    **{name: _register(name) for name in ("S0", "S3", "S4", "S5", "S7")},
    "+CGMI": Entry(run=_manufacturer, test=_nothing), "+GMI": Entry(run=_manufacturer),
    "+CGMM": Entry(run=_model, test=_nothing), "+GMM": Entry(run=_model, test=_nothing),
    "+CGMR": Entry(run=_revision, test=_nothing), "+GMR": Entry(run=_revision, test=_nothing),
    "+QGMR": Entry(run=_full_revision, test=_nothing),
    "+CGSN": Entry(run=_imei, set=_imei_typed, test=_nothing),
    "+GSN": Entry(run=_imei, test=_nothing),
    "+CIMI": Entry(run=_imsi, test=_nothing),
    "+QCCID": Entry(run=_iccid("+QCCID"), test=_nothing), "+CCID": Entry(run=_iccid("+CCID")),
    "+ICCID": Entry(run=_iccid("+ICCID")),
    "+CNUM": Entry(run=_own_number, test=_nothing),
    "+GCAP": Entry(run=says("+GCAP: +CGSM")),
    "+CPIN": Entry(read=_pin_state, set=_pin, test=_nothing),
    "+CMEE": Entry(read=lambda core, command: [f"+CMEE: {core.cmee}"], set=_cmee,
                   test=says("+CMEE: (0,1,2)")),
    "+CFUN": Entry(read=lambda core, command: [f"+CFUN: {core.radio.functionality}"],
                   set=_functionality, test=says("+CFUN: (0,1,4),(0,1)")),
    "+QPOWD": Entry(run=_power_down, set=_power_down, test=says("+QPOWD: (0,1)")),
    "+CCLK": Entry(read=_clock, set=_set_clock, test=_nothing),
    "+QLTS": Entry(run=_network_time, set=_network_time, test=says("+QLTS: (0-2)")),
    "+CTZU": kept("+CTZU", "1", ranged("0,1,3")), "+CTZR": kept("+CTZR", "0", ranged("0-2")),
    "+IPR": Entry(read=lambda core, command: [f"+IPR: {core.baud}"], set=_baud,
                  test=says("+IPR: (),(0,9600,19200,38400,57600,115200,230400,460800,921600)")),
    "+IFC": kept("+IFC", "0,0", ranged("0,2"), ranged("0,2")),
    "+ICF": kept("+ICF", "3,3", ranged("3"), ranged("3")),
    "+CPSMS": kept("+CPSMS", '0,,,"00100100","00000000"',
                   ranged("0-2"), _TIMER, _TIMER, _TIMER, _TIMER),
    "+QSCLK": kept("+QSCLK", "0", ranged("0-2")),
    "+CBC": Entry(run=says("+CBC: 0,100,3800")),
    "+CLAC": Entry(run=_list_commands),
}  # fmt: skip
