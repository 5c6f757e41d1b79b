"""What a modem does beside answering: codes at any place, floods, RI, and what DTR means to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.virtual_modem.faults import FaultKind, LineFault, Place
from harness.virtual_modem.lines import LineState
from harness.virtual_modem.listening import SleepMode
from harness.virtual_modem.work import Power

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

#: Values of the commands that allow a modem to sleep. +QSCLK=2 as on the M95 (assumed for others).
SLEEP_MODES = {
    "+QSCLK": {"1": SleepMode.DTR, "2": SleepMode.IDLE},
    "+CSCLK": {"1": SleepMode.DTR, "2": SleepMode.IDLE},
    "+UPSV": {"1": SleepMode.IDLE, "4": SleepMode.IDLE},
}
_SMS_CODES = ("+CMT", "+CDS", "+CBM")


def code(text: str) -> bytes:
    """An unsolicited code as it is sent."""
    return f"\r\n{text}\r\n".encode("latin-1", "replace")


def powered(core: Core) -> None:
    """Power came: flow control as set up, and awake."""
    if core.settings.rtscts:
        core.values["+IFC"] = "2,2"
    apply_flow(core, "+IFC")
    core.line.set_sleep(SleepMode.AWAKE)


def booted(core: Core) -> None:
    """Before the first code: the line comes to life."""
    core.line.search_rate()
    levels(core)
    if fault := core.line.take(FaultKind.BOOT_GARBAGE):
        core.send(fault.data)


def announced(core: Core) -> None:
    """After the codes of the boot."""
    if fault := core.line.take(FaultKind.URC_FLOOD):
        flood(core, fault)


def interrupt(core: Core, place: Place) -> None:
    """A code of an injected fault, when one waits for this place."""
    if core.line.faults and (fault := core.line.take(FaultKind.URC, place=place)):
        core.send(code(fault.text))


def interleave(core: Core, lines: list[str]) -> list[str]:
    """Information with the code of an injected fault behind its first line."""
    if (
        core.line.faults
        and len(lines) > 1
        and (fault := core.line.take(FaultKind.URC, place=Place.BETWEEN_LINES))
    ):
        return [lines[0], f"\r\n{fault.text}\r\n", *lines[1:]]
    return lines


def flood(core: Core, fault: LineFault) -> None:
    """``count`` codes, one each ``seconds``; a loss of power ends it."""

    def another(left: int) -> None:
        core.urc(fault.text)
        if left > 1:
            core.after(fault.seconds, lambda: another(left - 1))

    another(fault.count)


def inject(core: Core, fault: LineFault) -> None:
    """Have a fault strike: at once where it may, otherwise at its next occasion."""
    if fault.kind is FaultKind.URC_FLOOD and core.power is Power.READY:
        core.line.struck(fault)
        flood(core, fault)
    elif fault.kind is FaultKind.BROWN_OUT and fault.at_once:
        core.line.struck(fault)
        core.restart("brown-out")
    elif fault.kind is FaultKind.SILENCE and fault.at_once:
        core.line.struck(fault)
        core.silence(fault.seconds)
    else:
        core.line.faults.append(fault)


def ring(core: Core, urc: str) -> None:
    """Pulse RI for a code, as AT+QCFG="urc/ri/…" says where the family has it.

    Quectel: "off", or "pulse",<ms>,<times>; other types than "pulse" are taken for one pulse.
    """
    key = "urc/ri/smsincoming" if urc.startswith(_SMS_CODES) else "urc/ri/other"
    seconds, pulses = core.settings.ri_pulse_s, 1
    value = core.kept.get(f'+QCFG="{key}"')
    if value is not None:
        kind, milliseconds, times = value.split(",")
        seconds = int(milliseconds) / 1000
        pulses = 0 if kind == '"off"' else int(times) if kind == '"pulse"' else 1
    core.line.lines.ring(seconds, pulses)


def levels(core: Core) -> None:
    """Put the modem's lines to what they have to be: CTS with power, DCD by AT&C.

    There is no data connection, so ``AT&C1`` is OFF (V.250 §6.2.9).
    """
    on = core.power is not Power.OFF
    if not on:
        core.line.lines.hush()
    core.line.lines.modem(cts=on, dcd=on and core.basic.get("&C") == 0)


def host_lines(core: Core, state: LineState) -> None:
    """The host let DTR go: with AT&D1 and AT&D2 back to commands (V.250 §6.2.8).

    Without data connections what is left of that is the payload behind a prompt, which is given
    up (assumed). Sockets and contexts stay.
    """
    if not state.dtr and core.basic.get("&D"):
        core.give_up_payload()


def apply_sleep(core: Core, name: str) -> None:
    """A sleep command was given: what its value means comes into force."""
    value = core.values[name].split(",")[0]
    core.line.set_sleep(SLEEP_MODES[name].get(value, SleepMode.AWAKE))


def apply_flow(core: Core, name: str) -> None:
    """AT+IFC was given: from here on each side stops the other so."""
    by_host, by_modem = core.values.get(name, "0,0").split(",")[:2]
    core.line.set_flow(int(by_host), int(by_modem))
