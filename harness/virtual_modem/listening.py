"""What a modem does not hear: asleep, before it knows the rate, too soon after the last answer.

Each takes the bytes that came and gives those that the modem gets; what it loses is told.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from harness.clock import monotonic
from harness.virtual_modem.settings import ModemSettings

Lost = Callable[[str, int], object]  #: why, and how many bytes
XON, XOFF = 0x11, 0x13


class SleepMode(Enum):
    """What lets a modem doze, and what wakes it."""

    AWAKE = "awake"
    DTR = "dtr"  # while DTR is OFF the port is shut (Quectel AT+QSCLK=1, SIMCom AT+CSCLK=1)
    IDLE = "idle"  # a quiet port; the first bytes only wake it (AT+CSCLK=2, u-blox AT+UPSV=1)


class Sleep:
    """``after_s`` of quiet (host time) let it doze; ``wake_bytes`` are lost then."""

    def __init__(self, mode: SleepMode, after_s: float, wake_bytes: int, lost: Lost) -> None:
        self.dtr = True
        self._mode = mode
        self._after_s = after_s
        self._wake_bytes = wake_bytes
        self._lost = lost
        self._last = monotonic()

    def hear(self, data: bytes) -> bytes:
        if self._mode is SleepMode.DTR:
            kept = data if self.dtr else b""
        else:
            last, self._last = self._last, monotonic()
            kept = data[self._wake_bytes :] if self._last - last >= self._after_s else data
        if len(kept) < len(data):
            self._lost("asleep", len(data) - len(kept))
        return kept


class RateSearch:
    """Nothing but the letters AT tell the rate (AT+IPR=0); ``lose_first`` costs their line."""

    def __init__(self, *, lose_first: bool) -> None:
        self._lose_first = lose_first
        self._found = False
        self._before = b""

    def hear(self, data: bytes) -> bytes | None:
        """What the modem gets once it has the rate; None before."""
        if not self._found:
            data = self._before + data
            at = data.upper().find(b"AT")
            if at < 0:
                self._before = data[-1:]
                return None
            self._found = True
            data = data[at:]
        if self._lose_first:
            end = data.find(b"\r") + 1
            return data[end:] if end else None
        return data


class Haste:
    """A command that comes before ``gap_s`` after the last final result was too soon.

    ``garble`` False: it is not heard. True: every second byte of it is (assumed).
    """

    def __init__(self, gap_s: float, garble: bool, lost: Lost) -> None:
        self._gap_s = gap_s
        self._garble = garble
        self._lost = lost
        self._ready_at = 0.0

    @classmethod
    def of(cls, settings: ModemSettings, lost: Lost) -> Haste | None:
        """None for a modem that takes commands as fast as they come."""
        if not settings.too_soon_s:
            return None
        return cls(settings.too_soon_s, settings.too_soon == "garble", lost)

    def final(self) -> None:
        """A final result was given just now."""
        self._ready_at = monotonic() + self._gap_s

    def hear(self, data: bytes, busy: bool) -> bytes:
        """``busy``: a command is being executed. One chunk holds at most one command in time."""
        if busy or monotonic() < self._ready_at:
            return self._spoil(data)
        end = data.find(b"\r") + 1
        if not end or b"AT" not in data[:end].upper():
            return data
        end += data[end : end + 1] == b"\n"
        return data[:end] + self._spoil(data[end:])

    def _spoil(self, data: bytes) -> bytes:
        kept = data[::2] if self._garble else b""
        if len(kept) < len(data):
            self._lost("too-soon", len(data) - len(kept))
        return kept


class FlowStop:
    """XON/XOFF in what the host sends (V.250 §6.2.12): taken out, also from payload."""

    def __init__(self, hold: Callable[[bool], object]) -> None:
        self._hold = hold

    def hear(self, data: bytes) -> bytes:
        stop, go = data.rfind(XOFF), data.rfind(XON)
        if stop < 0 and go < 0:
            return data
        self._hold(stop > go)
        return data.translate(None, bytes((XON, XOFF)))
