"""``hil serve`` on a terminal of its own, seen through a terminal emulator."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyte
import pytest

from harness.clock import Deadline
from tests.platform.bench import SECRET, read_answer
from tests.ready import facts_of

ALTERNATE, NORMAL = b"\x1b[?1049h", b"\x1b[?1049l"
"""Leave the shell's screen as it is; come back to it."""


@dataclass
class Seen:
    """A window of ``columns`` by ``rows``; ``raw`` is everything that was written to it."""

    fd: int
    screen: pyte.Screen
    process: subprocess.Popen[bytes]
    raw: bytes = b""
    bound: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stream = pyte.ByteStream(self.screen)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]

    def until(self, *wanted: str) -> list[str]:
        """The lines of the screen once all of ``wanted`` stand on it."""
        return self.until_so(lambda lines: all(word in "\n".join(lines) for word in wanted))

    def until_so(self, so: Callable[[list[str]], bool], timeout_s: float = 30.0) -> list[str]:
        """The lines of the screen once they are ``so``."""
        deadline = Deadline.after(timeout_s)
        while not so(self.lines):
            if not self._more(deadline):
                pytest.fail("this is not what was waited for:\n" + "\n".join(self.lines))
        return self.lines

    def until_written(self, *wanted: bytes, timeout_s: float = 30.0) -> None:
        """Until all of ``wanted`` were written, each behind the one before it."""
        deadline = Deadline.after(timeout_s)
        pattern = re.compile(b".*".join(map(re.escape, wanted)), re.DOTALL)
        while not pattern.search(self.raw):
            if not self._more(deadline):
                pytest.fail(f"{wanted!r} not in {self.raw[-300:]!r}")

    def resize(self, columns: int, rows: int) -> None:
        """What stood there is gone: what is seen afterwards was drawn anew."""
        self.screen.resize(rows, columns)
        self.screen.reset()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def post(self, raw: bytes) -> bytes:
        host, port = self.bound["http"].split(":")
        with socket.create_connection((host, int(port)), timeout=60) as sock:
            sock.sendall(raw)
            return read_answer(sock)

    def echo(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def _more(self, deadline: Deadline) -> bool:
        if not select.select([self.fd], [], [], deadline.left())[0]:
            return False
        try:
            data = os.read(self.fd, 65_536)
        except OSError:  # the other end is gone
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)


@contextmanager
def served(
    folder: Path, *more: str, columns: int = 80, rows: int = 24, devices: int = 1, **env: str
) -> Iterator[Seen]:
    """``hil serve`` with tracker-1 and as many further devices; ended at the end."""
    file, ready = folder / "devices.yaml", folder / "ready.json"
    further = "".join(f'  meter-{n}: {{imei: "{n:015d}"}}\n' for n in _valid_imeis(devices - 1))
    file.write_text(
        f'devices:\n  tracker-1: {{imei: "356726104408422", secret: {SECRET}}}\n{further}'
    )
    ready.unlink(missing_ok=True)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "serve", "--devices", str(file), "--ready", str(ready),
         *more],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C is a signal on it
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "33", "LINES": "7", **env},
    )  # fmt: skip
    os.close(slave)
    seen = Seen(master, pyte.Screen(columns, rows), process)
    try:
        seen.until("http://")
        seen.bound = facts_of(process, ready)
        yield seen
    finally:
        process.kill()
        process.wait(60)
        os.close(master)


def _valid_imeis(count: int) -> Iterator[int]:
    """Numbers with a right check digit (Luhn)."""
    for number in range(35_000_000_000_000, 35_000_000_000_000 + count):
        doubled = [
            int(digit) * (2 if place % 2 == 0 else 1)
            for place, digit in enumerate(reversed(str(number)))
        ]
        total = sum(digit - 9 if digit > 9 else digit for digit in doubled)
        yield number * 10 + -total % 10
