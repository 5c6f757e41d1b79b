"""A UART that is the slave of a PTY; the test holds the master, which is the host's end."""

from __future__ import annotations

import os
import pty
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from tests.virtual_modem.conftest import Host


class Cable(Host):
    """``path`` is what the modem opens as its serial device; ``fd`` the host's end."""

    def __init__(self) -> None:
        self.fd, self._slave = pty.openpty()
        os.set_blocking(self.fd, False)
        tty.setraw(self._slave)
        self.line_end = b"\r"
        self.path = os.ttyname(self._slave)
        self._open = True

    def close(self) -> None:
        """Pull it out. Safe to call twice."""
        if self._open:
            self._open = False
            os.close(self.fd)
            os.close(self._slave)


@contextmanager
def cable() -> Iterator[Cable]:
    """One that is gone at the end."""
    one = Cable()
    try:
        yield one
    finally:
        one.close()
