"""Every requirement of the platform's documents, by its stable ID (``requirements.csv``).

``source`` names the document: M = M2M page, I = Internet page, D = HTTPS destination page,
S = SenML page, F = firmware-over-the-air page. ``who``: ``dev`` = the device must do it, ``plat`` =
the platform does it, ``rig`` = a fact about the set-up. ``sure``: how surely it is known.
"""

from __future__ import annotations

import csv
import difflib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import AfterValidator


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of the requirements."""

    id: str
    who: str
    text: str
    source: str
    sure: str

    @property
    def sides(self) -> tuple[str, ...]:
        """Whose it is: of ``dev``, ``plat``, ``rig``."""
        return tuple(self.who.split(", "))


@cache
def requirements() -> dict[str, Requirement]:
    """All requirements by ID, in the documents' order."""
    table = resources.files(__package__).joinpath("requirements.csv").read_text(encoding="utf-8")
    return {row["id"]: Requirement(**row) for row in csv.DictReader(table.splitlines())}


def _known(value: str) -> str:
    if value not in requirements():
        close = difflib.get_close_matches(value, requirements(), n=1, cutoff=0.5)
        raise ValueError(
            f"unknown requirement {value!r}" + (f"; did you mean {close[0]}?" if close else "")
        )
    return value


RequirementId = Annotated[str, AfterValidator(_known)]
"""In files: one of :func:`requirements`."""
