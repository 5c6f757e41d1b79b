"""The stage of one case: its bench, its deadline, and what its steps share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from harness.clock import Deadline
from harness.errors import DutError
from harness.evidence import Event
from harness.rig.bench import Bench
from harness.scenario.expect_model import NeverModel
from harness.scenario.load import RUN_TIME_NAMES, Case

DEFAULT_WITHIN_S = 5.0
DEFAULT_TIMEOUT_S = 60.0


class ScenarioTimeout(DutError):
    """The scenario as a whole took longer than its time-out."""


@dataclass(slots=True)
class Stage:
    """What steps act on."""

    case: Case
    bench: Bench
    deadline: Deadline
    watches: list[tuple[int, NeverModel]] = field(default_factory=list)
    changed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.bench.timeline.listen(self._notice)

    def _notice(self, event: Event) -> None:
        del event
        self.changed.set()

    def limit(self, seconds: float) -> Deadline:
        """A deadline in ``seconds`` that never exceeds the scenario's own."""
        return Deadline.after(seconds).no_later_than(self.deadline)

    def fill(self, text: str) -> str:
        """Fill in the placeholders that are known only now."""
        values = {
            "imei": self.bench.registration.imei or "",
            "dvnuuid": self.bench.registration.dvnuuid or "",
            "name": self.bench.registration.name,
        }
        assert set(values) == RUN_TIME_NAMES
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    def check_bench(self) -> None:
        """Raise when something broke on the bench's own side, such as what keeps its evidence."""
        trouble = self.bench.trouble()
        if trouble is not None:
            raise trouble

    def check_time(self) -> None:
        """The same, and raise when the scenario's time is used up."""
        self.check_bench()
        if self.deadline.expired:
            raise ScenarioTimeout("the scenario's time-out has passed")

    def wait_for_change(self, deadline: Deadline) -> None:
        """Return when something may have changed, after a short while at the latest."""
        self.changed.clear()
        self.bench.dut.drain(min(0.01, deadline.left()))
        self.changed.wait(min(0.02, deadline.left()))
