"""``hil console`` as a process: on a pipe, or on a terminal of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.clock import Deadline

COMMAND = (sys.executable, "-m", "harness", "console")
_CURSOR = b"\x1b[6n"  # the program asks where the cursor is
_CONTROL = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])")


def piped(text: str, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Commands from a pipe; the timeline is ``FOLDER/console.jsonl``."""
    return subprocess.run(
        [*COMMAND, *words, "--record", str(folder / "console.jsonl")],
        input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def timeline(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "console.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


class Terminal:
    """A person at a terminal of 100 columns."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.seen = b""

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def until(self, *wanted: str, timeout_s: float = 30.0) -> str:
        """What is shown up to the last of ``wanted``, in this order, without control sequences."""
        deadline = Deadline.after(timeout_s)
        while True:
            text = _CONTROL.sub(b"", self.seen).decode("utf-8", "replace")
            end = 0
            for word in wanted:
                found = text.find(word, end)
                if found < 0:
                    break
                end = found + len(word)
            else:
                self.seen = b""
                return text
            if not self._more(deadline):
                pytest.fail(f"{wanted} not in {text!r}")

    def rest(self) -> bytes:
        """What is written until the program has ended, as it is."""
        deadline = Deadline.after(30)
        while self._more(deadline):
            pass
        return self.seen

    def _more(self, deadline: Deadline) -> bool:
        if not select.select([self.fd], [], [], deadline.left())[0]:
            return False
        try:
            data = os.read(self.fd, 65_536)
        except OSError:  # the other end is gone
            return False
        if _CURSOR in data:
            os.write(self.fd, b"\x1b[1;1R")
        self.seen += data
        return bool(data)


@contextmanager
def terminal(*words: str, home: Path) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """A console on a PTY, whose history is below ``home``; ended at the end."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, *words, "--record", str(home / "console.jsonl")],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C is a signal on it
        env={**os.environ, "XDG_STATE_HOME": str(home), "TERM": "xterm"},
    )  # fmt: skip
    os.close(slave)
    try:
        yield Terminal(master), process
    finally:
        process.kill()
        process.wait(60)
        os.close(master)
