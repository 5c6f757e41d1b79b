"""%CMNG: credentials by security tag and type, in the modem's own memory, which needs no power.

nRF91 AT Commands Command Reference Guide, %CMNG (set command): written and deleted only while the
modem is not active, its numbers of errors. Seen on mfw_nrf91x1_2.0.2: a certificate whose lines
end with CR LF is 527.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.table import CommandTable, Entry, Info, number, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

NOT_FOUND, NO_ACCESS, ACTIVE, INVALID = 513, 514, 518, 527
ERRORS: Mapping[int, str] = {
    NOT_FOUND: "Not found", NO_ACCESS: "No access", ACTIVE: "Not allowed in active state",
    INVALID: "Invalid content",
}  # fmt: skip
HIGHEST_TAG = 2_147_483_647
_WRITE, _LIST, _READ, _DELETE = range(4)
_ROOT, _CLIENT, _TYPES = 0, 1, 4  #: root CA, client certificate, client key, PSK, PSK identity
_PREFIX = "%CMNG:"


def _key(tag: int, kind: int) -> str:
    return f"{_PREFIX}{tag},{kind}"


def root(core: Core, tag: int) -> bytes:
    """The root CA's certificate of a security tag, empty when there is none."""
    return core.kept.get(_key(tag, _ROOT), "").encode("latin-1")


def _manage(core: Core, command: Command) -> Info:
    operation = number(command, 0, 0, 3)
    if operation == _LIST:
        return _listed(core, command)
    tag, kind = number(command, 1, 0, HIGHEST_TAG), number(command, 2, 0, 20)
    if kind > _TYPES:
        raise Unknown  # keys of Nordic's own services are not there
    key = _key(tag, kind)
    if operation == _READ:
        content = core.kept.get(key)
        if content is None:
            raise AtError(NOT_FOUND)
        if kind not in (_ROOT, _CLIENT):
            raise AtError(NO_ACCESS)
        return [f'{_line(core, key)},"{content}"']
    if core.radio.functionality == 1:
        raise AtError(ACTIVE)
    if operation == _DELETE:
        if core.kept.pop(key, None) is None:
            raise AtError(NOT_FOUND)
        return None
    content = text(command, 3)
    if not content:
        raise AtError(50)
    if "\r" in content and core.model.revision.startswith("mfw_nrf91x1"):
        raise AtError(INVALID)
    core.kept[key] = content
    return None


def _line(core: Core, key: str) -> str:
    digest = hashlib.sha256(core.kept[key].encode("latin-1")).hexdigest().upper()
    return f'%CMNG: {key.removeprefix(_PREFIX)},"{digest}"'


def _listed(core: Core, command: Command) -> Info:
    """All, those of a tag, or one; nothing found is no error (assumed)."""
    wanted = _PREFIX
    if len(command.params) > 1:
        wanted += f"{number(command, 1, 0, HIGHEST_TAG)},"
    if len(command.params) > 2:
        wanted += str(number(command, 2, 0, 20))
    found = [key for key in core.kept if key.startswith(wanted)]
    return [_line(core, key) for key in sorted(found)]


COMMANDS: CommandTable = {"%CMNG": Entry(set=_manage)}
