"""Where a terminal finds its modem: on a port, or in a rig file."""

from __future__ import annotations

import contextlib
import re
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import HilError, UsageError
from harness.evidence import Redactor
from harness.line import AtChannel, PortSettings
from harness.modem.families import driver_of, recognise
from harness.rig.bench import BenchOptions
from harness.rig.discover.probe import probe
from harness.rig.discover.sound import Sound
from harness.rig.locks import device_lock
from harness.rig.rig import Device, Rig, load_rig
from harness.rig.session import RigSession
from harness.virtual_modem import VirtualModem

_ASK_S = 2.0
_LOCK_S = 2.0
_BOOT_S = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """A modem's line, and how it is spoken to; ``says`` is for the person."""

    url: str
    name: str
    family: str
    says: str
    baud: int
    rtscts: bool = False
    line_end: str = "\r"
    redactor: Redactor = field(default_factory=Redactor)


def at_port(url: str, family: str | None, baud: int, *, rtscts: bool = False) -> Place:
    """The modem on a port; without ``family`` it is asked, and nothing of it is changed.

    One that does not answer is no error: a terminal is there to find out why.
    Raises the line's errors.
    """
    found = probe(url, bauds=(baud,), rtscts=rtscts)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", url.rpartition("/")[2]) or "modem"
    says, line_end = found.says, found.line_end
    if found.sound is Sound.AT and not found.numeric:
        seen = _who(url, PortSettings(baudrate=baud, rtscts=rtscts), line_end)
        says = " ".join(seen) or says
        family = family or recognise(*seen)
    elif found.sound is not Sound.AT and family is not None:
        line_end = driver_of(family).dialect.line_end
    return Place(url, name, family or "3gpp", says, baud, rtscts, line_end)


def _who(url: str, settings: PortSettings, line_end: str) -> tuple[str, str]:
    """Maker and model, "" for what is not told."""
    dialect = replace(driver_of("3gpp").dialect, line_end=line_end)
    answers = []
    with contextlib.closing(AtChannel(url, dialect, settings=settings)) as channel:
        for command in ("AT+CGMI", "AT+CGMM"):
            lines: tuple[str, ...] = ()
            with contextlib.suppress(HilError):
                lines = channel.execute(command, timeout_s=_ASK_S).lines
            told = lines[0] if lines else ""
            answers.append(told.removeprefix(f"{command[2:]}:").strip(' "'))
    return answers[0], answers[1]


@contextlib.contextmanager
def in_rig(file: Path, name: str | None) -> Iterator[Place]:
    """The modem of a device of a rig; a virtual one is powered for as long as this is open.

    Raises :class:`UsageError` when it must be said which device, and what opening it raises.
    """
    rig = load_rig(file)
    device = _chosen(rig, name)
    model = device.modem
    if not model.virtual:
        path = str(model.port)
        with device_lock(path, wait_s=_LOCK_S):
            yield Place(
                path, device.name, model.family, f"{model.family} of {rig.name}", model.baud,
                model.rtscts, driver_of(model.family).dialect.line_end, rig.redactor(),
            )  # fmt: skip
        return
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as closing:
        session = RigSession(rig, Path(folder))
        closing.callback(session.close)
        bench = closing.enter_context(
            session.open_bench(device, BenchOptions(real_time=True), "console")
        )
        assert bench.modem is not None  # the device is virtual
        bench.dut.close()  # the line is ours
        _boot(bench.modem)
        yield Place(
            bench.modem.path, device.name, model.family,
            f"virtual {model.family}, with the platform on its network", model.baud,
            line_end=driver_of(model.family).dialect.line_end, redactor=rig.redactor(),
        )  # fmt: skip


def _boot(modem: VirtualModem) -> None:
    booted = threading.Event()
    modem.on_state(lambda state: booted.set() if state.state == "ready" else None)
    modem.power(True)
    booted.wait(_BOOT_S)  # one that is slower is told by what it says


def _chosen(rig: Rig, name: str | None) -> Device:
    names = [device.name for device in rig.devices]
    if name is None and len(names) == 1:
        name = names[0]
    for device in rig.devices:
        if device.name == name:
            return device
    known = ", ".join(names)
    raise UsageError(
        f"the rig {rig.name} has no device {name!r} (its devices: {known})"
        if name is not None
        else f"say which device with --device: {known}"
    )
