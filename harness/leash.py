"""Runs a program that the kernel kills when the process that started it is gone.

``python -S leash.py PARENT COMMAND…`` becomes COMMAND (the same process ID, the same exit). So no
firmware program or broker outlives a run that was killed with SIGKILL. Linux only (prctl(2),
PR_SET_PDEATHSIG); elsewhere the program just runs. Standard library only, because start-up counts.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CANNOT_EXEC = 126


def leashed(command: list[str]) -> list[str]:
    """The command line that runs ``command`` on a leash of this process."""
    return [sys.executable, "-S", __file__, str(os.getpid()), *command]


def main(arguments: list[str]) -> int:
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it was gone before the kernel knew
            return CANNOT_EXEC
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return CANNOT_EXEC


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
