"""The other end of a line: a PTY whose master answers from a script, in a thread of its own."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Self

ESC = b"\x1b"
Answer = bytes | Callable[["Peer"], bytes]


class Peer:
    """Answers a line that ends in CR; with ``prompts``, the next bytes as the data they ask for.

    ``path`` is a symlink when one is given, so that the line can come back under its name. It goes
    with the line, whose number may be another PTY's at once.
    """

    def __init__(self, script: dict[bytes, Answer], link: Path | None = None) -> None:
        self.script = dict(script)
        self.heard: list[bytes] = []
        self._link = link
        self._wake, self._woken = os.pipe()
        self.plug()

    def plug(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.path)
            self.path = str(self._link)
        self.thread = threading.Thread(target=self._run, args=(self.master,), daemon=True)
        self.thread.start()

    def unplug(self) -> None:
        """As a cable that is pulled; safe to call twice, and from the script."""
        if threading.current_thread() is not self.thread and self.thread.is_alive():
            os.write(self._woken, b"x")
            self.thread.join(10)
            os.read(self._wake, 1)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for name in ("slave", "master"):
            fd = getattr(self, name)
            if fd >= 0:
                setattr(self, name, -1)
                os.close(fd)

    def say(self, data: bytes) -> None:
        """In a test's own thread, which reads next, only until it is there to be read: Linux has it
        put there by a thread of its own, in which a busy machine may let it wait."""
        left = data
        while left:
            left = left[os.write(self.master, left) :]
        if data and threading.current_thread() is threading.main_thread():
            select.select([self.slave], [], [], 10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()
        os.close(self._wake)
        os.close(self._woken)

    def _run(self, master: int) -> None:
        buffer = b""
        while self.master == master:
            ready, _, _ = select.select([master, self._wake], [], [])
            if self._wake in ready:
                return
            try:
                buffer = self._answer(buffer + os.read(master, 4096))
            except OSError:
                if self.master == master:
                    raise

    def _answer(self, buffer: bytes) -> bytes:
        while buffer and self.master >= 0:
            if buffer.startswith(ESC) and ESC in self.script:  # leaves a prompt by itself
                line, buffer = ESC, buffer[1:]
            elif buffer in self.script and not buffer.endswith(b"\r"):
                line, buffer = buffer, b""
            elif b"\r" in buffer:
                line, _, buffer = buffer.partition(b"\r")
            else:
                return buffer
            self.heard.append(line)
            answer = self.script.get(line, b"\r\nERROR\r\n")
            self.say(answer(self) if callable(answer) else answer)
        return buffer
