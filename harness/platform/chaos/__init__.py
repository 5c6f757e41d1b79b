"""Chaos: standing rules about how the platform misbehaves, for one device or for all.

A response fault (:mod:`harness.platform.faults`) hits the next so many responses; a rule of chaos
stays until it is removed, and what it does to a response it says in those same faults.
"""

from harness.platform.chaos.disturbances import (
    KINDS,
    Disturbance,
    Latency,
    LogNormalLatency,
    LoseResponse,
    Maintenance,
    RefuseInSequence,
    ResetConnection,
)
from harness.platform.chaos.rule import Rule, Strike
from harness.platform.chaos.standing import Chaos, ClockJump

__all__ = [
    "KINDS",
    "Chaos",
    "ClockJump",
    "Disturbance",
    "Latency",
    "LogNormalLatency",
    "LoseResponse",
    "Maintenance",
    "RefuseInSequence",
    "ResetConnection",
    "Rule",
    "Strike",
]
