"""How many connections there may be, and which one goes when there are too many.

A full house must not lock a device out: whoever comes finds a place as long as somebody is there
who only sits. So a connection without a request goes first, the one idle the longest; then a
request that has been under way for long, the slowest; and only if all are busy is the new one
refused. Runs on the loop's thread.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple, Protocol

SPARE_DESCRIPTORS = 1_500
"""Beside the connections: two backlogs of 512 that are accepted before anybody is counted, files,
the control API, destinations."""

_AT_ONCE = 64


class Place(NamedTuple):
    """Who goes first, smallest first: idle ones (0) before slow ones (1), then by host time."""

    kind: int
    since: float


class Member(Protocol):
    """A connection, or what may become one."""

    def place(self, now: float) -> Place | None:
        """Its place in the order of leaving; None while it is busy."""

    def make_room(self, why: str) -> None:
        """End at once: the place is needed."""


class Crowd:
    """The open connections of all ports together.

    ``sent_away`` counts who had to go; ``held`` the bytes of requests that are under way.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.sent_away = self.held = 0
        self._members: dict[Member, None] = {}
        self._next: list[tuple[Place, int, Member]] = []

    def __len__(self) -> int:
        return len(self._members)

    def fit(self, descriptors: int) -> None:
        """Take no more connections than the process has file descriptors for."""
        self.limit = min(self.limit, max(descriptors - SPARE_DESCRIPTORS, descriptors // 3))

    def admit(self, member: Member, now: float) -> bool:
        """Give ``member`` a place, somebody else's if need be; False when everybody is busy."""
        if len(self._members) >= self.limit and not self._make_room(now):
            return False
        self._members[member] = None
        return True

    def leave(self, member: Member) -> None:
        """It has ended, whoever ended it; also when it never had a place."""
        self._members.pop(member, None)

    def _make_room(self, now: float) -> bool:
        for look in range(2):
            while self._next:
                place, _, member = heapq.heappop(self._next)
                # It may have become busy, or been used, since it was looked at.
                if member in self._members and member.place(now) == place:
                    self.leave(member)
                    self.sent_away += 1
                    member.make_room(_WHY[place.kind].format(limit=self.limit))
                    return True
            if look == 0:
                self._look(now)
        return False

    def _look(self, now: float) -> None:
        """Choose the next ones to go: many at a time, so that a rush does not cost a look each."""
        places = (
            (place, number, member)
            for number, member in enumerate(self._members)
            if (place := member.place(now)) is not None
        )
        self._next = heapq.nsmallest(_AT_ONCE, places, key=lambda item: item[:2])


_WHY = (
    "idle the longest of {limit} connections, and a new one came",
    "the slowest of {limit} connections, and a new one came",
)
