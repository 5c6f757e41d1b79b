"""``hil modem`` stopped by SIGTERM at each line that it executes while it serves, in turn.

Python runs a signal's handler between two lines of the main thread, wherever that happens to be. A
program of its own, because what it looks for is a handler that waits for its own thread for ever.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any

from harness.cli import modem
from harness.cli.main import main

_SERVING = modem._serve.__code__


class Stopper:
    """Sends SIGTERM at the ``at``-th line, or once the loop comes round again."""

    def __init__(self, at: int) -> None:
        self.came_round = False
        self._at = at
        self._lines = self._sent = 0
        self._rounds = 0

    def calls(self, frame: FrameType, event: str, argument: Any) -> Any:
        """For :func:`sys.settrace`: only what serves is looked at, with all that it calls."""
        looked: FrameType | None = frame
        while looked is not None and looked.f_code is not _SERVING:
            looked = looked.f_back
        return None if looked is None else self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event != "line" or self._sent:
            return self._line
        self._lines += 1
        self._rounds += frame.f_code is _SERVING
        self.came_round = self._rounds > 1
        if self._lines == self._at or self.came_round:
            self._sent += 1
            os.kill(os.getpid(), signal.SIGTERM)
        return self._line


if __name__ == "__main__":
    modem.LISTEN_S = 0.05  # a signal just before it falls asleep is heard when it wakes
    for number in range(1, 1000):
        stopper = Stopper(number)
        sys.settrace(stopper.calls)
        code = main(["modem"])
        sys.settrace(None)
        if code or stopper.came_round:
            break
    print(f"ended {number} times, exit code {code}")
