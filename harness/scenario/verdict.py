"""Verdicts: what a case came to, and whose doing it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.errors import HilError

Outcome = Literal["passed", "failed", "rig error", "scenario error", "harness error", "skipped"]
Blame = Literal["device", "modem", "platform", "rig", "scenario", "harness", ""]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end of a case.

    ``requirements`` are the ones broken (failed) or verified (passed); ``step`` is the index of
    the step that decided, ``None`` when none did.
    """

    outcome: Outcome
    message: str = ""
    requirements: tuple[str, ...] = ()
    blame: Blame = ""
    step: int | None = None
    expected: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What an expectation wanted and what was there instead.

    ``requirements`` names what the observation itself shows to be broken (the findings of an
    uplink, say); empty = the expectation's own or the scenario's requirements. ``final``: nothing
    that may still come can mend it, so there is no use in waiting. ``cause``: ``requirements`` are
    what led to it, whatever the expectation was to prove. ``blame``: whose doing the observation
    shows it to be; empty = of who has to meet the requirements.
    """

    expected: str
    seen: str
    requirements: tuple[str, ...] = ()
    final: bool = False
    cause: bool = False
    blame: Blame = ""


class ExpectationFailed(HilError):
    """An expectation was not met in time, or what must not happen did."""

    def __init__(self, mismatch: Mismatch, requirements: Sequence[str]) -> None:
        super().__init__(f"expected {mismatch.expected}; seen: {mismatch.seen}")
        self.mismatch = mismatch
        self.requirements = tuple(requirements)
