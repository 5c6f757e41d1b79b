"""Parameters that are only kept: what they may be, as the manuals' test forms show it.

``ranged("0-2,5")`` is shown as ``(0-2,5)`` and takes 0, 1, 2 and 5. A value outside is refused, so
that a mistake in a firmware shows here and not in the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.at.commandparse import Param
from harness.virtual_modem.results import AtError


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter; ``kept`` False: it is checked, and not read back (``<effect>``)."""

    shown: str
    accepts: Callable[[Param], bool]
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """The parameters of one key or command, and what is read before anything was set.

    ``required`` parameters have to be given; an omitted one keeps its value.
    """

    default: str
    fields: tuple[Field, ...]
    required: int = 1

    @property
    def shown(self) -> str:
        return ",".join(field.shown for field in self.fields)

    def merge(self, before: str, given: Sequence[Param | None]) -> str:
        """The values after a set command. Raises CME 50 for what is not allowed."""
        if len(given) > len(self.fields) or len(given) < self.required:
            raise AtError(50)
        values = before.split(",")
        values += [""] * (len(self.fields) - len(values))
        for place, (field, param) in enumerate(zip(self.fields, given, strict=False)):
            if param is None:
                if place < self.required:
                    raise AtError(50)
            elif not field.accepts(param):
                raise AtError(50)
            elif field.kept:
                values[place] = str(param)
        count = max(len(before.split(",")), sum(field.kept for field in self.fields[: len(given)]))
        return ",".join(values[:count])


def ranged(text: str, *, kept: bool = True) -> Field:
    """Decimal numbers in ``text``, such as ``0-2,5``."""
    spans = [tuple(int(end) for end in (span + "-" + span).split("-")[:2])
             for span in text.split(",")]  # fmt: skip

    def accepts(param: Param) -> bool:
        if param.quoted or not (param.text.isascii() and param.text.isdecimal()):
            return False
        return any(low <= int(param.text) <= high for low, high in spans)

    return Field(f"({text})", accepts, kept)


def words(*known: str) -> Field:
    """One of some strings, in quotes."""
    shown = ",".join(f'"{word}"' for word in known)
    return Field(f"({shown})", lambda param: param.quoted and param.text in known)


def like(pattern: str, shown: str, *, quoted: bool = False) -> Field:
    """What a regular expression takes."""
    form = re.compile(pattern)
    return Field(
        shown,
        lambda param: param.quoted is quoted and form.fullmatch(param.text) is not None,
    )


def hexadecimal(highest: int) -> Field:
    """A bit mask, with or without 0x."""

    def accepts(param: Param) -> bool:
        form = re.fullmatch(r"(?:0[xX])?[0-9A-Fa-f]{1,32}", param.text)
        return form is not None and not param.quoted and int(param.text, 16) <= highest

    return Field(f"(0-{highest:X})", accepts)


EFFECT = ranged("0,1", kept=False)  #: at once, or after a restart: no difference here
