"""Signals as a busy machine delivers them."""

from __future__ import annotations

import ctypes
import os
import signal


def to_another_thread(process: int, number: signal.Signals) -> None:
    """Send a signal that a thread other than the main one gets, as the kernel chooses it when the
    main one was stopped, or has not seen to its last signal yet."""
    threads = sorted(int(name) for name in os.listdir(f"/proc/{process}/task"))
    other = next(thread for thread in threads if thread != process)
    assert ctypes.CDLL(None, use_errno=True).tgkill(process, other, number) == 0
