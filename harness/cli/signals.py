"""Signals while a command runs."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
from collections.abc import Callable, Iterator

LISTEN_S = 1.0
"""For so long may the main thread sleep in one go. The kernel gives a signal to another thread when
the main one was stopped itself, or has one to see to already; Python runs the handler in the main
thread, which nothing wakes for it."""


class Stop:
    """Whether to stop, for signal handlers to say and the main thread to wait for.

    Not :class:`threading.Event`: a handler runs between two lines of the main thread, which may
    have the event's lock just then, and would wait for it for ever.
    """

    def __init__(self) -> None:
        self._words: queue.SimpleQueue[None] = queue.SimpleQueue()  # a handler may put into it
        self._said = False

    def set(self) -> None:
        self._said = True
        self._words.put(None)

    def is_set(self) -> bool:
        return self._said

    def wait(self, seconds: float) -> bool:
        """Until it is said, or for so long; whether it was said."""
        if not self._said:
            with contextlib.suppress(queue.Empty):
                self._words.get(timeout=seconds)
        return self._said


@contextlib.contextmanager
def on_signals(kinds: tuple[signal.Signals, ...], call: Callable[[], object]) -> Iterator[None]:
    """``call`` at each of ``kinds`` until the end of the block; it must not take a lock.

    Signals belong to the main thread: elsewhere nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.signal(kind, lambda *_: call()) for kind in kinds]
    try:
        yield
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)
