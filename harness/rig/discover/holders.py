"""Who has a port open: other processes, lock files of other programs, ModemManager."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
LOCK_FOLDERS = (Path("/var/lock"), Path("/run/lock"))  # UUCP-style LCK..ttyUSB0 (FHS 3.0 §5.9)
MODEM_MANAGER_ADVICE = (
    "ModemManager runs here, and takes modem ports for itself: stop it (systemctl stop "
    "ModemManager), or tell it to leave these alone (udev: ID_MM_DEVICE_IGNORE=1)"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a port open."""

    pid: int
    program: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.program})"


def holders_of(path: str, proc: Path = PROC) -> list[Holder]:
    """Other processes with this device open; only those that this user may look into.

    The process at the master end of a PTY is not its user: it plays the modem.
    """
    try:
        device = os.stat(path).st_rdev
    except OSError:
        return []
    if not device:
        return []
    found = []
    for pid in _processes(proc):
        if pid == os.getpid():
            continue
        descriptors = list(_descriptors(proc / str(pid)))
        if any(_is(fd, device) for fd in descriptors) and not any(
            _is_master(proc / str(pid), fd, os.path.realpath(path)) for fd in descriptors
        ):
            found.append(Holder(pid, _program(proc, pid)))
    return found


def locked_by(path: str, folders: tuple[Path, ...] = LOCK_FOLDERS) -> Holder | None:
    """The living process that a lock file of another program names (minicom, pppd, gammu …)."""
    name = os.path.basename(os.path.realpath(path))
    for folder in folders:
        try:
            pid = int((folder / f"LCK..{name}").read_bytes().split()[0])
        except (OSError, ValueError, IndexError):
            continue
        if pid != os.getpid() and (PROC / str(pid)).exists():
            return Holder(pid, _program(PROC, pid))
    return None


def modem_manager_runs(proc: Path = PROC) -> bool:
    """Whether a ModemManager is among the processes."""
    return any(_program(proc, pid) == "ModemManager" for pid in _processes(proc))


def _processes(proc: Path) -> Iterator[int]:
    return (int(entry.name) for entry in proc.iterdir() if entry.name.isdigit())


def _descriptors(process: Path) -> Iterator[Path]:
    try:
        yield from (process / "fd").iterdir()
    except OSError:  # somebody else's process, or one that has just ended
        return


def _is(descriptor: Path, device: int) -> bool:
    try:
        return descriptor.stat().st_rdev == device
    except OSError:
        return False


def _is_master(process: Path, descriptor: Path, path: str) -> bool:
    slave = re.fullmatch(r"/dev/pts/(\d+)", path)
    if slave is None:
        return False
    try:
        if "ptmx" not in os.readlink(descriptor):
            return False
        facts = (process / "fdinfo" / descriptor.name).read_text()
    except OSError:
        return False
    return re.search(rf"^tty-index:\s*{slave[1]}$", facts, re.MULTILINE) is not None


def _program(proc: Path, pid: int) -> str:
    try:
        return (proc / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "?"
