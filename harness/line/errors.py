"""What can go wrong on a line: the bench's fault, except a silence, which nobody owns yet."""

from __future__ import annotations

from harness.errors import HilError, RigError


class PortGone(RigError):
    """The port vanished: unplugged, powered down, or its other end closed."""


class PortBusy(RigError):
    """Somebody else has the port; the message names the holder."""


class AtTimeout(HilError, TimeoutError):
    """No final result within the deadline; says what was sent and what came so far."""

    def __init__(self, sent: str, seen: bytes, timeout_s: float) -> None:
        shown = repr(seen[-400:].decode("latin-1")) if seen else "nothing"
        super().__init__(
            f"no complete answer to {sent} within {timeout_s:g} s; received {shown}. "
            "Check power, baud rate and that nobody else drives this modem"
        )
        self.sent, self.seen, self.timeout_s = sent, seen, timeout_s


class OutOfStep(HilError):
    """The modem does not answer a plain ``AT`` cleanly, so its answers cannot be assigned."""
