"""What the platform has to say about an uplink: outcomes and findings."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "info"]


class Outcome(StrEnum):
    """The four rows of the response table (facts §1). The codes they map to are configuration."""

    ACCEPTED = "accepted"
    MALFORMED = "malformed"
    UNVERIFIED = "unverified"
    UNKNOWN_DEVICE = "unknown-device"


class Finding(NamedTuple):
    """One remark: the requirement's ID, how grave, and one sentence about what was seen.

    ``error``: the requirement is broken. ``warning``: accepted here, but nobody knows whether the
    real platform accepts it, or advice was not followed. ``info``: worth knowing.
    """

    requirement: str
    severity: Severity
    message: str

    def as_dict(self) -> dict[str, str]:
        return {
            "requirement": self.requirement,
            "severity": self.severity,
            "message": self.message,
        }

    def __str__(self) -> str:
        return f"{self.severity} {self.requirement}: {self.message}"


def error(requirement: str, message: str) -> Finding:
    return Finding(requirement, "error", message)


def warning(requirement: str, message: str) -> Finding:
    return Finding(requirement, "warning", message)


def info(requirement: str, message: str) -> Finding:
    return Finding(requirement, "info", message)
