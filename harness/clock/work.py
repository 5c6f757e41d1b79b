"""Counting work in flight, so that virtual time jumps only when nothing is under way.

Guessing ("it looks quiet") is wrong now and then; counting is not. The rule is one sentence: *count
in before it happens, count out after it was processed*. Every entry carries a label, so that a
count which never returns to zero names who is stuck.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from harness.clock.host import Deadline


class WorkCounter(Protocol):
    """What a participant sees: it can announce work and report it done."""

    def begin(self, label: str, amount: int = 1) -> None:
        """Count ``amount`` units in, *before* they can be seen by anybody."""

    def done(self, label: str, amount: int = 1) -> None:
        """Count them out, *after* they were processed."""


class _NoWork:
    """For lines and servers whose peer cannot count (real hardware, foreign programs)."""

    def begin(self, label: str, amount: int = 1) -> None:
        pass

    def done(self, label: str, amount: int = 1) -> None:
        pass


NO_WORK: WorkCounter = _NoWork()


class WorkLedger:
    """Thread-safe count of work in flight, by label."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: Counter[str] = Counter()
        self._total = 0

    def begin(self, label: str, amount: int = 1) -> None:
        with self._changed:
            self._open[label] += amount
            self._total += amount

    def done(self, label: str, amount: int = 1) -> None:
        with self._changed:
            left = self._open[label] - amount
            if left < 0:
                raise RuntimeError(f"work counted out that was never counted in: {label}")
            if left:
                self._open[label] = left
            else:
                del self._open[label]
            self._total -= amount
            if self._total == 0:
                self._changed.notify_all()

    def forget(self, label: str) -> None:
        """Drop what is open under ``label``: its line was cut, nobody will ever process it."""
        with self._changed:
            self._total -= self._open.pop(label, 0)
            if self._total == 0:
                self._changed.notify_all()

    @contextmanager
    def item(self, label: str) -> Iterator[None]:
        self.begin(label)
        try:
            yield
        finally:
            self.done(label)

    @property
    def idle(self) -> bool:
        return self._total == 0

    def open(self) -> dict[str, int]:
        """What is in flight right now, by label."""
        with self._changed:
            return dict(self._open)

    def wait_idle(self, timeout_s: float, drain: Callable[[], object] | None = None) -> bool:
        """Wait until nothing is in flight; ``drain`` lets the caller process its own share.

        Returns False when ``timeout_s`` (host clock) ran out first.
        """
        deadline = Deadline.after(timeout_s)
        while True:
            if drain is not None:
                drain()
            with self._changed:
                # With something to drain, look again soon: our own share cannot notify us.
                patience = deadline.left() if drain is None else min(0.002, deadline.left())
                if self._changed.wait_for(lambda: self._total == 0, timeout=patience):
                    return True
            if deadline.expired:
                return False
