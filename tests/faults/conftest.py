"""A place of its own for each test; nothing that was started there may outlive it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A folder with ``rigs/sim.yaml`` and room for scenarios; afterwards nothing lives on."""
    made = Place(tmp_path)
    yield made
    left = made.await_nothing_left()
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert left == [], "processes outlived the run"
