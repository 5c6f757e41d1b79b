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
    """``finals`` are vendor results: text to whether they mean success.

    ``probe`` is sent to find the way back into step. One with information of its own
    (``AT+CMEE?``) is best: a late bare ``OK`` cannot pass for its answer. ``gap_s`` is the rest
    that the modem wants between a final result and the next command. ``lines_in_strings``: line
    ends between quotes are no end of the command (modems without echo only).
    """

    urcs: tuple[UrcKind, ...] = ()
    finals: tuple[tuple[str, bool], ...] = ()
    numeric: bool = False  # V0
    line_limit: int = 65_536
    payload_limit: int = 1_048_576
    probe: str = "AT"
    line_end: str = "\r"  # S3 (V.250 §6.2.1); some firmware is built for CR LF
    lines_in_strings: bool = False
    gap_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Binary:
    """Bytes after the line that starts with ``after``.

    ``length`` when it is known, else the number in field ``field``; with ``until`` the data run
    up to the first match, which stays on the line (only for answers that state no length).
    ``inline`` is for data on the line itself: a pattern from the line's start up to the first
    data byte, its group 1 the count when there is one; the rest of the line is dropped.
    """

    after: str
    field: int = 0
    length: int | None = None
    until: re.Pattern[bytes] | None = None
    inline: re.Pattern[bytes] | None = None


_EXTENDED = re.compile(r"[+^*#%$&][A-Z][A-Z0-9]*", re.IGNORECASE)
_CALLS = re.compile(r"AT(?:[DO]|A$|\+CGDATA)", re.IGNORECASE)


def _prefixes(text: str) -> tuple[str, ...]:
    """``AT+CMEE=1;+CEREG?`` answers with ``+CMEE:`` and ``+CEREG:`` (V.250 §5.2.1)."""
    head = text[2:] if text[:2].upper() == "AT" else ""
    unquoted = re.sub(r'"[^"]*"?', "", head)
    found = (_EXTENDED.match(part.strip()) for part in unquoted.split(";"))
    return tuple(f"{match[0].upper()}:" for match in found if match)


@dataclass(frozen=True, slots=True)
class Command:
    """One command line, also of several commands (V.250 §5.2.1).

    ``prefix`` is what its information starts with when that does not follow from the text
    (``AT+CICCID`` answers ``+ICCID:``).
    """

    text: str
    prefix: str | None = None
    prompt: str = ""
    binary: Binary | None = None
    data_lines: bool = False  # the line after each prefixed one is data (+CMGR, +CMGL)
    completes: str = ""  # a line that ends the command instead of OK
    own_prefixes: tuple[str, ...] = field(init=False)
    is_call: bool = field(init=False)  # NO CARRIER and BUSY are its results (V.250 §6.3)

    def __post_init__(self) -> None:
        own = _prefixes(self.text) if self.prefix is None else tuple(filter(None, [self.prefix]))
        object.__setattr__(self, "own_prefixes", own)
        object.__setattr__(self, "is_call", _CALLS.match(self.text) is not None)
