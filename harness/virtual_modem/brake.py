"""When the modem has its host stop, before what comes finds no room (V.250 §6.2.12)."""

from __future__ import annotations

from collections.abc import Callable

_STOP, _GO = 3 / 4, 1 / 4  #: of the room for input (assumed; makers do not say)
_UNDER_WAY = 32_768  #: bytes in a PTY or an adapter when the host hears of it; 15,000 were seen


class Brake:
    """Tells the host to stop when the input is nearly full, and to go on when it is nearly empty.

    ``stop`` gets True and False in turn. What was under way when the host was told still finds
    room, above ``limit``: a host that heeds it loses nothing, one that does not loses the rest.
    """

    def __init__(self, limit: int, stop: Callable[[bool], object] | None) -> None:
        self._limit = limit
        self._stop = stop
        self._stopped = False

    @property
    def room(self) -> int:
        """Bytes that may wait in all."""
        return self._limit + _UNDER_WAY if self._stopped else self._limit

    def waiting(self, count: int) -> None:
        """So many bytes wait now for the command before them to end."""
        if self._stop is None:
            return
        if not self._stopped and count >= self._limit * _STOP:
            self._stopped = True
            self._stop(True)
        elif self._stopped and count <= self._limit * _GO:
            self.release()

    def release(self) -> None:
        """Let the host go on, whatever waits."""
        if self._stopped and self._stop is not None:
            self._stopped = False
            self._stop(False)
