"""One writer per store file.

SQLite's own locks let several processes write in turn; two platforms that both number exchanges
would then overwrite each other. So a file beside it is locked for as long as the platform runs; the
kernel lets go of it however the process ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from harness.platform.persistence.errors import StoreFailed, StoreTaken


class WriterLock:
    """Holds ``FILE.lock``, which says who holds it. Raises :class:`StoreTaken`."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + ".lock")
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreFailed(f"cannot make {self._path}: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._fd, 200, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise StoreTaken(
                f"the store {store} is in use by {holder or 'another process'}; stop that one or "
                "give this one a file of its own"
            ) from error
        with contextlib.suppress(OSError):  # a full disk: the lock holds without the name
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"`hil serve` with process id {os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        with contextlib.suppress(OSError):  # by closing it, too, once nobody else has it open:
            fcntl.flock(self._fd, fcntl.LOCK_UN)  # a child that is just being started has
        os.close(self._fd)
