"""Three clocks, named so that nobody mixes them.

* **host** (:mod:`harness.clock.host`): real monotonic time, for every deadline. Never frozen.
* **scenario** (:class:`ScenarioClock`): the time that platform and network live in.
* **device**: the DUT's own clock; it is measured, not provided.
"""

from harness.clock.host import Deadline, monotonic, monotonic_ns, pause, wall
from harness.clock.real import RealClock
from harness.clock.scenario import ClockError, ClockStuck, ScenarioClock, Timer
from harness.clock.virtual import VirtualClock
from harness.clock.work import NO_WORK, WorkCounter, WorkLedger

__all__ = [
    "NO_WORK",
    "ClockError",
    "ClockStuck",
    "Deadline",
    "RealClock",
    "ScenarioClock",
    "Timer",
    "VirtualClock",
    "WorkCounter",
    "WorkLedger",
    "monotonic",
    "monotonic_ns",
    "pause",
    "wall",
]
