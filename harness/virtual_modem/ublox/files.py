"""+UDWNFILE and its relatives: the file system that the HTTP client reads and writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Handler, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

SPACE = 1_048_576  #: bytes of all files together (assumed)
NAME = 47  #: bytes of a file's name
_PROMPT_S = 20.0


@dataclass(slots=True)
class Files:
    """Contents by name. They go with the power here, and stay on a module (assumed harmless)."""

    stored: dict[str, bytes] = field(default_factory=dict)

    @property
    def free(self) -> int:
        return SPACE - sum(map(len, self.stored.values()))


def files(core: Core) -> Files:
    return core.part(Files)


def name_of(command: Command, place: int = 0) -> str:
    """A file name. Raises CME 50."""
    name = text(command, place)
    if not 1 <= len(name) <= NAME:
        raise AtError(50)
    return name


async def _download(core: Core, command: Command) -> Info:
    """+UDWNFILE=<name>,<size>: after ``>`` so many bytes. A file that is there is continued."""
    name, size = name_of(command), number(command, 1, 1, SPACE)
    if size > files(core).free:
        raise AtError(20)
    data = await core.ask("\r\n>", size, timeout_s=_PROMPT_S)
    if data is None:
        raise AtError(3)
    stored = files(core).stored
    stored[name] = stored.get(name, b"") + data
    return None


def _content(core: Core, command: Command) -> tuple[str, bytes]:
    name = name_of(command)
    content = files(core).stored.get(name)
    if content is None:
        raise AtError(22)
    return name, content


def _content_reader(before: bytes, *, block: bool) -> Handler:
    """+URDFILE or +URDBLOCK; ``before`` is what the module puts in front of the answer."""

    def read(core: Core, command: Command) -> Info:
        name, content = _content(core, command)
        word = "+URDFILE"
        if block:
            word, start, size = (
                "+URDBLOCK", number(command, 1, 0, SPACE), number(command, 2, 1, SPACE)
            )  # fmt: skip
            if start > len(content):
                raise AtError(50)
            content = content[start : start + size]
        core.send(before + f'{word}: "{name}",{len(content)},"'.encode("latin-1"))
        core.send(content + b'"\r\n')
        return None

    return read


def _delete(core: Core, command: Command) -> Info:
    name, _ = _content(core, command)
    del files(core).stored[name]
    return None


def _list(core: Core, command: Command) -> Info:
    """+ULSTFILE: 0 names, 1 free space, 2 a file's size."""
    what = number(command, 0, 0, 2, 0)
    if what == 1:
        return [f"+ULSTFILE: {files(core).free}"]
    if what == 2:
        name = name_of(command, 1)
        if name not in files(core).stored:
            raise AtError(22)
        return [f"+ULSTFILE: {len(files(core).stored[name])}"]
    return ["+ULSTFILE: " + ",".join(f'"{name}"' for name in files(core).stored)]


def commands(*, before: bytes = b"\r\n") -> CommandTable:
    """The table; SARA-R4 puts only LF before what +URDFILE and +URDBLOCK show."""
    return {
        "+UDWNFILE": Entry(set=_download, test=lambda core, command: None),
        "+URDFILE": Entry(set=_content_reader(before, block=False)),
        "+URDBLOCK": Entry(set=_content_reader(before, block=True)),
        "+UDELFILE": Entry(set=_delete, test=lambda core, command: None),
        "+ULSTFILE": Entry(run=_list, set=_list, test=says("+ULSTFILE: (0-2)")),
    }
