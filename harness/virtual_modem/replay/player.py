"""A recording on a line: the matcher at the modem's end of a PTY."""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable, Iterable

from harness.clock import monotonic
from harness.errors import RigError
from harness.virtual_modem.pty_end import PtyEnd
from harness.virtual_modem.replay.events import Event, Matcher, Mismatch, Say

_HELD = 262_144  #: bytes for a host that does not read; then it is not heard either
_FEW = 16


class ReplayPlayer:
    """Plays until :meth:`stop` or a mismatch; everything but ``stop`` on one thread.

    ``paced`` keeps the recorded gaps; a host that goes on sooner gets the rest at once.
    ``on_event`` gets what is not said. Raises :class:`RigError` when the line breaks.
    """

    def __init__(
        self,
        matcher: Matcher,
        end: PtyEnd,
        on_event: Callable[[Event], object],
        *,
        paced: bool,
    ) -> None:
        self._matcher = matcher
        self._end = end
        self._on_event = on_event
        self._paced = paced
        self._waiting: deque[tuple[float, bytes]] = deque()  # (host time, bytes)
        self._out = bytearray()
        self._in = bytearray()
        self._stop = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._ended = False
        os.set_blocking(end.fd, False)

    def stop(self) -> None:
        """From any thread or signal handler."""
        if self._stop >= 0:
            os.eventfd_write(self._stop, 1)

    def close(self) -> None:
        """The host sees the line hang up."""
        self._end.close()
        stop, self._stop = self._stop, -1
        os.close(stop)

    def run(self) -> None:
        poll = select.poll()
        poll.register(self._stop, select.POLLIN)
        self._take(self._matcher.start())
        while not self._ended:
            self._fall_due()
            self._hear()
            poll.register(self._end.fd, self._wanted())
            ready = dict(poll.poll(self._patience_ms()))
            if self._stop in ready:
                return
            if ready.get(self._end.fd, 0) & select.POLLOUT:
                self._write()
            if ready.get(self._end.fd, 0) & ~select.POLLOUT:
                self._read()
        self._write()  # what was right up to the mismatch

    def _wanted(self) -> int:
        return (0 if self._in else select.POLLIN) | (select.POLLOUT if self._out else 0)

    def _patience_ms(self) -> float | None:
        if not self._waiting:
            return None
        # A poll that ends a little early would only be made again.
        return max(0.0, (self._waiting[0][0] - monotonic()) * 1000 + 1)

    def _fall_due(self) -> None:
        now = monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            self._out += self._waiting.popleft()[1]

    def _read(self) -> None:
        try:
            data = os.read(self._end.fd, 4096)
            self._end.heard()
        except BlockingIOError:
            return
        except OSError as error:
            raise RigError(f"{self._end.path} broke: {error.strerror}; start again") from error
        self._in += data

    def _hear(self) -> None:
        """A few bytes at a time, since each few may be answered with many."""
        while self._in and len(self._out) < _HELD and not self._ended:
            few = bytes(self._in[:_FEW])
            del self._in[:_FEW]
            self._take(self._matcher.receive(few))
            self._fall_due()

    def _write(self) -> None:
        try:
            while self._out:
                del self._out[: os.write(self._end.fd, self._out)]
        except BlockingIOError:
            return
        except OSError as error:
            raise RigError(f"{self._end.path} broke: {error.strerror}; start again") from error

    def _take(self, events: Iterable[Event]) -> None:
        due = monotonic()
        hurried = False
        for event in events:
            if isinstance(event, Say):
                if not hurried:  # what is left of an earlier turn comes before this one
                    self._out += b"".join(data for _, data in self._waiting)
                    self._waiting.clear()
                    hurried = True
                due += event.gap_s if self._paced else 0.0
                self._waiting.append((due, event.data))
            else:
                self._on_event(event)
                self._ended |= isinstance(event, Mismatch)
        if self._ended:
            self._out += b"".join(data for _, data in self._waiting)
            self._waiting.clear()
