"""``AtChannel``: commands and answers over a line, in the caller's own thread."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self

from harness.at.dialect import Binary, Command, Dialect
from harness.at.engine import AtEngine, LocalProtocolError
from harness.at.events import Event, Final, Info, Noise, Payload, Prompt, Urc
from harness.clock import NO_WORK, Deadline, WorkCounter, monotonic, monotonic_ns
from harness.evidence import Recorder, SerialText
from harness.line.errors import AtTimeout, EventTimeout, OutOfStep, PortBlocked, PortGone
from harness.line.port import Port, PortSettings

TRANSCRIPT_LENGTH = 10_000
QUEUE_LENGTH = 20_000
_PROBE_S = 1.0

_parsed = lru_cache(maxsize=256)(Command)


@dataclass(frozen=True, slots=True)
class Response:
    """Information lines, the final result and binary data of one command."""

    lines: tuple[str, ...]
    final: str
    ok: bool
    data: bytes = b""


_PLAIN_OK = Response((), "OK", True)


class AtChannel:
    """Blocking, one thread, every call with a deadline. Not to be shared between threads.

    Raises :class:`AtTimeout`, :class:`PortGone`, :class:`PortBlocked` and, on opening,
    :class:`PortBusy` or ``RigError``. After a time-out or an interruption the next command
    resynchronises first; after :class:`PortGone` the next call opens the port again.

    ``transcript`` holds ``(monotonic ns, "tx" or "rx", bytes)``; ``urcs`` what came unsolicited
    and was not taken yet, oldest first; both are bounded, and ``lost_urcs`` counts what fell off.
    """

    def __init__(
        self,
        url: str,
        dialect: Dialect | None = None,
        *,
        name: str = "modem",
        settings: PortSettings | None = None,
        recorder: Recorder | None = None,
        work: WorkCounter = NO_WORK,
    ) -> None:
        self.name = name
        self.engine = AtEngine(dialect or Dialect())
        self.transcript: deque[tuple[int, str, bytes]] = deque(maxlen=TRANSCRIPT_LENGTH)
        self.urcs: deque[Urc] = deque(maxlen=QUEUE_LENGTH)
        self.lost_urcs = 0
        self._recorder = recorder
        self._told_tx, self._told_rx = SerialText(), SerialText()
        self._work = None if work is NO_WORK else work
        self._source, self._tx, self._rx = f"line:{name}", f"line:{name}:tx", f"line:{name}:rx"
        self._subscribers: list[tuple[str, Callable[[Urc], object]]] = []
        self._out_of_step = False
        self._gone = False
        self._closed = False
        self._prompted = False  # a command with a prompt was given up: it may want data still
        self.gap_s = self.engine.dialect.gap_s  # a virtual modem needs no pause: 0
        self.quiet_s, self.probe_s = 0.2, _PROBE_S  # of a resync; enough for a real modem
        self._rest_until = 0.0
        self._port = Port(url, settings or PortSettings())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the port and its lock; a later call raises :class:`PortGone`."""
        self._closed = True
        self._port.close()

    def set_dtr(self, level: bool) -> None:
        self._port.set_dtr(level)

    def set_rts(self, level: bool) -> None:
        self._port.set_rts(level)

    def execute(self, command: str | Command, *, timeout_s: float = 5.0) -> Response:
        """Send a command and wait for its final result, also an error one."""
        return self._run(command, None, timeout_s)

    def execute_with_prompt(
        self,
        command: str | Command,
        payload: bytes,
        *,
        prompt: str = "> ",
        timeout_s: float = 120.0,
    ) -> Response:
        """Send a command, wait for its prompt, write ``payload`` as it is, wait for the final."""
        if isinstance(command, str):
            command = Command(command, prompt=prompt)
        return self._run(command, payload, timeout_s)

    def read_binary(self, command: str, binary: Binary, *, timeout_s: float = 10.0) -> Response:
        """A command whose answer holds bytes by count; they are in :attr:`Response.data`."""
        return self._run(Command(command, binary=binary), None, timeout_s)

    def collect(self, data: bytes, until: re.Pattern[bytes], *, timeout_s: float) -> bytes:
        """Write ``data`` in the modem's data mode, and take raw what comes up to ``until``.

        The match itself is read as lines again. Raises :class:`EventTimeout`.
        """
        self._bring_back()
        self._drop_waiting()
        self._handle(self.engine.flush())
        self.engine.expect_raw(until)
        deadline = Deadline.after(timeout_s)
        try:
            self._write(data, deadline)
            while True:
                received = self._read(deadline.at)
                for event in self._received(received):
                    if isinstance(event, Payload):
                        return event.data
                if not received and deadline.expired:
                    raise EventTimeout("data in data mode", self._recent(), timeout_s)
        except BaseException:
            self._give_up(None)
            self.engine.flush()
            raise

    def subscribe(self, prefix: str, callback: Callable[[Urc], object]) -> None:
        """Call ``callback`` in the reading thread for each URC with this prefix.

        In the order of the codes, then of subscription. It must not use the channel.
        """
        self._subscribers.append((prefix, callback))

    def wait_for(
        self,
        wanted: str | Callable[[Urc], bool],
        *,
        timeout_s: float,
        queued: bool = True,
    ) -> Urc:
        """The first matching URC, oldest first; ``queued=False`` ignores ones already here.

        Raises :class:`EventTimeout`.
        """
        self._bring_back()
        if not queued:
            self.urcs.clear()

        def matches(urc: Urc) -> bool:
            return urc.text.startswith(wanted) if isinstance(wanted, str) else wanted(urc)

        candidates = [urc for urc in self.urcs if matches(urc)]
        deadline = Deadline.after(timeout_s)
        while not candidates:
            data = self._read(deadline.at)
            events = self._received(data)
            candidates = [event for event in events if type(event) is Urc and matches(event)]
            if not candidates and not data and deadline.expired:
                what = wanted if isinstance(wanted, str) else "an unsolicited code"
                raise EventTimeout(what, self._recent(), timeout_s)
        self.urcs.remove(candidates[0])
        return candidates[0]

    def discard(self, stale: Callable[[Urc], bool]) -> list[Urc]:
        """Take out of :attr:`urcs` what is ``stale``, including what has arrived unread."""
        self._bring_back()
        self._drop_waiting()
        found = [urc for urc in self.urcs if stale(urc)]
        for urc in found:
            self.urcs.remove(urc)
        return found

    def pump(self, *, timeout_s: float = 0.0) -> None:
        """Process what has arrived; with a time-out, all that arrives until then."""
        self._bring_back()
        until = Deadline.after(timeout_s).at
        while (data := self._read(until)) or monotonic() < until:
            self._received(data)

    def abort(self) -> None:
        """Stop what runs: any character aborts (V.250 §5.6.1), ESC also leaves a prompt."""
        self._write(b"\x1b", Deadline.after(1.0))
        self._give_up(None)

    def note(self, text: str) -> None:
        """Leave a remark about this line in the evidence."""
        if self._recorder is not None:
            self._recorder.record(self._source, "note", text=text)

    def resync(self, *, timeout_s: float = 10.0, quiet_s: float | None = None) -> None:
        """Drain, then probe until two clean answers came in a row, each followed by silence.

        ``quiet_s`` is how long a silence is, by default :attr:`quiet_s`; a probe is given up after
        :attr:`probe_s`.

        A modem works its commands off in order, so a late answer shows itself as an extra result
        around a probe. The probe of the dialect tells its own answer from a late ``OK`` by its
        information. Raises :class:`OutOfStep`.
        """
        self._bring_back()
        self._out_of_step = True
        quiet_s = self.quiet_s if quiet_s is None else quiet_s
        deadline = Deadline.after(timeout_s)
        self._handle(self.engine.forget())
        if self._prompted:
            self._write(b"\x1b", deadline)
        self._drain(quiet_s, deadline)
        clean = refused = 0
        while clean < 2:
            if deadline.expired:
                raise OutOfStep(f"{self.name} gives no clean answer to AT; power-cycle the modem")
            self._handle(self.engine.flush())
            probe = _parsed("AT" if refused > 1 else self.engine.dialect.probe)
            answer = self._probe(probe, deadline)
            if not answer and self.engine.dialect.lines_in_strings:
                self._write(b'"\r\n', deadline)  # a string may be open: close it
            if answer == [Final("ERROR", False)] and probe.own_prefixes:
                refused += 1  # a modem that does not know it, or a late error
            good = answer[-1:] == [Final("OK", True)] and (
                len(answer) == 2 and isinstance(answer[0], Info)
                and answer[0].text.startswith(probe.own_prefixes)
                if probe.own_prefixes else len(answer) == 1
            )  # fmt: skip
            stale = self._drain(quiet_s, deadline)
            clean = clean + 1 if good and not stale else 0
        self._out_of_step = self._prompted = False

    def _probe(self, probe: Command, deadline: Deadline) -> list[Event]:
        """What came in answer, without echo and unsolicited codes."""
        answer: list[Event] = []
        step = Deadline.after(self.probe_s).no_later_than(deadline)
        self._write(self.engine.start(probe), step)
        while self.engine.running is not None:
            data = self._read(step.at)
            answer += [e for e in self._received(data) if isinstance(e, Info | Noise | Final)]
            if not data and step.expired:
                break
        self.engine.forget()
        return answer

    def _drain(self, quiet_s: float, deadline: Deadline) -> bool:
        stale = False
        while data := self._read(Deadline.after(quiet_s).no_later_than(deadline).at):
            stale |= any(not isinstance(event, Urc) for event in self._received(data))
        return stale

    def _bring_back(self) -> None:
        if self._gone and not self._closed:
            self._port.reopen()
            self._gone = False
            self._handle(self.engine.flush())
            self.note("the port is back")

    def _run(self, command: str | Command, payload: bytes | None, timeout_s: float) -> Response:
        if isinstance(command, str):
            command = _parsed(command)
        if self.engine.running is not None:
            raise LocalProtocolError(f"{command.text} while a command runs: one thread per line")
        if self._gone:
            self._bring_back()
        if self._out_of_step:
            self.resync()
        deadline = Deadline.after(timeout_s)
        try:
            if self._rest_until:
                self._rest()
            if self._port.waiting():
                self._drop_waiting()
            self._write(self.engine.start(command), deadline)
            return self._response(command, payload, deadline, timeout_s)
        except (
            BaseException
        ) as error:  # also Ctrl-C: the answer may come yet, and is not the next's
            if isinstance(error, PortGone):
                self._lost()
            self._give_up(command)
            raise

    def _response(
        self, command: Command, payload: bytes | None, deadline: Deadline, timeout_s: float
    ) -> Response:
        lines: list[str] = []
        data = b""
        read, until = self._port.read, deadline.at
        while True:
            received = read(until)
            if not received:
                if deadline.expired:
                    raise AtTimeout(command.text, self._recent(), timeout_s)
                continue
            final: Final | None = None
            for event in self._received(received):
                if isinstance(event, Info):
                    lines.append(event.text)
                elif isinstance(event, Final):
                    final = event
                elif isinstance(event, Payload):
                    data += event.data
                elif isinstance(event, Prompt) and payload is not None:
                    self._write(self.engine.send_payload(payload), deadline)
                    payload = None  # a text prompt comes again after each of its lines
            if final is not None:
                if self.gap_s:
                    self._rest_until = monotonic() + self.gap_s
                if not lines and not data and final.text == "OK":
                    return _PLAIN_OK
                return Response(tuple(lines), final.text, final.ok, data)

    def _give_up(self, command: Command | None) -> None:
        self._out_of_step = True
        self._prompted |= command is not None and bool(command.prompt)
        self._handle(self.engine.forget())

    def _rest(self) -> None:
        """The pause between a final result and the next command that the modem asks for."""
        while monotonic() < self._rest_until:
            self._received(self._read(self._rest_until))

    def _drop_waiting(self) -> None:
        """What came before the command was written cannot be its answer."""
        while data := self._read(0.0):
            self._received(data)

    def _read(self, until: float) -> bytes:
        try:
            return self._port.read(until)
        except PortGone:
            self._lost()
            raise

    def _lost(self) -> None:
        if self._gone:
            return
        self._gone = self._out_of_step = True
        self.note("the port is gone")

    def _write(self, data: bytes, deadline: Deadline) -> None:
        if self._work is not None:
            self._work.begin(self._tx, len(data))
        self.transcript.append((monotonic_ns(), "tx", data))
        if self._recorder is not None:
            # Before the write: what the modem does because of it must come later on the timeline.
            self._recorder.record(self._source, "serial", dir="tx", bytes=self._told_tx(data))
        try:
            self._port.write(data, deadline)
        except (PortGone, PortBlocked) as error:
            if self._work is not None and error.unsent:
                self._work.done(self._tx, error.unsent)
            if isinstance(error, PortGone):
                self._lost()
            raise

    def _received(self, data: bytes) -> list[Event]:
        if not data:
            return []
        self.transcript.append((monotonic_ns(), "rx", data))
        try:
            if self._recorder is not None:
                self._recorder.record(self._source, "serial", dir="rx", bytes=self._told_rx(data))
            events = self.engine.receive(data)
            for event in events:
                if isinstance(event, Urc):
                    self._handle(events)
                    break
            return events
        finally:
            if self._work is not None:
                self._work.done(self._rx, len(data))

    def _handle(self, events: list[Event]) -> None:
        """Queue all unsolicited codes first, so that a callback that raises loses none."""
        urcs = [event for event in events if isinstance(event, Urc)]
        for urc in urcs:
            if len(self.urcs) == self.urcs.maxlen:
                if not self.lost_urcs:
                    self.note("unsolicited codes are dropped: nobody takes them")
                self.lost_urcs += 1
            self.urcs.append(urc)
            if self._recorder is not None:
                self._recorder.record(self._source, "urc", text=urc.text)
        for urc in urcs:
            for prefix, callback in self._subscribers:
                if urc.text.startswith(prefix):
                    callback(urc)

    def _recent(self) -> bytes:
        """What came since the last bytes were written."""
        seen: list[bytes] = []
        for _, direction, data in reversed(self.transcript):
            if direction == "tx":
                break
            seen.append(data)
        return b"".join(reversed(seen))
