"""Signals while a command runs, and while the process around it comes and goes."""

from __future__ import annotations

import contextlib
import queue
import signal
import sys
import threading
from collections.abc import Callable, Container, Iterator
from types import FrameType
from typing import ClassVar

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks a command to end: Ctrl-C, whoever manages processes, and a terminal that was closed."""

LISTEN_S = 1.0
"""For so long may the main thread sleep in one go. The kernel gives a signal to another thread when
the main one was stopped itself, or has one to see to already; Python runs the handler in the main
thread, which nothing wakes for it."""

_CLOSING_S = 1.0
_IMPORT_S, _IMPORT_TRIES = 0.01, 1000


class Ending:
    """Whether the process was asked to end.

    For signal handlers, which may interrupt :meth:`wait` or each other: a ``threading.Event`` then
    waits for its own lock for ever.
    """

    heard: ClassVar[bool] = False
    """Whether any was asked: its command ends by itself then, and nothing has to unwind it."""

    def __init__(self) -> None:
        self.asked = False
        self._words: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._tell: Callable[[], object] | None = None

    def ask(self) -> None:
        """From any thread, or a signal handler."""
        self.asked = Ending.heard = True
        self._words.put(None)
        if self._tell is not None:
            self._tell()

    def tells(self, call: Callable[[], object]) -> None:
        """``call`` when it is asked for, perhaps more than once; at once if it was already."""
        self._tell = call
        if self.asked:
            call()

    def wait(self, timeout_s: float) -> bool:
        """Whether it was asked for, after that long at most."""
        if not self.asked:
            with contextlib.suppress(queue.Empty):
                self._words.get(timeout=timeout_s)
        return self.asked


@contextlib.contextmanager
def on_signals(kinds: tuple[signal.Signals, ...], call: Callable[[], object]) -> Iterator[None]:
    """``call`` at each of ``kinds`` until the end of the block; it must not take a lock.

    Signals belong to the main thread: elsewhere nothing changes. SIGHUP that is ignored (nohup(1))
    stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [kind for kind in kinds if not (kind is signal.SIGHUP and _is_ignored(kind))]
    before = [signal.signal(kind, lambda *_: call()) for kind in taken]
    try:
        yield
    finally:
        for kind, handler in zip(taken, before, strict=True):
            signal.signal(kind, handler)


@contextlib.contextmanager
def deadly_signals() -> Iterator[None]:
    """:data:`ENDING` just end the process until the end of the block: nothing has to be closed."""
    with _restored():
        _set_where_heard(signal.SIG_DFL)
        yield


@contextlib.contextmanager
def interrupting_signals() -> Iterator[None]:
    """Each of :data:`ENDING` is a KeyboardInterrupt until the end of the block."""
    with _restored():
        _set_where_heard(_Unwind(ENDING))
        yield


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(kind, signal.getsignal(kind)) for kind in ENDING]
    try:
        yield
    finally:
        for kind, handler in before:
            if handler is not None:  # else it is not Python's
                signal.signal(kind, handler)


def _set_where_heard(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    """In the main thread, to which signals belong; what is ignored stays so."""
    main = threading.current_thread() is threading.main_thread()
    for kind in ENDING:
        if main and not _is_ignored(kind):
            signal.signal(kind, handler)


def _is_ignored(kind: signal.Signals) -> bool:
    return signal.getsignal(kind) is signal.SIG_IGN


class _Unwind:
    """A handler that ends what runs by an exception, so that all that is open gets closed.

    ``interrupts`` as KeyboardInterrupt, others as SystemExit with the code that a shell gives them.
    Not within an import, where an exception may be swallowed or leave half a module; and not right
    after another one, since what was open is being closed then: a key pressed twice is one.
    """

    def __init__(self, interrupts: Container[int]) -> None:
        self._interrupts = interrupts
        self._closing = False
        self._postponed = 0
        self._left = _IMPORT_TRIES

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGALRM:
            self._closing = False
            number, self._postponed = self._postponed, 0
            if not number:
                return
        if Ending.heard:
            return
        if self._closing and signal.getitimer(signal.ITIMER_REAL)[0]:  # which others may stop
            if number != signal.SIGINT:
                self._postponed = number
            return
        if self._left and _importing(frame):
            self._left -= 1
            self._postponed = number
            self._wake(_IMPORT_S)
            return
        self._left = _IMPORT_TRIES
        self._closing = True
        self._wake(_CLOSING_S)
        if number in self._interrupts:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    def _wake(self, delay_s: float) -> None:
        signal.signal(signal.SIGALRM, self)
        signal.setitimer(signal.ITIMER_REAL, delay_s)


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def take_signals() -> None:
    """Let :data:`ENDING` unwind what runs; what is ignored (nohup(1), ``&`` in a script) stays."""
    _set_where_heard(_Unwind((signal.SIGINT,)))


def drop_signals() -> None:
    """The command is done, and its exit code is known: nothing can be ended any more."""
    for kind in (*ENDING, signal.SIGALRM):
        signal.signal(kind, signal.SIG_IGN)
