"""Bytes to and from a pyserial URL: poll and os.read where there is a descriptor."""

from __future__ import annotations

import contextlib
import os
import select
import termios
from dataclasses import dataclass
from typing import Any

import serial

from harness.clock import Deadline
from harness.errors import RigError
from harness.line.errors import PortBusy, PortGone
from harness.line.lock import PortLock

_SLICE_S = 0.05  # constant: changing a time-out per read is a round trip on RFC 2217


@dataclass(frozen=True, slots=True)
class PortSettings:
    """``None`` leaves a modem line as the system has it; a PTY has none and tolerates all."""

    baudrate: int = 115_200
    rtscts: bool = False
    dtr: bool | None = None
    hupcl: bool | None = None


class Port:
    """One open line. Every failure is :class:`PortGone`, :class:`PortBusy` or ``RigError``."""

    def __init__(self, url: str, settings: PortSettings) -> None:
        self.url = url
        self._lock = None if "://" in url else PortLock(url)
        options: dict[str, Any] = {"exclusive": True} if self._lock else {}
        try:
            self._serial = serial.serial_for_url(
                url, baudrate=settings.baudrate, rtscts=settings.rtscts, timeout=_SLICE_S,
                write_timeout=10, **options,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            self._unlock()
            if "exclusively lock" in str(error):
                raise PortBusy(f"{url} is in use by another program; close it first") from error
            raise RigError(
                f"cannot open {url}: {error}; check the cable, the path and your permissions"
            ) from error
        try:
            self._fd = self._serial.fileno()
        except (OSError, AttributeError):  # io.UnsupportedOperation is an OSError
            self._fd = -1
        self._poll = select.poll()
        if self._fd >= 0:
            os.set_blocking(self._fd, False)
            self._poll.register(self._fd, select.POLLIN)
        if settings.dtr is not None:
            self.set_dtr(settings.dtr)
        if settings.hupcl is not None:
            self._set_hupcl(settings.hupcl)

    def set_dtr(self, level: bool) -> None:
        """Tolerates ENOTTY: a PTY has no modem lines."""
        with contextlib.suppress(OSError):
            self._serial.dtr = level

    def _set_hupcl(self, on: bool) -> None:
        with contextlib.suppress(OSError, termios.error):
            mode = termios.tcgetattr(self._fd)
            mode[2] = mode[2] | termios.HUPCL if on else mode[2] & ~termios.HUPCL
            termios.tcsetattr(self._fd, termios.TCSANOW, mode)

    def write(self, data: bytes, deadline: Deadline) -> None:
        try:
            if self._fd < 0:
                self._serial.write(data)
                return
            sent = 0
            while sent < len(data):
                try:
                    sent += os.write(self._fd, data[sent:] if sent else data)
                except BlockingIOError:
                    writable = select.poll()
                    writable.register(self._fd, select.POLLOUT)
                    if deadline.expired or not writable.poll(deadline.left() * 1000 + 1):
                        raise PortGone(
                            f"{self.url} takes no more bytes; is flow control (RTS/CTS) right?"
                        ) from None
        except OSError as error:
            raise self._gone(error) from error

    def read(self, deadline: Deadline) -> bytes:
        """All that is there, waiting until the deadline; empty when nothing came."""
        try:
            if self._fd < 0:
                while True:
                    data: bytes = self._serial.read(max(1, self._serial.in_waiting))
                    if data or deadline.expired:
                        return data
            if not self._poll.poll(deadline.left() * 1000):
                return b""
            data = os.read(self._fd, 65_536)
        except BlockingIOError:
            return b""
        except (OSError, TypeError) as error:  # pyserial: TypeError on a closed port
            raise self._gone(error) from error
        if not data:
            raise self._gone("end of file")
        return data

    def _gone(self, why: object) -> PortGone:
        return PortGone(f"{self.url} is gone ({why}); check the cable and the modem's power")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._serial.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()
