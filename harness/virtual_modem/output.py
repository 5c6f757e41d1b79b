"""What the modem has to say, on its way to the host: bounded, paced, and held when told so."""

from __future__ import annotations

import asyncio
import fcntl
import os
import termios
from collections.abc import Callable


class Output:
    """A queue in front of a descriptor; never blocks. All on the loop's thread.

    ``bytes_per_s`` None is as fast as the host reads. ``on_lost`` gets the error of a write.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_lost: Callable[[OSError], object], limit: int
    ) -> None:
        self.bytes_per_s: float | None = None
        self._loop = loop
        self._on_lost = on_lost
        self._limit = limit
        self._fd = -1
        self._queue = bytearray()
        self._first = bytearray()  # what waits for nothing but the descriptor
        self._holds: set[str] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._breaks: list[tuple[int, float]] = []  # (bytes before, pause in seconds)
        self._waiting: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def space(self) -> int:
        """Bytes that find room now."""
        return self._limit - len(self._queue)

    @property
    def unsent(self) -> int:
        """Bytes that have not left this machine: queued here, or in the driver."""
        if self._fd < 0:
            return 0
        waiting = fcntl.ioctl(self._fd, termios.TIOCOUTQ, b"\0\0\0\0")
        return len(self._queue) + int.from_bytes(waiting, "little")

    def open(self, fd: int) -> None:
        self._fd = fd

    def close(self) -> None:
        """What was not sent never will be."""
        self.drop()
        self._fd = -1

    def put(self, data: bytes) -> None:
        """Queue bytes, of which :attr:`space` has to be left, and send what can be sent."""
        self._queue += data
        if self._pause is None and not self._holds:
            self._flush()

    def put_first(self, character: int) -> None:
        """Send a flow control character now: before what waits, paused or held or not."""
        self._first.append(character)
        self._send_first()

    def pause_after(self, count: int, seconds: float) -> None:
        """A pause after so many bytes of what will be put next."""
        self._breaks.append((len(self._queue) + count, seconds))

    def hold(self, why: str, held: bool) -> None:
        """Stop, or go on once nobody holds it any more."""
        if held:
            self._holds.add(why)
        elif why in self._holds:
            self._holds.remove(why)
            if not self._holds and self._pause is None:
                self._flush()

    async def room(self, count: int) -> None:
        """Wait until so many bytes can be queued."""
        while self._fd >= 0 and self._queue and count > self.space:
            self._waiting = self._loop.create_future()
            await self._waiting

    def drop(self) -> None:
        """Forget what waits, and its pauses."""
        self._queue.clear()
        self._first.clear()
        self._tell_room()
        self._breaks.clear()
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        if self._fd >= 0:
            self._loop.remove_writer(self._fd)

    def _tell_room(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _send_first(self) -> bool:
        """Whether the descriptor takes more."""
        while self._first and self._fd >= 0:
            sent = self._write(self._first)
            if not sent:
                return False
            del self._first[:sent]
        return True

    def _write(self, data: bytes | bytearray) -> int:
        """How much was taken. With 0, what follows happens once more is, or never on an error."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            self._loop.add_writer(self._fd, self._flush_again)
        except OSError as error:
            self._on_lost(error)
        return 0

    def _flush(self) -> None:
        self._pause = None
        while self._queue and self._fd >= 0 and not self._holds:
            size = len(self._queue)
            if self._breaks:
                before, seconds = self._breaks[0]
                if before == 0:
                    del self._breaks[0]
                    self._pause = self._loop.call_later(seconds, self._flush)
                    return
                size = min(size, before)
            if self.bytes_per_s is not None:
                size = min(size, 32)
            sent = self._write(self._queue[:size])
            if not sent:
                return
            del self._queue[:sent]
            self._tell_room()
            if self._breaks:
                self._breaks = [(max(0, at - sent), seconds) for at, seconds in self._breaks]
            if self.bytes_per_s is not None:
                self._pause = self._loop.call_later(sent / self.bytes_per_s, self._flush)
                return

    def _flush_again(self) -> None:
        self._loop.remove_writer(self._fd)
        if self._send_first() and self._pause is None:
            self._flush()
