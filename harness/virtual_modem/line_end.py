"""The modem's end of the line: a PTY, or a real UART; never blocks, bounded, with faults."""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from harness.clock import NO_WORK, WorkCounter
from harness.evidence import Recorder, SerialText
from harness.virtual_modem.brake import Brake
from harness.virtual_modem.faults import FaultKind, LineFault, Place
from harness.virtual_modem.lines import ControlLines, LineState
from harness.virtual_modem.listening import XOFF, XON, FlowStop, RateSearch, Sleep, SleepMode
from harness.virtual_modem.output import Output
from harness.virtual_modem.pins import TtyPins
from harness.virtual_modem.pty_end import PtyEnd
from harness.virtual_modem.serial_rate import carried, rate_of
from harness.virtual_modem.settings import ModemSettings
from harness.virtual_modem.uart_end import UartEnd

_SETTLE_S = 0.005  #: how often a UART that changes its rate is asked whether it has sent all
_REACTION_S = 0.1  #: how long a host may take to stop (assumed); a PTY's driver has a thread for it
_FIFO = 64  #: bytes that an adapter may hold unseen (assumed)
_SPOILING = (FaultKind.DROP, FaultKind.DUPLICATE, FaultKind.GARBAGE)


class LineEnd:
    """All methods run on the loop's thread. ``on_data`` gets what arrived, after faults.

    ``on_data`` has to count ``len(raw)`` out (:meth:`processed`) once it dealt with it.
    ``on_host`` gets the control lines when the host changed its own.
    """

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        recorder: Recorder,
        work: WorkCounter,
        on_data: Callable[[bytes, int], object],
        on_host: Callable[[LineState], object],
        settings: ModemSettings,
    ) -> None:
        self.name = name
        self._source = f"line:{name}"
        self.path = ""
        self.lost: str | None = None  #: why the port went away by itself
        self.faults: list[LineFault] = []
        self.lines = ControlLines(name, loop, recorder, settings.wiring, self._host_lines)
        self._settings = settings
        self._loop = loop
        self._recorder = recorder
        self._told_tx, self._told_rx = SerialText(), SerialText()
        self._work: WorkCounter = work if settings.counted else NO_WORK
        self._on_data = on_data
        self._on_host = on_host
        self._witness = settings.witness
        self._end: PtyEnd | UartEnd | None = None
        self._output = Output(loop, self._gone, settings.output_limit)
        self._rate = settings.baud
        self._follows = False  # AT+IPR=0
        self._heeds_rts = self._rtscts = False
        self._search: RateSearch | None = None
        self._cuts = 0  # writes that arrive half, after autobauding
        self._sleep: Sleep | None = None
        self._flow_stop: FlowStop | None = None
        self.brake = Brake(settings.input_limit, None)  #: of what the host says
        self._deaf: asyncio.TimerHandle | None = None
        self._ears: list[Callable[[bytes], bytes]] = []

    @property
    def plugged(self) -> bool:
        return self._end is not None

    @property
    def has_pins(self) -> bool:
        """Whether the port of a real UART has modem lines."""
        return self.lines.wired

    def open(self) -> str:
        """Raises :class:`LineUnavailable` or ``PortBusy``."""
        if self._end is None:
            port = self._settings.port
            if port is None:
                self._end = PtyEnd(self._settings.link, self._rate)
            else:
                self._end = UartEnd(port, self._rate, rtscts=self._rtscts)
                self.lines.attach(TtyPins(self._end.fd))
            self.lost = None
            self.path = self._end.path
            os.set_blocking(self._end.fd, False)
            self._output.open(self._end.fd)
            self._loop.add_reader(self._end.fd, self._readable)
        return self.path

    def close(self) -> None:
        """The host sees the line hang up; what was under way is forgotten."""
        self._output.close()
        self._listen_again_after(None)
        if self._end is not None:
            self._end.close()
            self._end = None
            self.lines.detach()
        forget = getattr(self._work, "forget", None)
        if forget is not None:
            forget(f"line:{self.name}:rx")
            forget(f"line:{self.name}:tx")

    def processed(self, count: int) -> None:
        if count and self.plugged:
            with suppress(RuntimeError):  # the host does not count: nothing to balance
                self._work.done(f"line:{self.name}:tx", count)

    def write(self, data: bytes) -> None:
        """Queue bytes for the host; what exceeds the limit is dropped, as on a wire."""
        if self._end is None or not data or self._search is not None:
            return
        if self.faults:
            data = self._outgoing(data)
        if self._settings.check_baud or self._cuts:
            data = self._on_the_wire(data)
        if len(data) > self._output.space:
            room = self._output.space
            self.overflow(len(data) - room)
            data = data[:room]
        if not data:
            return
        if self._witness:
            self._recorder.record(self._source, "serial", dir="rx", bytes=self._told_rx(data))
        self._work.begin(f"line:{self.name}:rx", len(data))
        self._output.put(data)

    async def room(self, count: int) -> None:
        """Wait until so many bytes can be queued: for answers that a module sends at its pace."""
        await self._output.room(count)

    def overflow(self, count: int) -> None:
        """Note that bytes found no room."""
        self.missed("overflow", count)

    def missed(self, why: str, count: int) -> None:
        """Note bytes that did not get through, for a reason that is no injected fault."""
        self._recorder.record(f"modem:{self.name}", "line.fault", fault=why, dropped=count)

    def cut(self) -> None:
        """The supply is gone: what was not sent yet never will be."""
        dropped = len(self._output)
        self._output.drop()
        if dropped and self.plugged:
            self._work.done(f"line:{self.name}:rx", dropped)

    def take_all(self) -> None:
        """Without power nothing that comes is kept for later."""
        self._listen_again_after(0.0)

    # faults -------------------------------------------------------------------------------------

    def take(self, *kinds: FaultKind, place: Place | None = None) -> LineFault | None:
        """The first waiting fault of these kinds; it is recorded, since it strikes now."""
        for fault in self.faults:
            if fault.kind in kinds and place in (None, fault.where):
                self.faults.remove(fault)
                self.struck(fault)
                return fault
        return None

    def struck(self, fault: LineFault) -> None:
        fields = asdict(fault)
        fields["fault"] = fields.pop("kind").value
        self._recorder.record(f"modem:{self.name}", "line.fault", **fields)

    # rate, flow, sleep, lines ---------------------------------------------------------------------

    def set_rate(self, rate: int) -> None:
        """AT+IPR: from the next byte on; 0 goes on at the rate it has, and finds the next one."""
        self._follows = rate == 0
        if rate and rate != self._rate:
            last_bytes_s = _FIFO / (self._rate / 10)
            self._rate = rate
            if isinstance(self._end, UartEnd):
                self._change_rate(self._end, last_bytes_s)
        self._output.bytes_per_s = self._rate / 10 if self._settings.pace else None

    def search_rate(self) -> None:
        """Booted with AT+IPR=0: dumb and nearly deaf until the host says AT."""
        lose_first = self._settings.autobaud_first == "lost"
        self._search = RateSearch(lose_first=lose_first) if self._follows else None
        self._listen()

    def set_flow(self, by_host: int, by_modem: int) -> None:
        """AT+IFC (V.250 §6.2.12): how each side stops the other; 0 not, 1 XON/XOFF, 2 RTS/CTS."""
        self._heeds_rts = by_host == 2
        self._output.hold("rts", self._heeds_rts and not self.lines.state.rts)
        self._flow_stop = FlowStop(self._stopped) if by_host == 1 else None
        if by_host != 1:
            self._output.hold("xoff", held=False)
        self.brake.release()
        stop = {1: self._send_xoff, 2: self._lower_cts}.get(by_modem)
        self.brake = Brake(self._settings.input_limit, stop)
        self._rtscts = 2 in (by_host, by_modem)
        if isinstance(self._end, UartEnd):
            with suppress(OSError, termios.error):  # gone: the reader says so
                self._end.set_rtscts(self._rtscts)
        self._listen()

    def set_sleep(self, mode: SleepMode) -> None:
        """The modem may doze from now on, or not."""
        self._sleep = None
        if mode is not SleepMode.AWAKE:
            settings = self._settings
            self._sleep = Sleep(mode, settings.sleep_after_s, settings.wake_bytes, self.missed)
            self._sleep.dtr = self.lines.state.dtr
        self._listen()

    def _host_lines(self, state: LineState) -> None:
        if self._sleep is not None:
            self._sleep.dtr = state.dtr
        self._output.hold("rts", self._heeds_rts and not state.rts)
        self._on_host(state)

    def _stopped(self, held: bool) -> None:
        self._output.hold("xoff", held)

    def _send_xoff(self, stopped: bool) -> None:
        if self._end is None:
            return
        if self._witness:
            text = self._told_rx(bytes([XOFF if stopped else XON]))
            self._recorder.record(self._source, "serial", dir="rx", bytes=text)
        self._work.begin(f"line:{self.name}:rx", 1)
        self._output.put_first(XOFF if stopped else XON)
        self._listen_again_after(_REACTION_S if stopped else 0.0)

    def _lower_cts(self, stopped: bool) -> None:
        self.lines.modem(cts=not stopped, dcd=self.lines.state.dcd)
        # An adapter that works RTS by itself lowers it once nobody reads.
        wait = None if isinstance(self._end, UartEnd) else _REACTION_S
        self._listen_again_after(wait if stopped else 0.0)

    def _listen_again_after(self, seconds: float | None) -> None:
        """Leave what comes where it is for so long; None: until told otherwise."""
        if self._deaf is not None:
            self._deaf.cancel()
            self._deaf = None
        if self._end is None:
            return
        if seconds == 0:
            self._loop.add_reader(self._end.fd, self._readable)
            return
        self._loop.remove_reader(self._end.fd)
        if seconds is not None:
            self._deaf = self._loop.call_later(seconds, self._listen_again_after, 0.0)

    def _change_rate(self, uart: UartEnd, last_bytes_s: float) -> None:
        """Once the answer to AT+IPR is out, at the old rate."""
        if uart is not self._end:
            return
        try:
            if self._output.unsent:
                self._loop.call_later(_SETTLE_S, self._change_rate, uart, last_bytes_s)
            elif last_bytes_s:
                self._loop.call_later(last_bytes_s, self._change_rate, uart, 0.0)
            else:
                uart.set_rate(self._rate)
        except (OSError, ValueError) as error:
            self._recorder.record(
                f"modem:{self.name}", "note", text=f"{uart.path}: no {self._rate} baud: {error}"
            )

    # what comes and goes --------------------------------------------------------------------------

    def _listen(self) -> None:
        """Put together who hears the host's bytes on their way to the modem."""
        ears: list[Callable[[bytes], bytes]] = []
        if self._search is not None:
            ears.append(self._find_rate)
        if self._settings.check_baud:
            ears.append(self._off_the_wire)
        ears += [ear.hear for ear in (self._flow_stop, self._sleep) if ear is not None]
        self._ears = ears

    def _find_rate(self, data: bytes) -> bytes:
        assert self._search is not None
        found = self._search.hear(data)
        if found is None:
            return b""
        self._search = None
        self._listen()
        self._take_clients_rate()
        self._cuts = 2 if self._settings.autobaud_first == "half" else 0  # echo and answer
        return found

    def _take_clients_rate(self) -> None:
        if self._settings.check_baud and (rate := self._clients_rate()):
            self._rate = rate
            self.set_rate(0)
        self._recorder.record(f"modem:{self.name}", "note", text=f"autobaud: {self._rate} baud")

    def _clients_rate(self) -> int:
        """0 where it cannot be known: on a UART the bytes come as its receiver made them out."""
        return rate_of(self._end.fd) if isinstance(self._end, PtyEnd) else 0

    def _off_the_wire(self, data: bytes) -> bytes:
        rate = self._clients_rate()
        if self._follows and rate != self._rate and data[:2].upper() == b"AT":
            self._take_clients_rate()
        return carried(data, rate, self._rate)

    def _on_the_wire(self, data: bytes) -> bytes:
        if self._cuts:
            self._cuts = 0 if data.endswith(b"\n") else self._cuts - 1
            data = data[(len(data) + 1) // 2 :]
        if self._settings.check_baud:
            data = carried(data, self._rate, self._clients_rate())
        return data

    def _gone(self, error: object) -> None:
        self._recorder.record(f"modem:{self.name}", "note", text=f"line lost: {error}")
        self.close()
        self.lost = str(error)

    def _readable(self) -> None:
        assert self._end is not None
        try:
            data = os.read(self._end.fd, 4096)
            if not data:
                raise OSError("the other end hung up")
            self._end.heard()
        except BlockingIOError:
            return
        except OSError as error:
            self._gone(error.strerror or error)
            return
        if self._witness:
            self._recorder.record(self._source, "serial", dir="tx", bytes=self._told_tx(data))
        arrived = data
        for fault in [fault for fault in self.faults if fault.direction == "tx"]:
            if fault.kind in _SPOILING:
                self.faults.remove(fault)
                self.struck(fault)
                arrived = fault.apply(arrived)
        if self._ears:
            for hear in tuple(self._ears):
                arrived = hear(arrived)
            if not arrived:
                self.processed(len(data))
                return
        self._on_data(arrived, len(data))

    def _outgoing(self, data: bytes) -> bytes:
        for fault in [fault for fault in self.faults if fault.direction == "rx"]:
            if fault.kind in (FaultKind.SPLIT, FaultKind.DELAY):
                before = 0 if fault.kind is FaultKind.DELAY else max(1, fault.skip)
                self._output.pause_after(min(before, len(data)), fault.seconds)
            elif fault.kind not in _SPOILING:
                continue
            self.faults.remove(fault)
            self.struck(fault)
            data = fault.apply(data)
        return data
