"""The control lines between host and modem: DTR and RTS inwards, CTS, DCD and RI outwards.

A PTY has none, so these are the modem's own channel for them; on a real UART they are wired to the
adapter's pins (:mod:`harness.virtual_modem.pins`). Levels are True for ON (asserted).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from harness.evidence.timeline import Recorder
from harness.virtual_modem.pins import Pins, Wiring

POLL_S = 0.02  #: how late a change of the host's lines may be noticed on a UART


@dataclass(frozen=True, slots=True)
class LineState:
    """``dtr`` and ``rts`` are the host's; the rest is the modem's. DSR goes with DCD's wire."""

    dtr: bool = True  #: assumed where the host cannot show it
    rts: bool = True
    cts: bool = False  #: the modem is powered
    dcd: bool = False  #: AT&C: always on, or a data connection
    ri: bool = False


class ControlLines:
    """All methods run on the loop's thread.

    What changes is put on the timeline, from the moment that somebody works the lines or looks at
    them: most hosts do neither.
    """

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        recorder: Recorder,
        wiring: Wiring,
        on_host: Callable[[LineState], object],
    ) -> None:
        self.state = LineState()
        self.rings = 0  #: pulses of RI so far
        self._listeners: list[Callable[[LineState], object]] = []
        self._source = f"modem:{name}"
        self._loop = loop
        self._recorder = recorder
        self._wiring = wiring
        self._on_host = on_host
        self._pins: Pins | None = None
        self.watched = False  #: whether anybody can see what the modem does with its lines
        self._poll: asyncio.TimerHandle | None = None
        self._ringing: asyncio.TimerHandle | None = None

    @property
    def wired(self) -> bool:
        """Whether there are an adapter's pins behind it."""
        return self._pins is not None

    def attach(self, pins: Pins) -> bool:
        """Work an adapter's pins. False when it has none, which is noted."""
        try:
            pins.inputs()
            self._pins, self.watched = pins, True
            self._drive(self.state)
            self._watch()
        except OSError as error:
            self.detach()
            self._recorder.record(
                self._source, "note", text=f"this port has no modem lines: {error.strerror}"
            )
            return False
        return True

    def detach(self) -> None:
        """The adapter is gone; the host's lines are as if it always asserted them."""
        self._pins = None
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None
        self._change(self.state, dtr=True, rts=True)

    def listen(self, listener: Callable[[LineState], object]) -> None:
        """Call it with each change."""
        self.watched = True
        self._listeners.append(listener)

    def host(self, *, dtr: bool | None = None, rts: bool | None = None) -> None:
        """The host sets its lines, on the modem's own channel; None leaves one as it is."""
        self.watched = True
        state = self.state
        self._change(
            state, dtr=state.dtr if dtr is None else dtr, rts=state.rts if rts is None else rts
        )

    def modem(self, *, cts: bool, dcd: bool) -> None:
        """The modem sets its lines."""
        self._change(self.state, cts=cts, dcd=dcd)

    def ring(self, seconds: float, pulses: int) -> None:
        """Pulses of RI with pauses as long as they are; one at a time."""
        if self._ringing is None and pulses > 0:
            self._recorder.record(
                self._source, "modem.ring", pulse_s=seconds, pulses=pulses
            )  # fmt: skip
            self._pulse(True, seconds, pulses)

    def hush(self) -> None:
        """The modem is off: RI is let go."""
        if self._ringing is not None:
            self._ringing.cancel()
            self._ringing = None
            self._tell(replace(self.state, ri=False))

    def _pulse(self, level: bool, seconds: float, left: int) -> None:
        self._ringing = None
        self.rings += level
        if left > (not level):
            left = left if level else left - 1
            self._ringing = self._loop.call_later(seconds, self._pulse, not level, seconds, left)
        self._tell(replace(self.state, ri=level))

    def _change(self, before: LineState, **levels: bool) -> None:
        after = replace(before, **levels)
        if after == before:
            return
        if self.watched:
            fields = asdict(after)
            del fields["ri"]  # pulses are recorded as such, or the order would vary
            self._recorder.record(self._source, "modem.lines", **fields)
        self._tell(after)
        if (after.dtr, after.rts) != (before.dtr, before.rts):
            self._on_host(after)

    def _tell(self, state: LineState) -> None:
        self.state = state
        self._drive(state)
        for listener in tuple(self._listeners):
            listener(state)

    def _drive(self, state: LineState) -> None:
        if self._pins is None:
            return
        try:
            for pin, level in self._wiring.outputs(state.cts, state.dcd, state.ri):
                self._pins.drive(pin, level)
        except OSError:
            self._pins = None  # unplugged: the line itself says so

    def _watch(self) -> None:
        if self._pins is None:
            return
        try:
            on = self._pins.inputs()
        except OSError:
            self._pins = None
            return
        self._poll = self._loop.call_later(POLL_S, self._watch)
        self._change(
            self.state,
            dtr=self._wiring.seen(self._wiring.dtr, on),
            rts=self._wiring.seen(self._wiring.rts, on),
        )
