"""Parameters of a response or command: quoted strings and numbers (V.250 §5.4.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Param:
    """One field; ``quoted`` tells ``"1"`` from ``1``. An omitted field is empty, not quoted."""

    text: str
    quoted: bool = False

    @property
    def number(self) -> int | None:
        """The decimal value, or None when it is no plain number."""
        digits = self.text.removeprefix("-")
        return int(self.text) if digits.isascii() and digits.isdigit() else None


def split(text: str) -> list[Param]:
    """Split ``1,"a,b",,2``; blanks around fields are dropped, commas in quotes kept."""
    fields: list[Param] = []
    start, inside = 0, False
    for at, char in enumerate(text + ","):
        if char == '"':
            inside = not inside
        elif char == "," and (not inside or at == len(text)):
            field = text[start:at].strip()
            quoted = len(field) >= 2 and field[0] == field[-1] == '"'
            fields.append(Param(field[1:-1] if quoted else field, quoted))
            start = at + 1
    return fields


def fields_of(line: str) -> list[Param]:
    """The fields after the colon of ``+X: 1,"a"``; none when there is no colon."""
    _, colon, rest = line.partition(":")
    return split(rest) if colon else []


def quote(text: str) -> str:
    """A string parameter; raises :class:`ValueError` for what V.250 cannot carry."""
    if any(char in text for char in '"\r\n\x1a\x1b'):
        raise ValueError(f"not possible in a quoted AT parameter: {text!r}")
    return f'"{text}"'


def chain(*commands: str) -> str:
    """One command line of several extended commands: ``chain("+CMEE=1", "+CREG=2")``."""
    return "AT" + ";".join(command.removeprefix("AT") for command in commands)
