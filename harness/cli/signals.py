"""Signals while a command runs."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

LISTEN_S = 1.0
"""For so long may the main thread sleep in one go. The kernel gives a signal to another thread when
the main one was stopped itself, or has one to see to already; Python runs the handler in the main
thread, which nothing wakes for it."""


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
