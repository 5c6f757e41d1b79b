"""One user per port on this machine: an OS file lock that the kernel frees, also on SIGKILL."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sys
import tempfile
from pathlib import Path

from harness.clock import wall
from harness.errors import RigError
from harness.line.errors import PortBusy


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / "things-hil-ports"
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o1777)  # several users share a machine's ports
    return folder


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        try:
            # Without O_CREAT first: protected_regular refuses it on other users' files.
            return os.open(path, flags)
        except FileNotFoundError:
            fd = os.open(path, flags | os.O_CREAT, 0o666)
            os.fchmod(fd, 0o666)
            return fd
    except OSError as error:
        raise RigError(f"cannot open the lock file {path}: {error.strerror}") from error


def _program() -> str:
    path = Path(sys.argv[0] or "python")
    return path.parent.name if path.name == "__main__.py" else path.name


class PortLock:
    """Held from construction to :meth:`release`. Raises :class:`PortBusy` naming the holder."""

    def __init__(self, device: str) -> None:
        real = os.path.realpath(device)
        self._fd = _open(_folder() / (re.sub(r"[^A-Za-z0-9._-]+", "_", real).strip("_") + ".lock"))
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._fd, 500, 0).decode("utf-8", "replace").strip()
            os.close(self._fd)
            raise PortBusy(
                f"{device} is in use by {holder or 'another process'}; "
                "close that program or choose another port"
            ) from None
        since = wall().isoformat(timespec="seconds")
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"process {os.getpid()} ({_program()}) since {since}\n".encode(), 0)

    def release(self) -> None:
        """Safe to call twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, 0)  # no stale name for whoever locks next
            os.close(fd)
