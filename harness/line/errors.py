"""What can go wrong on a line: the bench's fault, except a silence, which nobody owns yet."""

from __future__ import annotations

from harness.errors import HilError, RigError


class PortGone(RigError):
    """The port vanished: unplugged, powered down, or its other end closed.

    The next call tries to open it again. ``unsent`` counts bytes that were not written.
    """

    def __init__(self, message: str, unsent: int = 0) -> None:
        super().__init__(message)
        self.unsent = unsent


class PortBlocked(RigError):
    """The port takes no more bytes: flow control holds them, or nobody reads the other end."""

    def __init__(self, message: str, unsent: int = 0) -> None:
        super().__init__(message)
        self.unsent = unsent


class PortBusy(RigError):
    """Somebody else has the port; the message names the holder."""


class AtTimeout(HilError, TimeoutError):
    """A command has no final result within its deadline: is there a modem that listens?

    ``sent`` is the command, ``seen`` the bytes since it was written, ``timeout_s`` the patience.
    """

    def __init__(self, sent: str, seen: bytes, timeout_s: float, advice: str = "") -> None:
        shown = repr(seen[-400:].decode("latin-1")) if seen else "nothing"
        super().__init__(
            f"no complete answer to {sent} within {timeout_s:g} s; received {shown}. "
            + (advice or "Check power, baud rate and that nobody else drives this modem")
        )
        self.sent, self.seen, self.timeout_s = sent, seen, timeout_s


class EventTimeout(AtTimeout):
    """The modem answers, but what was awaited from it or through it did not come.

    Examples: no ``+QIOPEN:``, no response of the server on a socket. The line is in step.
    """

    def __init__(self, awaited: str, seen: bytes, timeout_s: float) -> None:
        super().__init__(
            awaited, seen, timeout_s, "The modem itself answers: look at the network and the peer"
        )


class OutOfStep(HilError):
    """The modem does not answer a plain probe cleanly, so its answers cannot be assigned."""
