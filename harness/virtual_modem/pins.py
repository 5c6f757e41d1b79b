"""The pins of a serial adapter, and how a cable joins them to a host's control lines.

An adapter is wired as a terminal (DTE): it puts out DTR and RTS, and reads DSR, CTS, DCD and RI. As
a modem's end it needs a crossed cable, which says what arrives where.
"""

from __future__ import annotations

import array
import fcntl
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from harness.errors import UsageError

INPUTS = {
    "dsr": termios.TIOCM_DSR, "cts": termios.TIOCM_CTS,
    "dcd": termios.TIOCM_CAR, "ri": termios.TIOCM_RNG,
}  # fmt: skip
OUTPUTS = {"dtr": termios.TIOCM_DTR, "rts": termios.TIOCM_RTS}
NONE = "none"


class Pins(Protocol):
    """An adapter's pins. Both methods raise :class:`OSError` where there are none."""

    def inputs(self) -> frozenset[str]:
        """The inputs that are ON, of ``dsr``, ``cts``, ``dcd`` and ``ri``."""
        ...

    def drive(self, pin: str, level: bool) -> None:
        """Set the output ``dtr`` or ``rts``."""
        ...


class TtyPins:
    """The pins of an open tty (tty_ioctl(4))."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def inputs(self) -> frozenset[str]:
        bits = array.array("i", [0])
        fcntl.ioctl(self._fd, termios.TIOCMGET, bits)
        return frozenset(pin for pin, bit in INPUTS.items() if bits[0] & bit)

    def drive(self, pin: str, level: bool) -> None:
        order = termios.TIOCMBIS if level else termios.TIOCMBIC
        fcntl.ioctl(self._fd, order, array.array("i", [OUTPUTS[pin]]))


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which pin of ours meets which line of the host; the default is a null-modem cable.

    ``dtr`` and ``rts``: our input that shows the host's. ``dcd``, ``ri``: our output that the
    host sees as DCD and DSR, or as RI. ``cts``: likewise; RTS/CTS flow control works it. Any may
    be ``none``. A usual cable joins no output to RI. Raises :class:`UsageError`.
    """

    dtr: str = "dsr"
    rts: str = "cts"
    cts: str = "rts"
    dcd: str = "dtr"
    ri: str = NONE

    def __post_init__(self) -> None:
        for line in ("dtr", "rts"):
            pin = getattr(self, line)
            if pin not in (*INPUTS, NONE):
                known = ", ".join((*INPUTS, NONE))
                raise UsageError(f"the host's {line.upper()} arrives at {known}, not at {pin!r}")
        driven: dict[str, str] = {}
        for line in ("cts", "dcd", "ri"):
            pin = getattr(self, line)
            if pin not in (*OUTPUTS, NONE):
                known = ", ".join((*OUTPUTS, NONE))
                raise UsageError(f"the host's {line.upper()} is worked by {known}, not by {pin!r}")
            if pin in driven:
                raise UsageError(
                    f"our {pin.upper()} cannot work both {driven[pin].upper()} and {line.upper()} "
                    "of the host"
                )
            if pin != NONE:
                driven[pin] = line

    @classmethod
    def ringing(cls, pin: str) -> Wiring:
        """The default, but with this output (``dtr`` or ``rts``) joined to the host's RI."""
        return cls(
            ri=pin, dcd=NONE if pin == "dtr" else "dtr", cts=NONE if pin == "rts" else "rts"
        )  # fmt: skip

    def seen(self, pin: str, on: frozenset[str]) -> bool:
        """The level of a host's line; one that is not wired counts as ON."""
        return pin == NONE or pin in on

    def outputs(self, cts: bool, dcd: bool, ri: bool) -> Iterator[tuple[str, bool]]:
        """What our outputs have to be."""
        for pin, level in ((self.cts, cts), (self.dcd, dcd), (self.ri, ri)):
            if pin != NONE:
                yield pin, level
