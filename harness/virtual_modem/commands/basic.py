"""V.250: the basic commands, S registers and the stored profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.profile import BASIC, current, factory, recall
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


def _quiet(core: Core, command: Command) -> Info:
    core.quiet = number(command, 0, 0, 1, 0) == 1
    return None


def _hang_up(core: Core, command: Command) -> Info:
    number(command, 0, 0, 0, 0)
    return None


def _basic(name: str) -> Entry:
    """``AT&C1``: a number in its range; without one it is 0 (V.250 §5.3.1)."""
    low, high, _ = BASIC[name]

    def run(core: Core, command: Command) -> Info:
        core.basic[name] = number(command, 0, low, high, 0)
        return None

    return Entry(run=run)


def _register(name: str) -> Entry:
    """``ATS3=13``, read as three digits (V.250 §5.3.2)."""
    low, high, _ = BASIC[name]

    def write(core: Core, command: Command) -> Info:
        core.basic[name] = number(command, 0, low, high)
        return None

    return Entry(read=lambda core, command: [f"{core.basic[name]:03d}"], set=write)


def _echo(core: Core, command: Command) -> Info:
    core.reader.echo = number(command, 0, 0, 1, 0) == 1
    return None


def _verbose(core: Core, command: Command) -> Info:
    core.verbose = number(command, 0, 0, 1, 0) == 1
    return None


def _factory(core: Core, command: Command) -> Info:
    number(command, 0, 0, 0, 0)
    recall(core, factory(core))
    return None


def _stored(core: Core, command: Command) -> Info:
    number(command, 0, 0, 0, 0)
    recall(core, core.stored)
    return None


def _store(core: Core, command: Command) -> Info:
    number(command, 0, 0, 0, 0)
    core.stored = current(core)
    return None


def _information(core: Core, command: Command) -> Info:
    if number(command, 0, 0, 255, 0):
        raise AtError
    return list(core.family.information(core))


COMMANDS: CommandTable = {
    "E": Entry(run=_echo), "V": Entry(run=_verbose), "Q": Entry(run=_quiet),
    "Z": Entry(run=_stored), "&F": Entry(run=_factory), "&W": Entry(run=_store),
    "H": Entry(run=_hang_up), "I": Entry(run=_information),
    **{name: _basic(name) for name in ("X", "&C", "&D")},
    **{name: _register(name) for name in ("S0", "S3", "S4", "S5", "S7")},
}  # fmt: skip
