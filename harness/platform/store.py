"""The uplinks and aborted connections seen so far, and waiting for more of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from harness.clock import Deadline
from harness.platform.uplink import Uplink

_LOOK_BACK = 200


class Aborted(NamedTuple):
    """A connection that ended in the middle of a request or of its response."""

    exchange: int
    peer: str
    why: str
    head: bytes
    body: bytes


class UplinkStore:
    """Written by the loop's thread, read and waited on by any."""

    def __init__(self, keep: int) -> None:
        self.uplinks: deque[Uplink] = deque(maxlen=keep)
        self.aborted: deque[Aborted] = deque(maxlen=keep)
        self._changed = threading.Condition()
        self._waiters = 0

    def bodies(self, device: str) -> list[bytes]:
        """Earlier bodies of ``device`` among the newest uplinks, oldest first."""
        newest = islice(reversed(self.uplinks), _LOOK_BACK)
        return [uplink.body for uplink in newest if uplink.device == device][::-1]

    def touched(self) -> None:
        """Something changed: let waiters look again. Nearly free while nobody waits."""
        if self._waiters:
            with self._changed:
                self._changed.notify_all()

    def wait(self, predicate: Callable[[], bool], deadline: Deadline) -> bool:
        """Wait until ``predicate`` holds; False when the deadline passed first."""
        with self._changed:
            # Counted before the predicate is looked at: whoever changes something after that look
            # sees the count and has to wait for the lock until we sleep.
            self._waiters += 1
            try:
                return self._changed.wait_for(predicate, deadline.left())
            finally:
                self._waiters -= 1
