"""The uplinks and aborted connections seen so far, and waiting for more of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple, TypeVar

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


_Kept = TypeVar("_Kept", Uplink, Aborted)


class UplinkStore:
    """Written by the loop's thread, read and waited on by any.

    Keeps the newest ``keep`` of each, and fewer of them if they are so large that their heads and
    bodies would exceed ``keep_bytes``.
    """

    def __init__(self, keep: int, keep_bytes: int) -> None:
        self.uplinks: deque[Uplink] = deque(maxlen=keep)
        self.aborted: deque[Aborted] = deque(maxlen=keep)
        self._keep_bytes = keep_bytes
        self._uplink_bytes = self._aborted_bytes = 0
        self._changed = threading.Condition()
        self._waiters = 0

    def bodies(self, device: str) -> list[bytes]:
        """Earlier bodies of ``device`` among the newest uplinks, oldest first."""
        newest = islice(reversed(self.uplinks), _LOOK_BACK)
        return [uplink.body for uplink in newest if uplink.device == device][::-1]

    def add(self, uplink: Uplink) -> None:
        """The newest uplink so far."""
        self.uplinks.append(uplink)
        self._uplink_bytes += len(uplink.head) + len(uplink.body)
        if self._uplink_bytes > self._keep_bytes:
            self._uplink_bytes = _trimmed(self.uplinks, self._keep_bytes)

    def add_aborted(self, aborted: Aborted) -> None:
        """The newest aborted request so far."""
        self.aborted.append(aborted)
        self._aborted_bytes += len(aborted.head) + len(aborted.body)
        if self._aborted_bytes > self._keep_bytes:
            self._aborted_bytes = _trimmed(self.aborted, self._keep_bytes)

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


def _trimmed(kept: deque[_Kept], limit: int) -> int:
    """Drop the oldest when they are too large; how many bytes are left. What left for its number
    was still counted: so they are counted anew, and made less than need be, that it is rare."""
    size = sum(len(one.head) + len(one.body) for one in kept)
    while size > limit * 3 // 4 and len(kept) > 1:
        oldest = kept.popleft()
        size -= len(oldest.head) + len(oldest.body)
    return size
