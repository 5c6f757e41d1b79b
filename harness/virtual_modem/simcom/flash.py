"""+CFSINIT … +CFSTERM: the file system that certificates are brought in by.

SIM7070_7080_7090 AT V1.05 §9.2 and SIM7000 AT V1.06 §15.2, FS Application Notes V1.02 and V1.01.
Only what certificates need: files are written, measured and deleted. They survive a loss of power.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

CUSTOMER = 3  #: the folder that certificates are taken from
_NAME = 230  #: characters of a name; 50 with SIM7000's older firmware
_LARGEST = 10_240  #: bytes that one command writes
_NOT_ALLOWED = 3


@dataclass(slots=True)
class Buffer:
    """``held`` between +CFSINIT and +CFSTERM; without it nothing works on files (assumed)."""

    held: bool = False


def _key(folder: int, name: str) -> str:
    return f"CFS:{folder}/{name}"


def content(core: Core, folder: int, name: str) -> bytes | None:
    """The bytes of a file, None when there is none."""
    found = core.kept.get(_key(folder, name))
    return None if found is None else found.encode("latin-1")


def _begin(core: Core, command: Command) -> Info:
    """A second time is refused (assumed)."""
    buffer = core.part(Buffer)
    if buffer.held:
        raise AtError(_NOT_ALLOWED)
    buffer.held = True
    return None


def _end(core: Core, command: Command) -> Info:
    buffer = core.part(Buffer)
    if not buffer.held:
        raise AtError(_NOT_ALLOWED)
    buffer.held = False
    return None


def _file(core: Core, command: Command) -> tuple[int, str]:
    folder, name = number(command, 0, 0, 3), text(command, 1)
    if not 0 < len(name) <= _NAME:
        raise AtError(50)
    if not core.part(Buffer).held:
        raise AtError(_NOT_ALLOWED)
    return folder, name


async def _write(core: Core, command: Command) -> Info:
    """Mode 0 writes over the beginning and leaves what is behind it, mode 1 adds to the end."""
    folder, name = _file(core, command)
    adding, size = number(command, 2, 0, 1), number(command, 3, 1, _LARGEST)
    wait_ms = number(command, 4, 100, 10_000)
    before = content(core, folder, name) or b""
    data = await core.ask("\r\nDOWNLOAD\r\n", size, timeout_s=wait_ms / 1000, echo=False)
    if data is None:
        raise AtError(_NOT_ALLOWED)
    data = before + data if adding else data + before[size:]
    core.kept[_key(folder, name)] = data.decode("latin-1")
    return None


def _existing(core: Core, command: Command) -> tuple[str, bytes]:
    folder, name = _file(core, command)
    data = content(core, folder, name)
    if data is None:
        raise AtError(_NOT_ALLOWED)
    return _key(folder, name), data


def _size(core: Core, command: Command) -> Info:
    return [f"+CFSGFIS: {len(_existing(core, command)[1])}"]


def _delete(core: Core, command: Command) -> Info:
    del core.kept[_existing(core, command)[0]]
    return None


COMMANDS: CommandTable = {
    "+CFSINIT": Entry(run=_begin),
    "+CFSTERM": Entry(run=_end),
    "+CFSWFILE": Entry(
        set=_write, test=says(f"+CFSWFILE: (0-3),{_NAME},(0-1),(1-{_LARGEST}),(100-10000)")
    ),
    "+CFSGFIS": Entry(set=_size, test=says(f"+CFSGFIS: (0-3),{_NAME}")),
    "+CFSDFILE": Entry(set=_delete, test=says(f"+CFSDFILE: (0-3),{_NAME}")),
}
