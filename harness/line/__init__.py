"""Serial lines: ports, locks, and a blocking AT channel on top of the pure engine."""

from harness.line.channel import AtChannel, Response
from harness.line.errors import AtTimeout, EventTimeout, OutOfStep, PortBlocked, PortBusy, PortGone
from harness.line.lock import PortLock
from harness.line.port import PortSettings

__all__ = [
    "AtChannel", "AtTimeout", "EventTimeout", "OutOfStep", "PortBlocked", "PortBusy", "PortGone",
    "PortLock", "PortSettings", "Response",
]  # fmt: skip
