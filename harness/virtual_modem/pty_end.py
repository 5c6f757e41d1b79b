"""The modem's end of a PTY, under a symlink that stays.

Raw mode is set before the name is known to anybody, and a slave descriptor stays open, so that a
host may close and reopen the port without the modem noticing (as on a real port).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import pty
import socket
import termios
import tty
from contextlib import suppress
from pathlib import Path

from harness.virtual_modem.serial_rate import set_rate
from harness.virtual_modem.uart_end import LineUnavailable


class PtyEnd:
    """Raises :class:`LineUnavailable` when ``link`` is taken by something else.

    ``rate`` is what the port has until a client sets another one.
    """

    def __init__(self, link: Path | None, rate: int) -> None:
        self._link: Path | None = None
        self._lock: socket.socket | None = None  # holds the claim on the link
        self.fd, self._slave = pty.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        if rate:
            set_rate(self._slave, rate)
        self.path = os.ttyname(self._slave)
        if link is not None:
            self._make_link(link)

    def heard(self) -> None:
        """A client wrote.

        Its TIOCEXCL would outlive it, because our own descriptor stays open: the next ordinary
        user could not open the port any more.
        """
        fcntl.ioctl(self._slave, termios.TIOCNXCL)

    def close(self) -> None:
        """The host sees the line hang up."""
        if self._link is not None:  # before its number can be that of another PTY
            with suppress(OSError):
                self._link.unlink()
        os.close(self.fd)
        os.close(self._slave)
        if self._lock is not None:
            self._lock.close()

    def _make_link(self, link: Path) -> None:
        try:
            link.parent.mkdir(parents=True, exist_ok=True)
            self._claim(link)
            if link.is_symlink():
                link.unlink()  # left behind: nobody holds the claim
            link.symlink_to(self.path)
        except OSError as error:
            self.close()
            reason = error.strerror
            if error.errno == errno.EADDRINUSE:
                reason = "another virtual modem uses it"
            raise LineUnavailable(f"cannot make the link {link}: {reason}") from error
        self._link = link
        self.path = str(link)

    def _claim(self, link: Path) -> None:
        """One modem per link. The kernel lets go of an abstract name when its process ends."""
        name = hashlib.sha256(os.fsencode(link.absolute())).hexdigest()
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0hil-modem-{name}")
        except OSError:
            claim.close()
            raise
        self._lock = claim
