"""The modem's end of the line: a PTY, or a real UART; never blocks, bounded, with faults.

On a PTY raw mode is set before the name is known to anybody, and a slave descriptor stays open, so
that a host may close and reopen the port without the modem noticing (as on a real port).
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import pty
import socket
import termios
import tty
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from harness.clock import NO_WORK, WorkCounter
from harness.errors import RigError
from harness.evidence.timeline import Recorder
from harness.virtual_modem.faults import FaultKind, LineFault


class LineUnavailable(RigError):
    """The port or its symlink cannot be had."""


class LineEnd:
    """All methods run on the loop's thread. ``on_data`` gets what arrived, after faults.

    ``on_data`` has to count ``len(raw)`` out (:meth:`processed`) once it dealt with it.
    """

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        recorder: Recorder,
        work: WorkCounter,
        on_data: Callable[[bytes, int], object],
        *,
        witness: bool,
        counted: bool,
        limit: int,
    ) -> None:
        self.name = name
        self.path = ""
        self.bytes_per_s: float | None = None
        self.faults: list[LineFault] = []
        self._loop = loop
        self._recorder = recorder
        self._work: WorkCounter = work if counted else NO_WORK
        self._on_data = on_data
        self._witness = witness
        self._limit = limit
        self._fd = -1
        self._slave = -1
        self._waiting: asyncio.Future[None] | None = None
        self._link: Path | None = None
        self._lock: socket.socket | None = None  # holds the claim on the link
        self._output = bytearray()
        self._pause: asyncio.TimerHandle | None = None
        self._breaks: list[tuple[int, float]] = []  # (bytes before, pause in seconds)

    @property
    def plugged(self) -> bool:
        return self._fd >= 0

    def open_pty(self, link: Path | None) -> str:
        """Raises :class:`LineUnavailable` when ``link`` is taken by something else."""
        self._fd, self._slave = pty.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        self.path = os.ttyname(self._slave)
        if link is not None:
            self._make_link(link)
        self._listen()
        return self.path

    def open_uart(self, port: str, baud: int) -> str:
        """A real serial device, 8N1 without flow control."""
        speed = getattr(termios, f"B{baud}", None)
        if speed is None:
            raise LineUnavailable(f"{port}: this machine has no {baud} baud")
        try:
            self._fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            tty.setraw(self._fd, termios.TCSANOW)
            modes = termios.tcgetattr(self._fd)
            modes[2] |= termios.CLOCAL | termios.CREAD
            modes[4] = modes[5] = speed
            termios.tcsetattr(self._fd, termios.TCSANOW, modes)
        except (OSError, termios.error) as error:
            self.close()
            raise LineUnavailable(f"cannot open {port}: {error}") from error
        self.path = port
        self._listen()
        return port

    def close(self) -> None:
        """The host sees the line hang up; what was under way is forgotten."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            os.close(self._fd)
        if self._slave >= 0:
            os.close(self._slave)
        self._fd = self._slave = -1
        self._drop_output()
        if self._link is not None:
            with suppress(OSError):
                self._link.unlink()
            self._link = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        forget = getattr(self._work, "forget", None)
        if forget is not None:
            forget(f"line:{self.name}:rx")
            forget(f"line:{self.name}:tx")

    def processed(self, count: int) -> None:
        if count and self.plugged:
            with suppress(RuntimeError):  # the host does not count: nothing to balance
                self._work.done(f"line:{self.name}:tx", count)

    def write(self, data: bytes) -> None:
        """Queue bytes for the host; what exceeds the limit is dropped, as on a wire."""
        if not self.plugged or not data:
            return
        data = self._outgoing(data)
        room = self._limit - len(self._output)
        if len(data) > room:
            self.overflow(len(data) - room)
            data = data[:room]
        if not data:
            return
        if self._witness:
            self._recorder.record(f"line:{self.name}", "serial", dir="rx", bytes=data)
        self._work.begin(f"line:{self.name}:rx", len(data))
        self._output += data
        if self._pause is None:
            self._flush()

    async def room(self, count: int) -> None:
        """Wait until so many bytes can be queued: for answers that a module sends at its pace."""
        while self.plugged and self._output and len(self._output) + count > self._limit:
            self._waiting = self._loop.create_future()
            await self._waiting

    def _tell_room(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def overflow(self, count: int) -> None:
        """Note that bytes found no room."""
        self._recorder.record(
            f"modem:{self.name}", "line.fault", fault="overflow", dropped=count
        )  # fmt: skip

    def cut(self) -> None:
        """The supply is gone: what was not sent yet never will be."""
        dropped = len(self._output)
        self._drop_output()
        if dropped and self.plugged:
            self._work.done(f"line:{self.name}:rx", dropped)

    def take(self, *kinds: FaultKind) -> LineFault | None:
        """The first waiting fault of these kinds; it is recorded, since it strikes now."""
        for fault in self.faults:
            if fault.kind in kinds:
                self.faults.remove(fault)
                self.struck(fault)
                return fault
        return None

    def struck(self, fault: LineFault) -> None:
        fields = asdict(fault)
        fields["fault"] = fields.pop("kind").value
        self._recorder.record(f"modem:{self.name}", "line.fault", **fields)

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

    def _listen(self) -> None:
        os.set_blocking(self._fd, False)
        self._loop.add_reader(self._fd, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return
        except OSError as error:
            self._recorder.record(f"modem:{self.name}", "note", text=f"line lost: {error}")
            self.close()
            return
        if not data:
            self.close()
            return
        if self._slave >= 0:
            # A client's TIOCEXCL would outlive it, because our own descriptor stays open: the
            # next ordinary user could not open the port any more.
            fcntl.ioctl(self._slave, termios.TIOCNXCL)
        if self._witness:
            self._recorder.record(f"line:{self.name}", "serial", dir="tx", bytes=data)
        arrived = data
        for fault in [fault for fault in self.faults if fault.direction == "tx"]:
            if fault.kind in (FaultKind.DROP, FaultKind.DUPLICATE, FaultKind.GARBAGE):
                self.faults.remove(fault)
                self.struck(fault)
                arrived = fault.apply(arrived)
        self._on_data(arrived, len(data))

    def _outgoing(self, data: bytes) -> bytes:
        for fault in [fault for fault in self.faults if fault.direction == "rx"]:
            if fault.kind in (FaultKind.SPLIT, FaultKind.DELAY):
                before = 0 if fault.kind is FaultKind.DELAY else max(1, fault.skip)
                self._breaks.append((len(self._output) + min(before, len(data)), fault.seconds))
            elif fault.kind not in (FaultKind.DROP, FaultKind.DUPLICATE, FaultKind.GARBAGE):
                continue
            self.faults.remove(fault)
            self.struck(fault)
            data = fault.apply(data)
        return data

    def _flush(self) -> None:
        self._pause = None
        while self._output and self.plugged:
            size = len(self._output)
            if self._breaks:
                before, seconds = self._breaks[0]
                if before == 0:
                    del self._breaks[0]
                    self._pause = self._loop.call_later(seconds, self._flush)
                    return
                size = min(size, before)
            if self.bytes_per_s is not None:
                size = min(size, 32)
            try:
                sent = os.write(self._fd, self._output[:size])
            except BlockingIOError:
                self._loop.add_writer(self._fd, self._flush_again)
                return
            del self._output[:sent]
            self._tell_room()
            self._breaks = [(max(0, at - sent), seconds) for at, seconds in self._breaks]
            if self.bytes_per_s is not None:
                self._pause = self._loop.call_later(sent / self.bytes_per_s, self._flush)
                return

    def _flush_again(self) -> None:
        self._loop.remove_writer(self._fd)
        if self._pause is None:
            self._flush()

    def _drop_output(self) -> None:
        self._output.clear()
        self._tell_room()
        self._breaks.clear()
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._fd >= 0:
            self._loop.remove_writer(self._fd)
