"""One user per physical device, on this machine: an OS file lock, freed by the kernel."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.clock import Deadline, pause
from harness.errors import RigError

WAIT_S = 30.0


class DeviceBusy(RigError):
    """Another run holds the device; the message names it."""


class DeviceLock:
    """Held while a bench uses a physical device; keyed by its port, whatever the rig calls it.

    Parallel workers wait for each other for up to ``wait_s``; then :class:`DeviceBusy`.
    """

    def __init__(self, name: str, port: str, *, wait_s: float = WAIT_S) -> None:
        self._name = name
        self._wait_s = wait_s
        key = re.sub(r"[^A-Za-z0-9._-]+", "_", os.path.realpath(port))
        self._path = Path(tempfile.gettempdir()) / f"things-hil-device-{key}.lock"
        self._fd = -1

    def __enter__(self) -> Self:
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise RigError(f"cannot open the lock file {self._path}: {error.strerror}") from error
        deadline = Deadline.after(self._wait_s)
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if deadline.expired:
                    holder = os.pread(self._fd, 200, 0).decode("utf-8", "replace").strip()
                    os.close(self._fd)
                    raise DeviceBusy(
                        f"{self._name} is in use by {holder or 'another run'}; "
                        f"waited {self._wait_s:g} s"
                    ) from None
                pause(0.05)  # flock has no time-out of its own
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"process {os.getpid()}\n".encode(), 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)
