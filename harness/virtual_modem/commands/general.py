"""Identification, SIM, errors, clock and power as 27.007 has them (§5, §8, §9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import like, ranged
from harness.virtual_modem.quirks import apply_flow
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import (
    CommandTable,
    Entry,
    Handler,
    Info,
    kept,
    number,
    says,
    text,
)

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


def nothing(core: Core, command: Command) -> Info:
    """For a test form that only says OK."""
    return None


def _manufacturer(core: Core, command: Command) -> Info:
    return [core.family.manufacturer]


def _model(core: Core, command: Command) -> Info:
    return [core.family.model_form.format(core.model_name)]


def _revision(core: Core, command: Command) -> Info:
    return [core.family.revision_form.format(core.model.revision)]


def imei(form: str) -> Handler:
    """``AT+CGSN=1`` (27.007 §5.4) with the family's way to write it; other numbers are refused."""

    def answer(core: Core, command: Command) -> Info:
        if number(command, 0, 0, 3) != 1:
            raise AtError(50)
        return [form.format(core.identity.imei)]

    return answer


def _imei(core: Core, command: Command) -> Info:
    return [core.identity.imei]


def serial_number(form: str | None) -> Entry:
    """+CGSN: bare, and with ``=1`` as ``form`` writes it, when the family knows that."""
    return Entry(run=_imei, set=None if form is None else imei(form), test=nothing)


def need_sim(core: Core) -> None:
    """Raises CME 10 or 11."""
    if not core.subscription.present:
        raise AtError(10)
    if not core.radio.unlocked:
        raise AtError(11)


def _imsi(core: Core, command: Command) -> Info:
    need_sim(core)
    return [core.identity.imsi]


def iccid(form: str) -> Entry:
    """A command that shows the ICCID, with its prefix or bare: ``{}`` stands for the digits."""

    def answer(core: Core, command: Command) -> Info:
        if not core.subscription.present:
            raise AtError(10)
        return [form.format(core.identity.iccid)]

    return Entry(run=answer, test=nothing)


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
    for line in core.family.pin_entered(core):
        core.after_final(lambda line=line: core.urc(line))  # type: ignore[misc]  # loop value
    core.after_final(core.radio.update)
    return None


def _cmee(core: Core, command: Command) -> Info:
    core.cmee = number(command, 0, 0, 2)
    return None


def _cmee_mode(core: Core, command: Command) -> Info:
    return [f"+CMEE: {core.cmee}"]


def _functionality_level(core: Core, command: Command) -> Info:
    return [f"+CFUN: {core.radio.functionality}"]


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


def power_down(core: Core, command: Command) -> Info:
    """The vendor's power-off command: OK, then the family's last words."""
    if command.params:
        number(command, 0, 0, 1)
    name = f"AT{command.name}"
    core.after_final(lambda: core.switch_off(name, core.family.power_down))
    return None


def _clock(core: Core, command: Command) -> Info:
    return [f'+CCLK: "{core.rtc.text()}"']


def _set_clock(core: Core, command: Command) -> Info:
    core.rtc.set(text(command, 0))
    return None


def baud(*rates: int) -> Entry:
    """+IPR: 0 is automatic detection (V.250 §6.2.10)."""
    known = (0, *rates)

    def write(core: Core, command: Command) -> Info:
        rate = number(command, 0, 0, max(rates))
        if rate not in known:
            raise AtError(50)
        core.baud = rate
        core.after_final(core.apply_baud)
        return None

    return Entry(
        read=lambda core, command: [f"+IPR: {core.baud}"],
        set=write,
        test=says(f"+IPR: (),({','.join(map(str, known))})"),
    )


def flow_control(kinds: str) -> Entry:
    """+IFC: how host and modem stop each other (V.250 §6.2.12); no flow control from the factory.

    ``kinds`` of 0 none, 1 XON/XOFF, 2 RTS and CTS.
    """
    return kept("+IFC", "0,0", ranged(kinds), ranged(kinds), then=apply_flow)


def _list_commands(core: Core, command: Command) -> Info:
    return [f"AT{name}" for name in sorted(core.family.commands)]


_TIMER = like("[01]{8}", '("00000000"-"11111111")', quoted=True)
POWER_SAVING: CommandTable = {
    "+CPSMS": kept("+CPSMS", '0,,,"00100100","00000000"',
                   ranged("0-2"), _TIMER, _TIMER, _TIMER, _TIMER),
}  # fmt: skip
COMMANDS: CommandTable = {
    "+CGMI": Entry(run=_manufacturer, test=nothing), "+GMI": Entry(run=_manufacturer),
    "+CGMM": Entry(run=_model, test=nothing), "+GMM": Entry(run=_model, test=nothing),
    "+CGMR": Entry(run=_revision, test=nothing), "+GMR": Entry(run=_revision, test=nothing),
    "+CGSN": serial_number(None), "+GSN": serial_number(None),
    "+CIMI": Entry(run=_imsi, test=nothing),
    "+CNUM": Entry(run=_own_number, test=nothing),
    "+GCAP": Entry(run=says("+GCAP: +CGSM")),
    "+CPIN": Entry(read=_pin_state, set=_pin, test=nothing),
    "+CMEE": Entry(read=_cmee_mode, set=_cmee,
                   test=says("+CMEE: (0,1,2)")),
    "+CFUN": Entry(read=_functionality_level,
                   set=_functionality, test=says("+CFUN: (0,1,4),(0,1)")),
    "+CCLK": Entry(read=_clock, set=_set_clock, test=nothing),
    "+CTZU": kept("+CTZU", "1", ranged("0,1")), "+CTZR": kept("+CTZR", "0", ranged("0-2")),
    "+IPR": baud(9600, 19200, 38400, 57600, 115_200, 230_400, 460_800, 921_600),
    "+IFC": flow_control("0,2"),
    "+ICF": kept("+ICF", "3,3", ranged("3"), ranged("3")),
    "+CBC": Entry(run=says("+CBC: 0,100,3800")),
    "+CLAC": Entry(run=_list_commands),
}  # fmt: skip
