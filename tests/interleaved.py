"""What two threads do at once, one order after the other instead of by chance."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType, FunctionType
from typing import Any


def at_every_line(
    within: Callable[..., object],
    make: Callable[[], tuple[Callable[[], object], Callable[[], object]]],
) -> Iterator[int]:
    """As if another thread came in between any two lines of ``within``.

    With each pair that ``make`` gives, the first is done, and the second before the 1st, 2nd… line
    of ``within``, as long as there is one. Gives the number after each, to look at what came of it.
    """
    at = 1
    while True:
        work, other = make()
        if not _Meddling(within, other, at).during(work):
            return
        yield at
        at += 1


def looked_at(
    work: Callable[[], object], within: Callable[..., object], look: Callable[[], object]
) -> None:
    """Do ``work``, and look before every line of ``within``."""
    _Meddling(within, look, None).during(work)


class Elsewhere:
    """Does it in another thread, which may have to wait for a lock of who calls."""

    def __init__(self, what: Callable[[], object]) -> None:
        self._thread = threading.Thread(target=what)

    def __call__(self) -> None:
        self._thread.start()
        self._thread.join(0.2)

    def over(self) -> None:
        if self._thread.ident is not None:
            self._thread.join(20)
        assert not self._thread.is_alive()


class _Meddling:
    """``at`` None: before every line."""

    def __init__(
        self, within: Callable[..., object], other: Callable[[], object], at: int | None
    ) -> None:
        assert isinstance(within, FunctionType)
        self._code = within.__code__
        self._other = other
        self._every = at is None
        self._left = at or 0

    def during(self, work: Callable[[], object]) -> bool:
        """Whether there were so many lines."""
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            work()
        finally:
            sys.settrace(before)
        return self._left <= 0

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code is self._code else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self._left -= 1
            if self._every or self._left == 0:
                self._other()  # nothing of it is traced
        return self._line
