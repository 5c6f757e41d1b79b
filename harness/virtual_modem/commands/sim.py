"""Files of the SIM (27.007 §8.18; TS 31.102 §4.2, TS 51.011 §10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_READ_BINARY = 176
_EF_ICCID, _EF_IMSI = 0x2FE2, 0x6F07


def _swapped(digits: str) -> str:
    """Two digits to an octet, the first in its low half; an odd end is filled with F."""
    digits += "F" * (len(digits) % 2)
    return "".join(second + first for first, second in zip(digits[::2], digits[1::2], strict=True))


def _file(core: Core, place: int) -> str | None:
    if place == _EF_ICCID:
        return _swapped(core.identity.iccid)
    if place == _EF_IMSI and core.radio.unlocked:
        imsi = core.identity.imsi
        parity = "9" if len(imsi) % 2 else "1"
        content = _swapped(parity + imsi)
        return f"{len(content) // 2:02X}{content}"
    return None


def _restricted(core: Core, command: Command) -> Info:
    """+CRSM: READ BINARY of EF_ICCID and EF_IMSI; 6A82 for other files, 6D00 for other orders."""
    if not core.subscription.present:
        raise AtError(10)
    if number(command, 0, 0, 255) != _READ_BINARY:
        return ["+CRSM: 109,0"]
    content = _file(core, number(command, 1, 0, 0xFFFF))
    if content is None:
        return ["+CRSM: 106,130"]
    length = number(command, 4, 0, 255, 0) or len(content) // 2
    return [f'+CRSM: 144,0,"{content[: 2 * length]}"']


COMMANDS: CommandTable = {"+CRSM": Entry(set=_restricted, test=lambda core, command: None)}
