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
    """Thread-safe count of work in flight, by label.

    Counting out more than was counted in is a defect of the participant and raises
    :class:`RuntimeError`, except for what was forgotten: a line that was cut may still process
    bytes that had already arrived, and counts them out late.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: Counter[str] = Counter()
        self._forgotten: Counter[str] = Counter()
        self._total = 0

    def begin(self, label: str, amount: int = 1) -> None:
        if amount < 0:
            raise ValueError(f"work cannot be negative: {label} ({amount})")
        with self._changed:
            if amount:
                self._open[label] += amount
                self._total += amount

    def done(self, label: str, amount: int = 1) -> None:
        with self._changed:
            counted = min(amount, self._open[label])
            if amount - counted > self._forgotten[label]:
                raise RuntimeError(f"work counted out that was never counted in: {label}")
            # What is open goes first: a new life of the same line must never stay stuck.
            self._forgotten[label] -= amount - counted
            self._drop(label, counted)

    def forget(self, label: str) -> None:
        """Drop what is open under ``label``: its line was cut, perhaps nobody will process it.

        A late :meth:`done` for what was forgotten is accepted and changes nothing. Give the next
        life of a line a label of its own where the two could overlap.
        """
        with self._changed:
            amount = self._open[label]
            self._forgotten[label] += amount
            self._drop(label, amount)

    def _drop(self, label: str, amount: int) -> None:
        self._open[label] -= amount
        if not self._open[label]:
            del self._open[label]
        if not self._forgotten[label]:
            del self._forgotten[label]
        self._total -= amount
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
