"""What a modem family says without being asked, and how a command's answer looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.at.params import fields_of


def never(line: str) -> bool:
    """With the running command's own prefix it is always that command's answer."""
    return False


def always(line: str) -> bool:
    """It is unsolicited even while a command with this prefix runs (``+QIOPEN:``)."""
    return True


def registration(line: str) -> bool:
    """``+CxREG:`` without ``<n>`` (27.007 §7.2): one field, or a second that is no bare digit."""
    fields = fields_of(line)
    return len(fields) < 2 or fields[1].quoted or fields[1].number is None


@dataclass(frozen=True, slots=True)
class UrcKind:
    """``own`` decides when the running command has the same prefix.

    ``data_line``: the next line belongs to it; ``data_field``: index of a byte count, if present.
    """

    prefix: str
    own: Callable[[str], bool] = never
    data_line: bool = False
    data_field: int | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """``finals`` are vendor results: text to whether they mean success."""

    urcs: tuple[UrcKind, ...] = ()
    finals: tuple[tuple[str, bool], ...] = ()
    numeric: bool = False  # V0
    line_limit: int = 65_536
    payload_limit: int = 1_048_576


@dataclass(frozen=True, slots=True)
class Binary:
    """Bytes after the line that starts with ``after``.

    ``length`` when it is known, else the number in field ``field``; with ``until`` the data run
    up to that mark, which stays on the line (only for answers that state no length).
    """

    after: str
    field: int = 0
    length: int | None = None
    until: bytes = b""


@dataclass(frozen=True, slots=True)
class Command:
    """One command line. ``prefix`` is derived from the text when it is None."""

    text: str
    prefix: str | None = None
    prompt: str = ""
    binary: Binary | None = None
    data_lines: bool = False  # the line after each prefixed one is data (+CMGR, +CMGL)
    completes: str = ""  # a line that ends the command instead of OK
    own_prefix: str = field(init=False)

    def __post_init__(self) -> None:
        found = re.match(r"(?i)AT([+^*#%$&][A-Z0-9]+)", self.text)
        derived = found[1].upper() + ":" if found else ""
        object.__setattr__(self, "own_prefix", derived if self.prefix is None else self.prefix)
