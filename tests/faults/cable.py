"""A cable between a host's port and a virtual modem's, which can be cut after any byte."""

from __future__ import annotations

import os
import select
import termios
import threading
from collections.abc import Callable
from pathlib import Path

from harness.clock import Deadline, pause
from tests.line.peer import Peer


class Cable(Peer):
    """The host's side is a PTY under ``link``, which goes and comes; ``far`` is the modem's port.

    ``seen()`` tells how many bytes the host has taken from the line, ``taken()`` how many the
    modem has, so that a cut comes after them and not at about the same time. ``on_dtr`` gets the
    level that the modem sees.
    """

    def __init__(
        self,
        far: str,
        link: Path,
        seen: Callable[[], int],
        taken: Callable[[], int],
        on_dtr: Callable[[bool], object],
    ) -> None:
        self.heard_by_host = bytearray()
        self.heard_by_modem = bytearray()
        self._seen, self._taken, self._on_dtr = seen, taken, on_dtr
        self._cut_in, self._left = "", 0
        self._busy = threading.Lock()
        self._far = os.open(far, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        super().__init__({}, link)

    def cut_after(self, direction: str, count: int) -> None:
        """Cut once so many more bytes went this way: ``tx`` to the modem, ``rx`` to the host."""
        with self._busy:
            self._cut_in, self._left = direction, count

    def was_cut(self) -> bool:
        """Whether it was cut; from now on it will not be."""
        with self._busy:
            self._cut_in = ""
            cut = self.master < 0
        if cut:
            self.thread.join(10)
        return cut

    def plug(self) -> None:
        self._open = False
        self._on_dtr(True)
        super().plug()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        os.close(self._far)

    def _run(self, master: int) -> None:
        while self.master == master:
            ready, _, _ = select.select([master, self._far, self._wake], [], [])
            if self._wake in ready:
                return
            with self._busy:
                if master in ready:
                    self._open = True
                    self._carry("tx", master, self._far, self.heard_by_modem)
                elif self._open:
                    self._carry("rx", self._far, master, self.heard_by_host)
                else:  # opening a port empties it: before its first word nobody hears
                    termios.tcflush(self._far, termios.TCIFLUSH)

    def _carry(self, direction: str, source: int, target: int, heard: bytearray) -> None:
        counted = self._cut_in == direction
        data = os.read(source, min(4096, self._left) if counted else 4096)
        heard += data
        sent = 0
        while sent < len(data):
            sent += os.write(target, data[sent:])
        if counted:
            self._left -= len(data)
            if not self._left:
                self._cut()

    def _cut(self) -> None:
        deadline = Deadline.after(60)
        while self._seen() < len(self.heard_by_host) or self._taken() < len(self.heard_by_modem):
            assert not deadline.expired, "what went over the cable was not read"
            pause(0.0005)
        self.unplug()
        self._on_dtr(False)
