"""+CCERTDOWN, +CCERTLIST and +CCERTDELE: certificates that survive a loss of power.

SIM7500_SIM7600 AT V3.00 §10.2.13 to §10.2.15, A76XX AT V1.09 §19.2.2 to §19.2.4, SIM767XX AT V1.06
§17.2.2 to §17.2.4. Assumed: a name that is there already is written over. Names that are not ASCII
(``{non-ascii}``) are not modelled.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError
from harness.virtual_modem.simcom.cch_variant import variant_of
from harness.virtual_modem.table import CommandTable, Entry, Info, number, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_KEPT = "certificate:"
_LARGEST = 10_240  #: bytes of one
_WAIT_S = 120.0


def anchors(core: Core, name: str) -> bytes | None:
    """A stored certificate as PEM, None when there is none of that name."""
    kept = core.kept.get(_KEPT + name)
    if kept is None:
        return None
    data = kept.encode("latin-1")
    return ssl.DER_cert_to_PEM_cert(data).encode() if name.endswith(".der") else data


def _name(core: Core, command: Command) -> str:
    name = text(command, 0)
    if not variant_of(core).names(name):
        raise AtError(50)
    return name


async def _download(core: Core, command: Command) -> Info:
    name, size = _name(core, command), number(command, 1, 1, _LARGEST)
    data = await core.ask("\r\n>", size, timeout_s=_WAIT_S)
    if data is None:
        raise AtError
    core.kept[_KEPT + name] = data.decode("latin-1")
    return None


def _delete(core: Core, command: Command) -> Info:
    if core.kept.pop(_KEPT + _name(core, command), None) is None:
        raise AtError
    return None


def _list(core: Core, command: Command) -> Info:
    names = [key.removeprefix(_KEPT) for key in core.kept if key.startswith(_KEPT)]
    return [f'+CCERTLIST: "{name}"' for name in names]


def _limits(core: Core, command: Command) -> Info:
    return [f"+CCERTDOWN: {variant_of(core).name_range},(1-{_LARGEST})"]


COMMANDS: CommandTable = {
    "+CCERTDOWN": Entry(set=_download, test=_limits),
    "+CCERTLIST": Entry(run=_list),
    "+CCERTDELE": Entry(set=_delete),
}
