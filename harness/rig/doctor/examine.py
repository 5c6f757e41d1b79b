"""Examine a rig: its own rows once, each device in turn, real ports side by side."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.errors import HilError
from harness.line import AtTimeout, EventTimeout, PortBusy, PortSettings
from harness.modem import open_modem
from harness.modem.errors import CannotDo, ModemError
from harness.rig.bench import BenchOptions
from harness.rig.discover.together import together
from harness.rig.doctor.findings import DeviceHealth, Finding, RigHealth, Sheet, unfit, warning
from harness.rig.doctor.line_checks import check_line
from harness.rig.doctor.modem_checks import BEFORE_NETWORK, Subject, check_clock
from harness.rig.doctor.network_checks import (
    Door,
    check_address,
    check_apn,
    check_disk,
    check_reach,
)
from harness.rig.doctor.settings import DoctorSettings
from harness.rig.locks import device_lock
from harness.rig.rig import Device
from harness.rig.session import RigSession

_RESTART = "restart the modem, and look again"


def examine(
    session: RigSession,
    settings: DoctorSettings,
    devices: Sequence[Device] | None = None,
) -> RigHealth:
    """Examine ``devices`` (default: all of the rig). Takes seconds; never raises for what it finds.

    A virtual device gets a bench as in a run, and its modem is started and asked like a real one.
    Modems on real ports are asked side by side. Nothing that lasts is changed but what a run
    sets too: a radio that was off is off again.
    """
    chosen = session.rig.devices if devices is None else devices
    bench = [check_disk(settings)]
    try:
        bench.append(check_address(session.network, settings.lock_wait_s))
        door = Door(session.network)
    except HilError as error:
        bench.append(unfit("platform", str(error)))
        return RigHealth(session.rig.name, tuple(bench), ())  # nothing could be reached
    virtual = [device for device in chosen if device.modem.virtual]
    found = {device.name: _virtual(session, device, settings) for device in virtual}
    real = [device for device in chosen if not device.modem.virtual]
    healths = together(lambda d: _real(session.rig.devices, d, settings, door), real, "doctor")
    found |= {health.name: health for health in healths}
    return RigHealth(session.rig.name, tuple(bench), tuple(found[d.name] for d in chosen))


def _virtual(session: RigSession, device: Device, settings: DoctorSettings) -> DeviceHealth:
    sheet = Sheet()
    path = "virtual"
    try:
        with session.open_bench(device, BenchOptions(real_time=True), "doctor") as bench:
            assert bench.modem is not None  # the device is virtual
            bench.dut.close()  # the line is ours
            path = bench.modem.path
            bench.modem.power(True)
            _ask(sheet, _Place(device, session.rig.devices, path, Door(None)), settings)
    except HilError as error:
        sheet.stop(str(error))
    return DeviceHealth(device.name, path, sheet.rows())


def _real(
    devices: Sequence[Device], device: Device, settings: DoctorSettings, door: Door
) -> DeviceHealth:
    sheet = Sheet()
    path = str(device.modem.port)
    twins = _twins(devices, path)
    if len(twins) > 1:
        advice = "give each device a port of its own"
        sheet.add(unfit("port", f"{' and '.join(twins)} name the same port {path}", advice))
        return DeviceHealth(device.name, path, sheet.rows())
    try:
        with device_lock(path, wait_s=settings.lock_wait_s):
            _ask(sheet, _Place(device, devices, path, door), settings)
    except PortBusy as error:
        sheet.add(unfit("in use", str(error), "wait until that program is done"))
    except HilError as error:
        sheet.stop(str(error))
    return DeviceHealth(device.name, path, sheet.rows())


def _twins(devices: Sequence[Device], path: str) -> list[str]:
    same = os.path.realpath(path)
    return [d.name for d in devices if d.modem.port and os.path.realpath(d.modem.port) == same]


@dataclass(frozen=True, slots=True)
class _Place:
    """A device, where it is, and what it is to be compared with."""

    device: Device
    devices: Sequence[Device]
    path: str
    door: Door


def _ask(sheet: Sheet, place: _Place, settings: DoctorSettings) -> None:
    """All rows of a device. Raises what makes further questions useless."""
    model = place.device.modem
    if not check_line(sheet, place.path, model, settings.answer_s):
        return
    sheet.begin("family")
    line = PortSettings(baudrate=model.baud, rtscts=model.rtscts)
    with open_modem(model.family, place.path, name=place.device.name, settings=line) as modem:
        modem.greet(timeout_s=settings.ready_s)  # the radio is looked at before it is touched
        others = [other for other in place.devices if other is not place.device]
        subject = Subject(place.device, others, modem, settings)
        steps: tuple[tuple[str, Callable[[Subject], Finding]], ...] = (
            *BEFORE_NETWORK,
            ("apn", check_apn),
            ("platform", lambda subject: check_reach(subject, place.door)),
            ("clock", check_clock),
        )
        try:
            for name, step in steps:
                sheet.begin(name)
                fit = _note(sheet, name, step, subject)
                if name == "family" and not fit:
                    return  # in another family's dialect every answer would mislead
        finally:
            if subject.radio_was is not None:
                with contextlib.suppress(HilError):
                    modem.set_radio(subject.radio_was)


def _note(sheet: Sheet, name: str, step: Callable[[Subject], Finding], subject: Subject) -> bool:
    """One row, and whether it is fit.

    A refusal is a remark; a modem that falls silent ends the examination.
    """
    try:
        return sheet.add(step(subject))
    except EventTimeout as error:
        return sheet.add(unfit(name, str(error)))
    except AtTimeout as error:
        sheet.add(unfit(name, f"the modem fell silent: {error}", _RESTART))
        raise
    except (ModemError, CannotDo) as error:
        return sheet.add(warning(name, f"cannot be told: {error}"))
