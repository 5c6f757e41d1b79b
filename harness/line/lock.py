"""One user per port on this machine: an OS file lock that the kernel frees, also on SIGKILL."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sys
import tempfile
from pathlib import Path

from harness.clock import Deadline, pause, wall
from harness.errors import RigError
from harness.line.errors import PortBusy

_MAKING_S = 1.0  #: for making a lock file and opening it to all, by whoever comes first


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / "things-hil-ports"
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o1777)  # several users share a machine's ports
    return folder


def _open(path: Path) -> int:
    deadline = Deadline.after(_MAKING_S)
    while True:
        try:
            return _opened(path)
        except FileExistsError:
            continue  # somebody made it meanwhile
        except OSError as error:
            # Another user has made folder or file, and is just about to open them to all.
            if not isinstance(error, PermissionError) or deadline.expired:
                raise RigError(f"cannot open the lock file {path}: {error.strerror}") from error
            pause(0.01)


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        # Without O_CREAT first: protected_regular refuses it on other users' files.
        return os.open(path, flags)
    except FileNotFoundError:
        fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
        os.fchmod(fd, 0o666)
        return fd


def _program() -> str:
    path = Path(sys.argv[0] or "python")
    return path.parent.name if path.name == "__main__.py" else path.name


class PortLock:
    """Held from construction to :meth:`release`.

    ``use`` keeps apart the line (``port``) and all that hangs on it (``device``). Waits up to
    ``wait_s`` for the holder, then raises :class:`PortBusy` naming it.
    """

    def __init__(self, device: str, *, use: str = "port", wait_s: float = 0.0) -> None:
        real = re.sub(r"[^A-Za-z0-9._-]+", "_", os.path.realpath(device)).strip("_")
        self._fd = _open(_folder() / f"{real}.{use}.lock")
        deadline = Deadline.after(wait_s)
        while not self._try():
            if deadline.expired:
                holder = os.pread(self._fd, 500, 0).decode("utf-8", "replace").strip()
                os.close(self._fd)
                raise PortBusy(
                    f"{device} is in use by {holder or 'another process'}; "
                    "close that program or choose another port"
                    + (f" (waited {wait_s:g} s)" if wait_s else "")
                )
            pause(min(0.05, deadline.left()))  # flock has no time-out of its own
        since = wall().isoformat(timespec="seconds")
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"process {os.getpid()} ({_program()}) since {since}\n".encode(), 0)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Safe to call twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, 0)  # no stale name for whoever locks next
            with contextlib.suppress(OSError):
                # Not by closing alone: a child that is just being started has the file open too.
                fcntl.flock(fd, fcntl.LOCK_UN)
            os.close(fd)
