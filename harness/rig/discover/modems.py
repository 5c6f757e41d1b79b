"""From ports to modems: who answers, which ports belong together, which of them to use."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from harness.errors import HilError, UsageError
from harness.line import PortBusy, PortSettings
from harness.modem import FAMILIES, Modem, open_modem, recognise
from harness.modem.errors import ModemError, SimProblem
from harness.rig.discover.holders import (
    MODEM_MANAGER_ADVICE,
    holders_of,
    locked_by,
    modem_manager_runs,
)
from harness.rig.discover.ports import SerialPort, named_port, serial_ports
from harness.rig.discover.probe import BAUDS, Probe, probe
from harness.rig.discover.sound import Sound
from harness.rig.discover.together import together

_READY_S = 10.0
_IMEI = re.compile(r"(?<!\d)\d{15}(?!\d)")


@dataclass(frozen=True, slots=True)
class PortReport:
    """A port and what it is; ``kind`` is a :class:`Sound`, or why it was not asked.

    ``kind``: ``at``, ``nmea``, ``diagnostic``, ``ppp``, ``echo``, ``text``, ``noise``, ``silent``,
    ``in use``, ``cannot open``, ``not asked``.
    """

    port: SerialPort
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class FoundModem:
    """A modem, on the port that suits best. ``iccid`` is "" when it could not be read."""

    port: SerialPort
    baud: int
    family: str
    manufacturer: str
    model: str
    revision: str
    imei: str
    iccid: str
    remarks: tuple[str, ...] = ()
    other_ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovery:
    """All that was looked at, and the modems behind it; ``remarks`` are about the machine."""

    ports: tuple[PortReport, ...]
    modems: tuple[FoundModem, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    report: PortReport
    modem: FoundModem | None = field(default=None)


def discover(
    named: Sequence[str] = (),
    *,
    every: bool = False,
    listed: Callable[[], list[SerialPort]] = serial_ports,
) -> Discovery:
    """Ask the ports that are ``named``, else those that look like a modem's (``every``: all).

    A port that another program holds is not opened. Raises :class:`UsageError` for a named port
    that does not exist; what goes wrong on a port is in its report.
    """
    known = listed()
    chosen = _named(named, known) if named else known
    answers = together(
        lambda port: _answer(port, asked=every or bool(port.likeness)), chosen, "discover"
    )
    modems = [answer.modem for answer in answers if answer.modem is not None]
    remarks = (MODEM_MANAGER_ADVICE,) if modem_manager_runs() else ()
    return Discovery(tuple(answer.report for answer in answers), grouped(modems), remarks)


def _named(names: Sequence[str], known: Sequence[SerialPort]) -> list[SerialPort]:
    for name in names:
        if "://" not in name and not os.path.exists(name):
            here = ", ".join(port.path for port in known) or "none"
            raise UsageError(f"there is no port {name} (serial ports of this machine: {here})")
    ports = [named_port(name, known) for name in names]
    return list({port.device: port for port in ports}.values())


def _answer(port: SerialPort, *, asked: bool) -> _Answer:
    if not asked:
        what = port.description or "no USB device"
        return _Answer(PortReport(port, "not asked", f"{what}: name it, or use --all, to ask it"))
    holders = [] if port.is_url else holders_of(port.device)
    holder = next(iter(holders), None) or (None if port.is_url else locked_by(port.device))
    if holder is not None:
        return _Answer(PortReport(port, "in use", f"held by {holder}; not touched"))
    try:
        # A module's own USB port has no real rate: the likeliest will do.
        found = probe(
            port.path, bauds=BAUDS[:1] if port.maker else BAUDS, ask_diag=bool(port.maker)
        )
        if found.sound is not Sound.AT:
            return _Answer(PortReport(port, found.sound, found.says))
        return _identified(port, found)
    except PortBusy as error:
        return _Answer(PortReport(port, "in use", str(error)))
    except HilError as error:
        return _Answer(PortReport(port, "cannot open", str(error)))


def _identified(port: SerialPort, found: Probe) -> _Answer:
    if found.numeric:
        says = f"{found.says}, with numbers for results; send it ATV1 and look again"
        return _Answer(PortReport(port, Sound.AT, says))
    try:
        modem = identify(port, found)
    except HilError as error:
        return _Answer(PortReport(port, Sound.AT, f"{found.says}, but: {error}"))
    return _Answer(PortReport(port, Sound.AT, found.says), modem)


def identify(port: SerialPort, found: Probe) -> FoundModem:
    """Who answers on an AT port. Nothing that lasts is changed, the radio least of all.

    Raises the line's errors, and :class:`ModemError` for a modem without an IMEI.
    """
    settings = PortSettings(baudrate=found.baud or BAUDS[0])
    with open_modem(_speaker(found), port.path, name=port.path, settings=settings) as modem:
        modem.greet(timeout_s=_READY_S)
        manufacturer, model = _ask(modem, "AT+CGMI"), _ask(modem, "AT+CGMM")
    family = recognise(manufacturer, model)
    remarks = [] if family != "3gpp" else [
        "no family claims it: 3gpp knows what all modems know, and opens no sockets"
    ]  # fmt: skip
    with open_modem(family, port.path, name=port.path, settings=settings) as modem:
        modem.greet(timeout_s=_READY_S)
        try:
            revision = modem.revision()
        except ModemError as error:
            revision = ""
            remarks.append(f"no firmware revision: {error}")
        imei = next(filter(None, map(_digits_of(modem), (modem.imei_command, "AT+CGSN", "AT+GSN"))))
        iccid = ""
        try:
            iccid = modem.iccid()
            if (state := modem.sim_state(timeout_s=5.0)) != "READY":
                remarks.append(f"the SIM asks for something: {state}")
        except (ModemError, SimProblem) as error:
            remarks.append(f"the SIM cannot be read: {error}{_radio_off(modem)}")
        if found.echo:
            with contextlib.suppress(ModemError):
                modem.command("ATE1")  # as it was
    return FoundModem(
        port, settings.baudrate, family, manufacturer, model, revision, imei, iccid, tuple(remarks)
    )


def _radio_off(modem: Modem) -> str:
    """What may explain a SIM that is silent: nRF91 modules power it with the radio only."""
    try:
        state = modem.fields("AT+CFUN?")[0].number
    except ModemError:
        return ""
    return "" if state == 1 else f"; the radio is off (AT+CFUN={state}), and hil doctor wakes it"


def _speaker(found: Probe) -> str:
    """The family to ask with who it is: any, as long as it ends its lines as it must."""
    fitting = (
        name for name, driver in FAMILIES.items() if driver.dialect.line_end == found.line_end
    )
    return next(fitting, "3gpp")


def _ask(modem: Modem, command: str) -> str:
    try:
        return modem.line(command).strip('" ')
    except ModemError:
        return ""


def _digits_of(modem: Modem) -> Callable[[str], str]:
    def digits(command: str) -> str:
        found = _IMEI.search(_ask(modem, command))
        if found is None and command == "AT+GSN":
            raise ModemError("it has no IMEI of 15 digits (AT+CGSN)")
        return found[0] if found else ""

    return digits


def grouped(modems: Sequence[FoundModem]) -> tuple[FoundModem, ...]:
    """One entry per IMEI (and model: cloned numbers exist), on its best port, with the others.

    Best is the lowest USB interface, then the first name. Assumed: makers put the port for
    commands before the one for data calls, as the modules of Quectel, SIMCom and Telit do.
    """
    modules: dict[tuple[str, str], list[FoundModem]] = {}
    for modem in modems:
        modules.setdefault((modem.imei, modem.model), []).append(modem)
    best = []
    for same in modules.values():
        first, *rest = sorted(same, key=_suitability)
        best.append(replace(first, other_ports=tuple(modem.port.path for modem in rest)))
    return tuple(best)


def _suitability(modem: FoundModem) -> tuple[bool, int, str]:
    number = modem.port.interface
    return number is None, number or 0, modem.port.path
