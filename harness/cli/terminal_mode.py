"""What the terminal itself does with keys, for as long as a program has it (termios(3))."""

from __future__ import annotations

import contextlib
import termios
from collections.abc import Callable, Iterator
from typing import Any, TextIO

_INPUT, _LOCAL, _CHARACTERS = 0, 3, 6  # in what tcgetattr() gives
_OFF = b"\0"  # _POSIX_VDISABLE


def unechoed(terminal: TextIO) -> contextlib.AbstractContextManager[None]:
    r"""Typing is not echoed into a picture, Ctrl-Z does not stop a server that devices need, nor
    does Ctrl-\ kill it before the terminal is as it was; Ctrl-C still ends. Nothing happens where
    ``terminal`` is none."""

    def change(mode: list[Any]) -> None:
        mode[_LOCAL] &= ~termios.ECHO
        for key in (termios.VSUSP, termios.VQUIT):
            mode[_CHARACTERS][key] = _OFF

    return _changed(terminal, change, termios.TCSAFLUSH)


def untouched_keys(terminal: TextIO) -> contextlib.AbstractContextManager[None]:
    """Keys that are typed while nobody reads them wait as they are: Ctrl-D is not taken for the end
    of a line, Return stays Return, nothing is echoed, Ctrl-C is a key like others. As a signal it
    could end whatever runs just then."""

    def change(mode: list[Any]) -> None:
        mode[_INPUT] &= ~termios.ICRNL
        mode[_LOCAL] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)

    return _changed(terminal, change, termios.TCSADRAIN)


def stopping_keys(terminal: TextIO) -> contextlib.AbstractContextManager[None]:
    """Ctrl-C is a signal again, within :func:`untouched_keys`: for what may take long."""

    def change(mode: list[Any]) -> None:
        mode[_LOCAL] |= termios.ISIG

    return _changed(terminal, change, termios.TCSANOW)


@contextlib.contextmanager
def _changed(
    terminal: TextIO, change: Callable[[list[Any]], None], restoring: int
) -> Iterator[None]:
    if not terminal.isatty():
        yield
        return
    before, mode = termios.tcgetattr(terminal), termios.tcgetattr(terminal)
    change(mode)
    termios.tcsetattr(terminal, termios.TCSANOW, mode)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):  # the terminal was closed
            termios.tcsetattr(terminal, restoring, before)
