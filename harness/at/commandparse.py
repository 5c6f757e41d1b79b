"""What a command line asks for (V.250 §5.2.4, §5.3, §5.4): basic and extended commands.

``parse_body('E0V1&C1+CMEE=1;+CPIN?')`` gives five commands. Pure: no state, no modem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The form of a command: ``+X``, ``+X?``, ``+X=?`` or ``+X=…``."""

    RUN = "run"
    READ = "read"
    TEST = "test"
    SET = "set"


class CommandSyntaxError(ValueError):
    """A command line that no modem can take apart, for example with a quote left open."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter; ``quoted`` tells the string ``"1"`` from the number ``1``."""

    text: str
    quoted: bool = False

    def __str__(self) -> str:
        return f'"{self.text}"' if self.quoted else self.text


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a line. ``name`` is upper case with its prefix (``+CSQ``, ``&F``, ``S3``).

    An omitted parameter is None. Basic commands carry their number as the only parameter.
    """

    name: str
    kind: Kind = Kind.RUN
    params: tuple[Param | None, ...] = ()

    def __str__(self) -> str:
        values = ",".join("" if param is None else str(param) for param in self.params)
        if self.kind is Kind.RUN:
            return self.name + values
        return self.name + {Kind.READ: "?", Kind.TEST: "=?", Kind.SET: "=" + values}[self.kind]


_EXTENDED = re.compile(r"[+$%#^*]\s*[A-Za-z][A-Za-z0-9!%\-./:_]*")
_REGISTER = re.compile(r"[Ss](\d+)\s*(?:(=)\s*(\d*)|(\?)|)")
_BASIC = re.compile(r"([&\\]?[A-Za-z])\s*(\d*)")


def parse_body(body: str) -> list[Command]:
    """The commands of a line, without its ``AT``. Raises :class:`CommandSyntaxError`."""
    commands: list[Command] = []
    at = 0
    while at < len(body):
        if body[at] in " ;":
            at += 1
        elif body[at] in "+$%#^*":
            command, at = _extended(body, at)
            commands.append(command)
        elif body[at] in "Dd":
            # ATD takes all that is left as its dial string (V.250 §6.3.1)
            dialled = body[at + 1 :].strip()
            commands.append(Command("D", Kind.RUN, (Param(dialled),) if dialled else ()))
            break
        elif match := _REGISTER.match(body, at):
            commands.append(_register(match))
            at = match.end()
        elif match := _BASIC.match(body, at):
            name, number = match.groups()
            commands.append(Command(name.upper(), Kind.RUN, (Param(number),) if number else ()))
            at = match.end()
        else:
            raise CommandSyntaxError(f"{body[at]!r} begins no command")
    return commands


def _register(match: re.Match[str]) -> Command:
    number, assigned, value, asked = match.groups()
    if assigned:
        return Command(f"S{int(number)}", Kind.SET, (Param(value),) if value else (None,))
    return Command(f"S{int(number)}", Kind.READ if asked else Kind.RUN)


def _extended(body: str, at: int) -> tuple[Command, int]:
    match = _EXTENDED.match(body, at)
    if match is None:
        raise CommandSyntaxError(f"{body[at]!r} is not followed by a name")
    name = match[0].replace(" ", "").upper()
    end = _end_of_command(body, match.end())
    rest = body[match.end() : end].strip()
    if not rest:
        return Command(name), end
    if rest == "?":
        return Command(name, Kind.READ), end
    if rest.replace(" ", "") == "=?":
        return Command(name, Kind.TEST), end
    if rest[0] != "=":
        raise CommandSyntaxError(f"{name} is followed by {rest!r}")
    return Command(name, Kind.SET, split_params(rest[1:])), end


def _end_of_command(body: str, at: int) -> int:
    quoted = False
    while at < len(body):
        if body[at] == '"':
            quoted = not quoted
        elif body[at] == ";" and not quoted:
            return at
        at += 1
    if quoted:
        raise CommandSyntaxError("a quote is left open")
    return at


def split_params(text: str) -> tuple[Param | None, ...]:
    """``1,"a,b",,x`` to its parameters. Raises :class:`CommandSyntaxError`."""
    params: list[Param | None] = []
    for piece in _split_unquoted(text):
        piece = piece.strip()
        if not piece:
            params.append(None)
        elif piece[0] == '"':
            if len(piece) < 2 or piece[-1] != '"' or '"' in piece[1:-1]:
                raise CommandSyntaxError(f"misplaced quote in {piece}")
            params.append(Param(piece[1:-1], quoted=True))
        elif '"' in piece:
            raise CommandSyntaxError(f"misplaced quote in {piece}")
        else:
            params.append(Param(piece))
    return tuple(params)


def _split_unquoted(text: str) -> list[str]:
    pieces, start, quoted = [], 0, False
    for at, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            pieces.append(text[start:at])
            start = at + 1
    return [*pieces, text[start:]]
