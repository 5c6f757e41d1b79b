"""freeze_wall freezes wall time and nothing else."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from pathlib import Path

import freezegun
import pytest

from harness.clock import ClockError, freeze, monotonic
from harness.clock.freeze import freeze_wall, self_test
from tests.interleaved import looked_at

AT = datetime(2020, 1, 1, tzinfo=UTC)


def test_wall_is_frozen_and_deadlines_run() -> None:
    """datetime and time agree on the moment; asyncio, threads and subprocess time-outs run."""

    async def sleeps() -> str:
        await asyncio.wait_for(asyncio.sleep(0.01), 30)
        return "woken"

    with freeze_wall(AT) as frozen:
        assert (time.time(), datetime.now(UTC)) == (AT.timestamp(), AT)
        assert asyncio.run(sleeps()) == "woken"
        assert threading.Event().wait(0.01) is False
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.05)
        frozen.move_to(AT.replace(year=2021))
        assert datetime.now(UTC).year == 2021
    assert datetime.now(UTC).year > 2021


def test_other_threads_never_see_a_frozen_monotonic_clock() -> None:
    """Not for an instant while a freeze begins or ends, however it is asked for."""
    clocks = (
        lambda: time.monotonic(),
        lambda: threading._time(),  # type: ignore[attr-defined]  # imported by name in the stdlib
        lambda: time.monotonic_ns() / 1e9,
    )  # fmt: skip
    seen: set[bool] = set()

    def look() -> None:
        seen.update(abs(clock() - monotonic()) < 60 for clock in clocks)

    def begin_and_end() -> None:
        with freeze_wall(AT):
            pass

    for within in (freezegun.api._freeze_time.start, freezegun.api._freeze_time.stop):
        looked_at(begin_and_end, within, look)
    looked_at(begin_and_end, inspect.unwrap(freeze._freeze), look)
    assert seen == {True}


def test_other_threads_ask_for_the_time_while_a_freeze_ends() -> None:
    """They get the frozen one or the real one, and never an error."""
    asked: list[tuple[float, int]] = []

    def freeze_and_end() -> None:
        with freeze_wall(AT):
            pass

    def ask() -> None:
        asked.append((time.time(), datetime.now(UTC).year))

    looked_at(freeze_and_end, freezegun.api._freeze_time.stop, ask)
    assert {year for _, year in asked} <= {AT.year, datetime.now(UTC).year}
    assert len(asked) > 10


def test_ordinary_freezegun_works_afterwards() -> None:
    """Nothing of ours stays behind in freezegun."""
    with freeze_wall(AT):
        pass
    with freezegun.freeze_time("2001-01-01"):
        assert datetime.now(UTC).year == 2001
        assert time.monotonic() == time.monotonic()


def test_self_test_names_a_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """When freezegun no longer undoes monotonic as we rely on, the self-test says so."""
    self_test()
    monkeypatch.setattr(freeze, "monotonic", lambda: -1e9)
    with pytest.raises(ClockError, match="monotonic"):
        self_test()


def test_pytest_durations_stay_true(tmp_path: Path) -> None:
    """A test that enters a freeze has a sane duration in JUnit, and pyserial imports inside it."""
    (tmp_path / "test_inside.py").write_text(
        "from datetime import UTC, datetime\n"
        "from harness.clock.freeze import freeze_wall\n"
        "import pytest\n"
        "@pytest.fixture\n"
        "def frozen():\n"
        "    with freeze_wall(datetime(2020, 1, 1, tzinfo=UTC)):\n"
        "        yield\n"
        "def test_serial(frozen):\n"
        "    import serial\n"
        "    import os, pty\n"
        "    port = serial.Serial(os.ttyname(pty.openpty()[1]), timeout=0.01)\n"
        "    assert port.read(1) == b''\n"
        "    port.close()\n"
        "def test_after():\n"
        "    assert datetime.now(UTC).year > 2020\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), f"--junitxml={tmp_path}/j.xml", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    cases = ElementTree.parse(tmp_path / "j.xml").iter("testcase")
    times = [float(case.attrib["time"]) for case in cases]
    assert len(times) == 2
    assert all(0 <= seconds < 60 for seconds in times)
