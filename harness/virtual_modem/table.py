"""How commands are described: a table entry holds a function for each form of a command."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.at.commandparse import Command, Kind
from harness.virtual_modem.fields import Field, Setting
from harness.virtual_modem.results import AtError, Unknown

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

#: Pieces of information; nothing comes between the lines of one piece (a count and its data).
Info = list[str] | None
Reply = Info | Coroutine[Any, Any, Info]
Handler = Callable[["Core", Command], Reply]


@dataclass(frozen=True, slots=True)
class Entry:
    """The forms that a command has; one that is missing is unknown."""

    run: Handler | None = None
    read: Handler | None = None
    test: Handler | None = None
    set: Handler | None = None

    def handler(self, kind: Kind) -> Handler:
        found = {
            Kind.RUN: self.run, Kind.READ: self.read, Kind.TEST: self.test, Kind.SET: self.set,
        }[kind]  # fmt: skip
        if found is None:
            raise Unknown
        return found


CommandTable = Mapping[str, Entry]


def says(*lines: str) -> Handler:
    """A handler whose answer never changes."""
    return lambda core, command: list(lines)


def kept(
    name: str, default: str, *fields: Field, then: Callable[[Core, str], object] | None = None
) -> Entry:
    """A setting that is checked, kept until power goes, and read back.

    ``then`` gets its name once it was set, and puts it into force.
    """
    setting = Setting(default, fields)

    def read(core: Core, command: Command) -> Info:
        return [f"{name}: {core.values.get(name, default)}"]

    def write(core: Core, command: Command) -> Info:
        core.values[name] = setting.merge(core.values.get(name, default), command.params)
        if then is not None:
            then(core, name)
        return None

    return Entry(read=read, set=write, test=says(f"{name}: {setting.shown}"))


def number(command: Command, place: int, low: int, high: int, default: int | None = None) -> int:
    """A numeric parameter in its range. Raises CME 50 otherwise."""
    param = command.params[place] if place < len(command.params) else None
    if param is None:
        if default is None:
            raise AtError(50)
        return default
    if not param.text.isascii() or not param.text.isdecimal():
        raise AtError(50)
    value = int(param.text)
    if not low <= value <= high:
        raise AtError(50)
    return value


def text(command: Command, place: int, default: str | None = None) -> str:
    """A string parameter. Raises CME 50 when it is missing without a default."""
    param = command.params[place] if place < len(command.params) else None
    if param is not None:
        return param.text
    if default is None:
        raise AtError(50)
    return default
