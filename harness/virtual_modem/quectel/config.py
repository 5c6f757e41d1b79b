"""+QCFG and +QURCCFG: settings under a key, kept without power."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import Setting
from harness.virtual_modem.quectel.model import model_of
from harness.virtual_modem.results import Unknown
from harness.virtual_modem.table import CommandTable, Entry, Info, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

Keys = Callable[["Core"], Mapping[str, Setting]]


def keyed(name: str, known: Keys) -> Entry:
    """``NAME="key"`` reads, ``NAME="key",…`` sets; a key that is not known is an error."""

    def write(core: Core, command: Command) -> Info:
        key = text(command, 0).lower()
        setting = known(core).get(key)
        if setting is None:
            raise Unknown
        place = f'{name}="{key}"'
        value = core.kept.get(place, setting.default)
        if len(command.params) == 1:
            return [f'{name}: "{key}",{value}']
        core.kept[place] = setting.merge(value, command.params[1:])
        return None

    def test(core: Core, command: Command) -> Info:
        return [f'{name}: "{key}",{setting.shown}' for key, setting in known(core).items()]

    return Entry(set=write, test=test)


def commands(urc: Mapping[str, Setting]) -> CommandTable:
    """+QCFG with the model's keys, +QURCCFG with ``urc``."""
    return {
        "+QCFG": keyed("+QCFG", lambda core: model_of(core).config),
        "+QURCCFG": keyed("+QURCCFG", lambda core: urc),
    }
