"""+QFUPL and its relatives (Quectel FILE manuals): the files of UFS, which survive a loss of power.

Only what certificates need: whole files are uploaded, listed and deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_STORE = "UFS:"
_LARGEST = 1_048_576  #: bytes of a file (assumed)
_EXISTS, _NOT_FOUND, _TIMED_OUT = 407, 405, 421


def _key(name: str) -> str:
    return name if name.upper().startswith(_STORE) else _STORE + name


def content(core: Core, name: str) -> bytes | None:
    """The bytes of a file, None when there is none."""
    kept = core.kept.get(_key(name))
    return None if kept is None else kept.encode("latin-1")


def checksum(data: bytes) -> int:
    """Pairs of bytes, an odd last one filled up with 0, XORed."""
    padded = data + b"\x00" * (len(data) % 2)
    result = 0
    for high, low in zip(padded[::2], padded[1::2], strict=True):
        result ^= high << 8 | low
    return result


async def _upload(core: Core, command: Command) -> Info:
    name, size = text(command, 0), number(command, 1, 1, _LARGEST)
    wait_s = number(command, 2, 1, 65_535, 5)
    if content(core, name) is not None:
        raise AtError(_EXISTS)
    data = await core.ask("\r\nCONNECT\r\n", size, timeout_s=wait_s, echo=False)
    if data is None:
        raise AtError(_TIMED_OUT)
    core.kept[_key(name)] = data.decode("latin-1")
    return [f"+QFUPL: {len(data)},{checksum(data):x}"]


def _delete(core: Core, command: Command) -> Info:
    name = text(command, 0)
    if name == "*":
        for key in [key for key in core.kept if key.startswith(_STORE)]:
            del core.kept[key]
    elif core.kept.pop(_key(name), None) is None:
        raise AtError(_NOT_FOUND)
    return None


def _list(core: Core, command: Command) -> Info:
    wanted = text(command, 0, "*")
    return [
        f'+QFLST: "{key}",{len(value)}'
        for key, value in core.kept.items()
        if key.startswith(_STORE) and wanted in ("*", key, key.removeprefix(_STORE))
    ]


COMMANDS: CommandTable = {
    "+QFUPL": Entry(set=_upload, test=says("+QFUPL: <filename>[,(1-1048576)[,(1-65535)]]")),
    "+QFDEL": Entry(set=_delete, test=says("+QFDEL: <filename>")),
    "+QFLST": Entry(run=_list, set=_list, test=says("+QFLST: <filename>")),
}
