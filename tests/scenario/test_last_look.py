"""An expectation on a machine that is busy with something else just then."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.clock import Deadline, pause
from harness.scenario import runner
from harness.scenario.stage import ScenarioTimeout
from harness.scenario.verdict import ExpectationFailed, Mismatch

WITHIN_S = 0.05


def _stage() -> Any:
    dut = SimpleNamespace(death=lambda: None)
    return SimpleNamespace(
        bench=SimpleNamespace(quiet=lambda: False, dut=dut), limit=Deadline.after,
        check_bench=lambda: None, wait_for_change=lambda deadline: None,
    )  # fmt: skip


def _expected() -> Any:
    return SimpleNamespace(within=timedelta(seconds=WITHIN_S), proves=())


def test_what_came_while_the_bench_had_to_wait_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for once more behind the deadline: the look before it may be long ago."""
    looks = iter([Mismatch("an uplink", "none"), None])

    def first_mismatch(*_: object) -> Mismatch | None:
        found = next(looks)
        pause(2 * WITHIN_S)  # the machine does something else, and the uplink comes
        return found

    monkeypatch.setattr(runner, "first_mismatch", first_mismatch)
    runner.await_expectation(cast(Any, _stage()), cast(Any, _expected()))


def test_what_does_not_come_is_missed_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last look says what was seen instead, also when the whole scenario's time is up."""

    def too_late() -> None:
        raise ScenarioTimeout("too late")

    stage = _stage()
    stage.check_time = too_late
    monkeypatch.setattr(runner, "first_mismatch", lambda *_: Mismatch("an uplink", "none"))
    with pytest.raises(ExpectationFailed, match="an uplink"):
        runner.await_expectation(cast(Any, stage), cast(Any, _expected()))
