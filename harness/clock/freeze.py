"""``freeze_wall``: third-party code in our process sees the scenario's wall time.

An adapter on freezegun that freezes wall time *only*. freezegun as shipped also freezes the
monotonic family, which hangs asyncio, subprocess time-outs and scapy's sniffing, breaks pyserial
when it is first imported inside a freeze and writes absurd durations into JUnit. So the monotonic
functions are never replaced, and what was replaced inside pytest is put back.

It leans on ``undo_changes`` and on the names of what freezegun replaces with, which it does not
document: :func:`self_test` says in one sentence what no longer holds, and runs before the first
freeze.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from harness.clock.host import monotonic
from harness.clock.scenario import ClockError

_KEPT = ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_REAL_MODULES = ("_pytest", "pluggy", "xdist", "execnet", "pytest_html", "pytest_metadata")


class FrozenWall(Protocol):
    """What a freeze hands out: move wall time along with the scenario clock."""

    def move_to(self, target_datetime: datetime) -> None: ...


@contextlib.contextmanager
def freeze_wall(at: datetime) -> Iterator[FrozenWall]:
    """Freeze ``time.time``, ``datetime.now`` and their family at ``at`` (aware UTC).

    ``time.monotonic``, ``perf_counter`` and pytest's own modules keep real time. Enter it for the
    body of a scenario, never in a session fixture. The first call runs :func:`self_test`.

    Libraries that reckon deadlines in wall time wait for ever inside: pexpect, and pyserial's
    ``loop://`` (``/dev/tty…``, PTYs, ``socket://`` and ``rfc2217://`` reckon in monotonic time).
    """
    _tested()
    with _freeze(at) as frozen:
        yield frozen


@functools.cache
def _tested() -> None:
    self_test()


@contextlib.contextmanager
def _freeze(at: datetime) -> Iterator[FrozenWall]:
    import freezegun
    from freezegun import api

    settings = freezegun.config.settings
    before, settings.default_ignore_list = settings.default_ignore_list, []
    freezer = freezegun.freeze_time(at)
    try:
        with _monotonic_left_alone():
            factory = freezer.start()
        try:
            for module, attribute, original in freezer.undo_changes:
                if getattr(module, "__name__", "").partition(".")[0] in _REAL_MODULES:
                    setattr(module, attribute, original)
            yield factory
        finally:
            # Before freezegun does it, which forgets the frozen moment first: a thread that asked
            # for the time in between got an IndexError.
            api.ignore_lists[-1] = ("",)  # and whoever asks by a function it kept gets the real one
            for module, attribute, original in freezer.undo_changes:
                setattr(module, attribute, original)
            freezer.stop()
    finally:
        settings.default_ignore_list = before


@contextlib.contextmanager
def _monotonic_left_alone() -> Iterator[None]:
    """freezegun replaces these functions by themselves. Putting them back afterwards would be too
    late for other threads, whose time-outs would meet the wrong clock for a moment."""
    from freezegun import api

    fakes = {name: getattr(api, f"fake_{name}") for name in _KEPT}
    try:
        for name in _KEPT:
            setattr(api, f"fake_{name}", getattr(api, f"real_{name}"))
        yield
    finally:
        for name, fake in fakes.items():
            setattr(api, f"fake_{name}", fake)


def self_test() -> None:
    """Check that :func:`freeze_wall` does what it promises with the freezegun installed.

    Raises :class:`~harness.clock.scenario.ClockError` naming the promise that is broken.
    """
    from datetime import UTC

    at = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    seen: list[float] = []
    with _freeze(at) as frozen:
        if time.time() != at.timestamp():
            raise ClockError("freeze_wall: time.time() is not frozen; check the freezegun version")
        by_name = threading._time  # type: ignore[attr-defined]  # imported by name in the stdlib
        if any(abs(clock() - monotonic()) > 60 for clock in (time.monotonic, by_name)):
            raise ClockError("freeze_wall: time.monotonic() is not real; check freezegun")
        thread = threading.Thread(target=lambda: seen.append(time.time()))
        thread.start()
        thread.join(5)
        frozen.move_to(datetime(2001, 2, 3, 5, 0, 0, tzinfo=UTC))
        if seen != [at.timestamp()] or time.time() - at.timestamp() != 3294.0:
            raise ClockError("freeze_wall: threads or move_to disagree; check freezegun")
    if abs(time.time() - at.timestamp()) < 86_400:
        raise ClockError("freeze_wall: wall time stays frozen after leaving; check freezegun")
