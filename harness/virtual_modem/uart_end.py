"""The modem's end of a real serial device: 8N1 at any rate, with RTS/CTS when told so."""

from __future__ import annotations

import fcntl
import os
import termios
import tty
from contextlib import suppress

from harness.errors import RigError
from harness.virtual_modem.serial_rate import set_rate


class LineUnavailable(RigError):
    """The port or its symlink cannot be had."""


class UartEnd:
    """Raises :class:`LineUnavailable`, or :class:`~harness.line.PortBusy` naming the holder."""

    def __init__(self, port: str, rate: int, *, rtscts: bool) -> None:
        from harness.line.lock import (
            PortLock,  # with pyserial behind it: only where there is a port
        )

        self.path = port
        self._lock = PortLock(port)
        self.fd = -1
        try:
            self.fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            # pyserial's exclusive=True looks for this one
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            tty.setraw(self.fd, termios.TCSANOW)
            modes = termios.tcgetattr(self.fd)
            modes[2] |= termios.CLOCAL | termios.CREAD
            termios.tcsetattr(self.fd, termios.TCSANOW, modes)
            self.set_rtscts(rtscts)
            set_rate(self.fd, rate)
        except BlockingIOError as error:
            self.close()
            raise LineUnavailable(
                f"cannot open {port}: another program has it; close that program first"
            ) from error
        except (OSError, ValueError, termios.error) as error:
            self.close()
            reason = error.args[-1] if isinstance(error, termios.error) else error
            raise LineUnavailable(
                f"cannot open {port}: {reason}; check the cable, the path, the rate and your rights"
            ) from error

    def set_rtscts(self, on: bool) -> None:
        """Whether the adapter works RTS and heeds CTS by itself (CRTSCTS)."""
        modes = termios.tcgetattr(self.fd)
        if bool(modes[2] & termios.CRTSCTS) != on:
            modes[2] ^= termios.CRTSCTS
            termios.tcsetattr(self.fd, termios.TCSANOW, modes)

    def set_rate(self, rate: int) -> None:
        """Raises :class:`OSError` or :class:`ValueError`."""
        set_rate(self.fd, rate)

    def heard(self) -> None:
        """The host wrote: nothing to look after."""

    def close(self) -> None:
        """Free the port. Safe to call twice."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            with suppress(OSError, termios.error):
                # What a host's CTS holds back would keep close(2) waiting for half a minute.
                if int.from_bytes(fcntl.ioctl(fd, termios.TIOCOUTQ, b"\0\0\0\0"), "little"):
                    termios.tcflush(fd, termios.TCOFLUSH)
            with suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_UN)  # a child that is just being started has it too
            with suppress(OSError):
                os.close(fd)
        self._lock.release()
