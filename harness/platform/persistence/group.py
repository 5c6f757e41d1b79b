"""Group commit: the answers of one turn of the loop wait for one commit.

Whatever connections deliver in one turn of the loop is judged first; then one commit covers it all,
and the answers go out. So sixteen devices cost one commit, and one device waits for no timer.
Runs on the loop's thread, except :meth:`GroupCommit.soon`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from harness.platform.persistence.errors import StoreFailed
from harness.platform.persistence.file import StoreFile
from harness.platform.uplink import Uplink


class Takes(Protocol):
    """The ingestion, as far as it is told how a commit went."""

    def settled(self, uplink: Uplink) -> None: ...

    def not_kept(self, uplink: Uplink) -> None: ...


class GroupCommit:
    """Holds answers until their uplinks are kept. ``owed(uplink)`` names the destinations that its
    pack has to go to; that is kept with it.

    ``failed(why, count)`` is told when commits begin to fail, and of each one after that by which
    ``count`` uplinks are turned away; ``recovered()`` of the first one that works again.
    """

    def __init__(
        self,
        store: StoreFile,
        loop: asyncio.AbstractEventLoop,
        takes: Takes,
        owed: Callable[[Uplink], Iterable[str]],
        failed: Callable[[str, int], object],
        recovered: Callable[[], object],
    ) -> None:
        self._store, self._loop, self._takes, self._owed = store, loop, takes, owed
        self._failed, self._recovered = failed, recovered
        self._held: deque[tuple[Uplink, Callable[[Uplink], object]]] = deque()
        self._planned = False
        self._asked = False
        self._broken = False

    def hold(self, uplink: Uplink, go: Callable[[Uplink], object]) -> None:
        """``go`` is called when the answer may go out: kept, or refused because it is not."""
        self._store.add_uplink(uplink, self._owed(uplink))
        self._held.append((uplink, go))
        self._plan()

    def soon(self) -> None:
        """Commit what has been added, in the loop's next turn. Any thread may call it."""
        if not self._asked:
            self._asked = True
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._plan)

    def _plan(self) -> None:
        if not self._planned:
            self._planned = True
            self._loop.call_soon(self._commit)

    def _commit(self) -> None:
        self._planned = self._asked = False
        held, self._held = self._held, deque()
        try:
            self._store.commit_or_drop()
        except StoreFailed as failure:
            turned_away = sum(uplink.taken for uplink, _ in held)
            if turned_away or not self._broken:
                self._failed(str(failure), turned_away)
            self._broken = True
            self._let_go(held, self._takes.not_kept)
            return
        if self._broken:
            self._broken = False
            self._recovered()
        self._let_go(held, self._takes.settled)

    def _let_go(
        self,
        held: deque[tuple[Uplink, Callable[[Uplink], object]]],
        then: Callable[[Uplink], object],
    ) -> None:
        try:
            while held:
                uplink, go = held.popleft()
                then(uplink)
                go(uplink)
        finally:  # a defect with one of them must not hold the others for ever
            if held:
                self._loop.call_soon(self._let_go, held, then)
