"""The back-off schedule of SMS downlinks, as a pure function of settings."""

from harness.backoff.duration import DurationError, format_duration, parse_duration
from harness.backoff.plan import Delivery, PhaseRange, SmsPlan, describe, plan
from harness.backoff.schedule import (
    KPN,
    READINGS,
    WINDOWS_RUN_OUT,
    BackoffSettings,
    Phase,
    Reading,
    attempts,
    discard_after,
    next_attempt,
    phase_of,
    with_reading,
)

__all__ = [
    "KPN",
    "READINGS",
    "WINDOWS_RUN_OUT",
    "BackoffSettings",
    "Delivery",
    "DurationError",
    "Phase",
    "PhaseRange",
    "Reading",
    "SmsPlan",
    "attempts",
    "describe",
    "discard_after",
    "format_duration",
    "next_attempt",
    "parse_duration",
    "phase_of",
    "plan",
    "with_reading",
]
