"""``hil serve`` on a terminal: the live table, drawn anew when something changed."""

from __future__ import annotations

import os
import queue
import signal
import sys
from collections.abc import Mapping

from rich.console import Console, ConsoleDimensions
from rich.live import Live

from harness.cli.serve_board import Board
from harness.cli.serve_lines import PAGE_HINT, addresses
from harness.cli.serve_picture import Header, Window, picture
from harness.cli.signals import on_signals
from harness.cli.terminal_mode import unechoed
from harness.clock import Deadline, VirtualClock
from harness.evidence import Timeline, isoformat
from harness.platform.facade import Platform

_PAUSE_S = 0.25  # between two pictures, at least
_TICK_S = 1.0  # the clock in the header moves
_USUAL = Window(80, 24)
_HINT = "Ctrl-C ends · --plain prints lines instead, and what is assumed"


class Screen:
    """Fills the terminal until :meth:`end`, and leaves it as it was."""

    def __init__(self, platform: Platform, timeline: Timeline) -> None:
        self._clock = platform.clock
        self._addresses: Mapping[str, str] = {}
        self._hint = _HINT
        # Put into by signal handlers too, for which a SimpleQueue is safe and a lock is not.
        self._words: queue.SimpleQueue[bool] = queue.SimpleQueue()
        names = (registration.name for registration in platform.registry)
        self._board = Board(names, self._redraw, platform.settings.sms_settings().status)
        self._board.resume(platform.uplinks, platform.downlinks(), platform.sms())
        timeline.listen(self._board.take)

    def begin(self, bound: Mapping[str, str]) -> None:
        """The addresses for the header."""
        self._addresses = addresses(bound)
        if "control" not in bound:
            self._hint = f"Ctrl-C ends · --plain prints lines · {PAGE_HINT}"

    def run(self) -> None:
        """Until :meth:`end`."""
        console = Console(highlight=False)
        live = Live(
            console=console, screen=True, auto_refresh=False,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        # The size may have changed; in the foreground again, the screen is another's.
        with (
            unechoed(sys.stdin),
            live,
            on_signals((signal.SIGWINCH, signal.SIGCONT), self._redraw),
        ):
            going_on = True
            while going_on:
                header, window = self._header(), _window()
                console.size = ConsoleDimensions(window.width, window.height)
                live.update(picture(self._board, header, window), refresh=True)
                going_on = self._wait(header)
        counts = self._board.look(0, 0).counts
        print(
            f"uplinks {counts.uplinks:,}  accepted {counts.accepted:,}  "
            f"refused {counts.refused:,}  findings {counts.findings:,}"
        )

    def end(self) -> None:
        """From any thread, or a signal handler."""
        self._words.put(False)

    def _redraw(self) -> None:
        self._words.put(True)

    def _header(self) -> Header:
        now = isoformat(self._clock.now())[:19]
        return Header(self._addresses, now, isinstance(self._clock, VirtualClock), self._hint)

    def _wait(self, shown: Header) -> bool:
        """Until there is something new to show; False ends."""
        earliest = Deadline.after(_PAUSE_S)
        changed = False
        while not (changed and earliest.expired):
            try:
                if not self._words.get(timeout=earliest.left() if changed else _TICK_S):
                    return False
                changed = True
            except queue.Empty:
                changed = changed or self._header() != shown
        return True


def _window() -> Window:
    """Its size now: not that of ``COLUMNS`` and ``LINES``, which stay when the window changes."""
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except OSError:  # the terminal is gone
        return _USUAL
    return Window(size.columns, size.lines) if size.columns and size.lines else _USUAL
