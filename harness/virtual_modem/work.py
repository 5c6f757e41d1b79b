"""Work that a modem has in hand: virtual time stands still as long as there is some."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from harness.clock import WorkCounter


class Power(Enum):
    OFF = "off"
    BOOTING = "booting"
    READY = "ready"


class WorkInHand:
    """Tokens and timers of one modem; a loss of power drops them all."""

    def __init__(self, name: str, work: WorkCounter, loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self.loop = loop
        self._work = work
        self._held: set[object] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Call ``action`` after host seconds, unless power goes before; virtual time waits."""
        token = self.hold()

        def fire() -> None:
            self._timers.discard(timer)
            try:
                action()
            finally:
                self.release(token)

        timer = self.loop.call_later(seconds, fire)
        self._timers.add(timer)

    def spawn(self, work: object, awaits: object = None) -> None:
        """Run a coroutine until it ends or power goes; anything else is no work.

        ``awaits`` is what the work will await, which power may forestall.
        """
        if inspect.iscoroutine(work):
            task = self.loop.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._ended)
            if inspect.iscoroutine(awaits):
                task.add_done_callback(lambda _: awaits.close())

    def failed(self, error: BaseException) -> None:
        """A coroutine ended with a defect."""
        raise error

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.failed(error)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Virtual time stands still inside; only around waits with a host-time limit."""
        token = self.hold()
        try:
            yield
        finally:
            self.release(token)

    def hold(self) -> object:
        """Count one piece of work in; give the token to :meth:`release`."""
        token = object()
        self._held.add(token)
        self._work.begin(f"modem:{self.name}")
        return token

    def release(self, token: object) -> None:
        """Count it out. A token that a loss of power released already is ignored."""
        if token in self._held:
            self._held.remove(token)
            self._work.done(f"modem:{self.name}")

    def drop_work(self) -> None:
        """Power is gone: nothing goes on, and no timer fires any more."""
        for task in tuple(self._tasks):
            task.cancel()
        for timer in tuple(self._timers):
            timer.cancel()
        self._timers.clear()
        for token in tuple(self._held):
            self.release(token)
