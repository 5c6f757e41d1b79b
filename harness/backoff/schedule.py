"""When an SMS downlink is tried, in whole seconds after its submission (SMS-RETRY-1 to -4).

The documents contradict themselves (facts §12, contradiction 4): the four windows add up to
49 h 05 min, the text says 48 hours. Two readings are offered:

``discard-wins`` (default)
    no attempt at or after the discard: 32 attempts, the last at 45 h 05, discarded at 48 h 00.
``windows-run-out``
    every window is used up: 33 attempts, the last at 49 h 05, and discarded right after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from harness.errors import UsageError

Reading = Literal["discard-wins", "windows-run-out"]
READINGS: tuple[Reading, ...] = ("discard-wins", "windows-run-out")

MINUTE_S = 60
HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Phase:
    """A window of retries: one every ``every_s`` seconds, ``retries`` of them."""

    requirement: str
    every_s: int
    retries: int

    @property
    def length_s(self) -> int:
        return self.every_s * self.retries


@dataclass(frozen=True, slots=True)
class BackoffSettings:
    """A schedule: an attempt at submission, then the phases one after the other.

    ``discard_s`` is when the SMS is discarded at the latest in reading ``discard-wins``. Raises
    :class:`~harness.errors.UsageError` for a schedule without positive intervals.
    """

    phases: tuple[Phase, ...]
    discard_s: int
    reading: Reading = "discard-wins"

    def __post_init__(self) -> None:
        if self.reading not in READINGS:
            raise UsageError(f"unknown reading {self.reading!r}: use {' or '.join(READINGS)}")
        if self.discard_s <= 0 or any(p.every_s <= 0 or p.retries < 0 for p in self.phases):
            raise UsageError("a back-off schedule needs intervals and a discard above 0 seconds")


KPN = BackoffSettings(
    phases=(
        Phase("SMS-RETRY-1", MINUTE_S, 5),
        Phase("SMS-RETRY-2", 10 * MINUTE_S, 6),
        Phase("SMS-RETRY-3", HOUR_S, 12),
        Phase("SMS-RETRY-4", 4 * HOUR_S, 9),
    ),
    discard_s=48 * HOUR_S,
)
"""The schedule of the documents, in the reading that is assumed."""

WINDOWS_RUN_OUT = BackoffSettings(KPN.phases, KPN.discard_s, "windows-run-out")
"""The other reading."""


def with_reading(reading: Reading) -> BackoffSettings:
    """The documented schedule in one of its two readings."""
    return KPN if reading == "discard-wins" else BackoffSettings(KPN.phases, KPN.discard_s, reading)


@lru_cache(maxsize=32)
def attempts(settings: BackoffSettings = KPN) -> tuple[int, ...]:
    """Every attempt, the first (0) included, in seconds after submission."""
    moments = [0]
    for phase in settings.phases:
        start_s = moments[-1]
        moments += [start_s + phase.every_s * (k + 1) for k in range(phase.retries)]
    if settings.reading == "discard-wins":
        moments = [at_s for at_s in moments if at_s < settings.discard_s]
    return tuple(moments)


def discard_after(settings: BackoffSettings = KPN) -> int:
    """When an undelivered SMS is discarded, in seconds after submission."""
    if settings.reading == "discard-wins":
        return settings.discard_s
    return max(settings.discard_s, attempts(settings)[-1])


def next_attempt(after_s: float, settings: BackoffSettings = KPN) -> int | None:
    """The first attempt later than ``after_s`` seconds, or None when there is no more."""
    return next((at_s for at_s in attempts(settings) if at_s > after_s), None)


def phase_of(at_s: int, settings: BackoffSettings = KPN) -> Phase | None:
    """The phase that an attempt belongs to; None for the attempt at submission."""
    end_s = 0
    for phase in settings.phases:
        if end_s < at_s <= end_s + phase.length_s:
            return phase
        end_s += phase.length_s
    return None
