"""A recorded session played back: the modem's side of it, from a timeline."""

from harness.virtual_modem.replay.events import (
    Event,
    Matcher,
    Mismatch,
    PayloadDiffers,
    Say,
    Unknown,
)
from harness.virtual_modem.replay.follow import Follower
from harness.virtual_modem.replay.player import ReplayPlayer
from harness.virtual_modem.replay.script import Said, Script, Turn, script_of
from harness.virtual_modem.replay.strict import StrictFollower

__all__ = [
    "Event",
    "Follower",
    "Matcher",
    "Mismatch",
    "PayloadDiffers",
    "ReplayPlayer",
    "Said",
    "Say",
    "Script",
    "StrictFollower",
    "Turn",
    "Unknown",
    "script_of",
]
