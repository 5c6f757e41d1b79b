"""Whether the name of a PTY still leads to what was opened under it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from harness.clock.host import wall_ns

_PTYS = "/dev/pts/"
_TICK_NS = 20_000_000  #: by so much a file system's time may lag behind (a tick of HZ=100, twice)


@dataclass(frozen=True, slots=True)
class PtyName:
    """A name that led to a PTY when it was opened.

    The number of a PTY that hung up is given to the next one: another program's, or a person's
    terminal. So a bare ``/dev/pts/N`` never comes back, and a link only once it was made anew.
    """

    url: str
    link: tuple[int, int] | None  #: inode and time of change; None for a bare name
    opened_ns: int

    @classmethod
    def of(cls, url: str) -> PtyName | None:
        """None for what is no PTY."""
        if "://" in url or not os.path.realpath(url).startswith(_PTYS):
            return None
        return cls(url, _link(url), wall_ns())

    def came_back(self) -> bool:
        """Whether what has the name now may be opened in place of what hung up."""
        if self.link is None:
            return False
        # One that is as young as the opening may have been made anew within the same tick.
        return _link(self.url) != self.link or self.link[1] > self.opened_ns - _TICK_NS


def _link(url: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(url)
    except OSError:
        return None
    return (status.st_ino, status.st_ctime_ns) if stat.S_ISLNK(status.st_mode) else None
