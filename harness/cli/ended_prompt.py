"""Signals while prompt_toolkit reads a line."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

from prompt_toolkit import PromptSession

_KINDS = (signal.SIGTERM, signal.SIGHUP)


def prompted(session: PromptSession[str], message: Callable[[], str]) -> str:
    """The line typed. SIGTERM and SIGHUP end the prompt first, and are handled as before then.

    Within the prompt's event loop, what a handler raises would be caught and told by whatever task
    runs just then, and the terminal not given back. What is ignored stays ignored. For the main
    thread.
    """
    heard: list[int] = []
    app = session.app

    def leave() -> None:
        if heard and app.future is not None and not app.future.done():
            app.exit(result="")

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if app.loop is not None:  # else it begins, and looks by itself, or it is over
            app.loop.call_soon_threadsafe(leave)

    kinds = [kind for kind in _KINDS if signal.getsignal(kind) is not signal.SIG_IGN]
    before = [signal.signal(kind, hear) for kind in kinds]
    try:
        return session.prompt(message, pre_run=leave)
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)
        if heard:
            signal.raise_signal(heard[0])
