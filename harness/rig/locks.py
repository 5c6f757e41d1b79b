"""One user per physical device, on this machine: parallel workers wait for each other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from harness.line import PortLock

WAIT_S = 30.0


@contextlib.contextmanager
def device_lock(port: str, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the device behind ``port`` for a whole case, whatever the rig file calls it.

    Raises :class:`~harness.line.PortBusy`, naming the holder, after ``wait_s``.
    """
    lock = PortLock(port, use="device", wait_s=wait_s)
    try:
        yield
    finally:
        lock.release()
