"""Bytes to and from a pyserial URL: poll and os.read where there is a descriptor."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import termios
from dataclasses import dataclass

import serial

from harness.clock import Deadline, monotonic
from harness.errors import RigError
from harness.line.errors import PortBlocked, PortBusy, PortGone
from harness.line.lock import PortLock
from harness.line.pty_name import PtyName

_SLICE_S = 0.05  # constant: changing a time-out per read is a round trip on RFC 2217
# The number of a port that its user is just closing may be another's already (/dev/pts, ttyUSB),
# an instant before the lock on the old one is gone.
_CLOSING_S = 1.0
_LATE_BYTES = 262_144  # more than a driver holds: what comes behind them came after the deadline


@dataclass(frozen=True, slots=True)
class PortSettings:
    """``None`` leaves a modem line as the system has it; a PTY has none and tolerates all."""

    baudrate: int = 115_200
    rtscts: bool = False
    dtr: bool | None = None
    rts: bool | None = None
    hupcl: bool | None = None


class Port:
    """One open line. Every failure is :class:`PortGone`, :class:`PortBusy` or ``RigError``."""

    def __init__(self, url: str, settings: PortSettings) -> None:
        self.url = url
        self._settings = settings
        self._lock: PortLock | None = None
        self._fd = -1
        self._poll = select.poll()
        self._late = 0  # bytes read since the deadline of the reader
        pty = PtyName.of(url)
        self._serial, self._pty = self._open(), pty

    def reopen(self) -> None:
        """Open again what was gone. Raises :class:`PortGone` while it is not back.

        A PTY comes back only under a link, made anew: its number may be another program's now.
        """
        self.close()
        if self._pty is not None and not self._pty.came_back():
            raise PortGone(f"{self.url} is still gone: a PTY comes back under a new name or link")
        pty = PtyName.of(self.url)
        try:
            self._serial, self._pty = self._open(), pty
        except PortBusy:
            raise
        except RigError as error:
            raise PortGone(f"{self.url} is still gone: {error}") from error

    def set_dtr(self, level: bool) -> None:
        """Tolerates ENOTTY: a PTY has no modem lines."""
        with contextlib.suppress(OSError):
            self._serial.dtr = level

    def set_rts(self, level: bool) -> None:
        """As :meth:`set_dtr`; of no use while RTS/CTS flow control drives the line."""
        with contextlib.suppress(OSError):
            self._serial.rts = level

    def write(self, data: bytes, deadline: Deadline) -> None:
        """All of it, or an error that says how much was not written."""
        if self._fd < 0:
            try:
                self._serial.write(data)
            except OSError as error:
                raise self._gone(error, len(data)) from error
            return
        sent = 0
        try:
            sent = os.write(self._fd, data)
            while sent < len(data):
                self._await_room(deadline, len(data) - sent)
                sent += os.write(self._fd, data[sent:])
        except BlockingIOError:
            self._await_room(deadline, len(data) - sent)
            self.write(data[sent:], deadline)
        except OSError as error:
            raise self._gone(error, len(data) - sent) from error

    def _await_room(self, deadline: Deadline, unsent: int) -> None:
        writable = select.poll()
        writable.register(self._fd, select.POLLOUT)
        if not writable.poll(deadline.left() * 1000):
            raise PortBlocked(
                f"{self.url} takes no more bytes; is flow control (RTS/CTS) right on both sides?",
                unsent,
            )

    def waiting(self) -> bool:
        """Whether :meth:`read` would return, or fail, at once."""
        return self._fd < 0 or bool(self._poll.poll(0))

    def read(self, until: float) -> bytes:
        """All that is there, waiting until this host time; empty when nothing came.

        Readers go on until it is empty, since what has come by their deadline counts however late
        they get to it. So it is empty, once, after as much as can have come by then: a line that
        never stops talking holds nobody.
        """
        left_ms = (until - monotonic()) * 1000 if until else 0
        if left_ms > 0:
            self._late = 0
        elif self._late > _LATE_BYTES:
            self._late = 0
            return b""
        data = self._read_slowly(until) if self._fd < 0 else self._read_ready(left_ms)
        if left_ms <= 0:
            self._late += len(data)
        return data

    def _read_ready(self, left_ms: float) -> bytes:
        try:
            if not self._poll.poll(left_ms if left_ms > 0 else 0):
                return b""
            data = os.read(self._fd, 16_384)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._gone(error) from error
        if not data:
            raise self._gone("end of file")
        return data

    def _read_slowly(self, until: float) -> bytes:
        """Without a descriptor, in slices of a constant time-out."""
        try:
            while True:
                waiting = self._serial.in_waiting
                if not waiting and monotonic() >= until:
                    return b""
                data: bytes = self._serial.read(max(1, waiting))
                if data:
                    return data
        except (OSError, TypeError) as error:  # pyserial: TypeError on a closed port
            raise self._gone(error) from error

    def close(self) -> None:
        """Free the port and its lock. Safe to call twice."""
        fd, self._fd = self._fd, -1  # its number may soon be that of another file
        with contextlib.suppress(OSError):
            if fd >= 0 and self._lock is not None:
                # pyserial's lock, which a child that is just being started would keep.
                fcntl.flock(fd, fcntl.LOCK_UN)
        with contextlib.suppress(OSError):
            self._serial.close()
        self._unlock()

    def _open(self) -> serial.Serial:
        url, settings = self.url, self._settings
        self._lock = None if "://" in url else PortLock(url, wait_s=_CLOSING_S)
        self._fd = -1
        try:
            line = serial.serial_for_url(
                url, do_not_open=True, baudrate=settings.baudrate, rtscts=settings.rtscts,
                timeout=_SLICE_S,
            )  # fmt: skip
            if self._lock is not None:
                line.exclusive = True
            # Before opening, so that the line does not pulse: some modems hang up on DTR.
            if settings.dtr is not None:
                line.dtr = settings.dtr
            if settings.rts is not None and not settings.rtscts:
                line.rts = settings.rts
            line.open()
        except (OSError, ValueError) as error:
            self._unlock()
            if "exclusively lock" in str(error):
                raise PortBusy(f"{url} is in use by another program; close it first") from error
            raise RigError(
                f"cannot open {url}: {error}; check the cable, the path and your permissions"
            ) from error
        try:
            self._fd = line.fileno()
        except (OSError, AttributeError):  # io.UnsupportedOperation is an OSError
            return line
        os.set_blocking(self._fd, False)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        if settings.hupcl is not None:
            with contextlib.suppress(OSError, termios.error):
                mode = termios.tcgetattr(self._fd)
                mode[2] = mode[2] | termios.HUPCL if settings.hupcl else mode[2] & ~termios.HUPCL
                termios.tcsetattr(self._fd, termios.TCSANOW, mode)
        return line

    def _gone(self, why: object, unsent: int = 0) -> PortGone:
        message = f"{self.url} is gone ({why}); check the cable and the modem's power"
        return PortGone(message, unsent)

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None
