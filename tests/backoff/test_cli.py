"""``hil sms-plan`` through its public door."""

import argparse
import json

import pytest

from harness.cli import sms_plan
from harness.errors import UsageError


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    sms_plan.add_arguments(parser)
    return sms_plan.run(parser.parse_args(arguments))


def test_a_cycle_that_meets_every_retry_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten minutes and the attach time out of each hour are enough."""
    assert run("--on", "10m30s", "--every", "1h", "--attach", "30s") == 0
    assert "Every SMS is delivered" in capsys.readouterr().out


def test_a_cycle_that_misses_some_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON form holds the shares, the worst case and the remedy."""
    assert run("--on", "2m", "--every", "1h", "--json") == 1
    shown = json.loads(capsys.readouterr().out)
    assert (shown["always_met"], shown["worst_delay_s"], shown["on_needed_s"]) == (
        False, 3300.0, 600.0,
    )  # fmt: skip
    assert sum(part["share"] for part in shown["deliveries"]) + shown[
        "missed_share"
    ] == pytest.approx(1)


def test_the_other_reading_has_an_attempt_more(capsys: pytest.CaptureFixture[str]) -> None:
    """--reading chooses between the contradicting statements."""
    run("--on", "2m", "--every", "1h", "--reading", "windows-run-out")
    assert "33 attempts" in capsys.readouterr().out


def test_a_duration_without_unit_is_wrong_use() -> None:
    """Exit code 2 by its error class."""
    with pytest.raises(UsageError, match="no unit"):
        run("--on", "10", "--every", "1h")
