"""``AtChannel``: commands and answers over a line, in the caller's own thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from harness.at.dialect import Binary, Command, Dialect
from harness.at.engine import AtEngine
from harness.at.events import Event, Final, Info, Noise, Payload, Prompt, Urc
from harness.clock import NO_WORK, Deadline, WorkCounter, monotonic_ns
from harness.evidence import Recorder
from harness.line.errors import AtTimeout, OutOfStep
from harness.line.port import Port, PortSettings

TRANSCRIPT_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Response:
    """Information lines, the final result and binary data of one command."""

    lines: tuple[str, ...]
    final: str
    ok: bool
    data: bytes = b""


class AtChannel:
    """Blocking, one thread, every call with a deadline. Not to be shared between threads.

    Raises :class:`AtTimeout`, :class:`PortGone` and, on opening, :class:`PortBusy`.
    After a time-out the next command resynchronises first.
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
        self.urcs: deque[Urc] = deque(maxlen=TRANSCRIPT_LENGTH)
        self._recorder = recorder
        self._work = work
        self._source, self._tx, self._rx = f"line:{name}", f"line:{name}:tx", f"line:{name}:rx"
        self._subscribers: list[tuple[str, Callable[[Urc], object]]] = []
        self._out_of_step = False
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
        self._port.close()

    def set_dtr(self, level: bool) -> None:
        self._port.set_dtr(level)

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

    def subscribe(self, prefix: str, callback: Callable[[Urc], object]) -> None:
        """Call ``callback`` in the reading thread for each URC with this prefix."""
        self._subscribers.append((prefix, callback))

    def wait_for(
        self,
        wanted: str | Callable[[Urc], bool],
        *,
        timeout_s: float,
        queued: bool = True,
    ) -> Urc:
        """The first matching URC, oldest first; ``queued=False`` ignores ones already here."""
        if not queued:
            self.urcs.clear()
        deadline = Deadline.after(timeout_s)
        while True:
            for urc in self.urcs:
                if urc.text.startswith(wanted) if isinstance(wanted, str) else wanted(urc):
                    self.urcs.remove(urc)
                    return urc
            data = self._port.read(deadline)
            if data:
                self._received(data)
            elif deadline.expired:
                raise AtTimeout(f"(waiting for {wanted})", self._recent(), timeout_s)

    def discard(self, stale: Callable[[Urc], bool]) -> list[Urc]:
        """Take out of :attr:`urcs` what is ``stale``, including what has arrived unread."""
        self._drop_waiting()
        found = [urc for urc in self.urcs if stale(urc)]
        for urc in found:
            self.urcs.remove(urc)
        return found

    def pump(self, *, timeout_s: float = 0.0) -> None:
        """Process what has arrived; with a time-out, all that arrives until then."""
        deadline = Deadline.after(timeout_s)
        while (data := self._port.read(deadline)) or not deadline.expired:
            self._received(data)

    def abort(self) -> None:
        """Stop what runs: any character aborts (V.250 §5.6.1), ESC also leaves a prompt."""
        self._write(b"\x1b", Deadline.after(1.0))
        self._out_of_step = True
        self.engine.forget()

    def resync(self, *, timeout_s: float = 10.0, quiet_s: float = 0.2) -> None:
        """Drain, then send ``AT`` until a clean OK came twice in a row."""
        self.engine.forget()
        deadline = Deadline.after(timeout_s)
        clean = 0
        while clean < 2:
            if deadline.expired:
                self._out_of_step = True
                raise OutOfStep(f"{self.name} gives no clean OK to AT; power-cycle the modem")
            self._drain(quiet_s, deadline)
            events: list[Event] = []
            self._write(self.engine.start(Command("AT")), deadline)
            step = Deadline.after(1.0).no_later_than(deadline)
            while not any(isinstance(event, Final) for event in events) and not step.expired:
                events += self._received(self._port.read(step))
            # A second OK of an earlier command shows itself at once, or in the next round's drain.
            stale = self._drain(quiet_s, deadline)
            self.engine.forget()
            answers = [e for e in events if isinstance(e, (Info, Noise, Final))]
            clean = clean + 1 if answers == [Final("OK", True)] and not stale else 0
        self._out_of_step = False

    def _drain(self, quiet_s: float, deadline: Deadline) -> bool:
        stale = False
        while data := self._port.read(Deadline.after(quiet_s).no_later_than(deadline)):
            stale |= any(not isinstance(event, Urc) for event in self._received(data))
        return stale

    def _run(self, command: str | Command, payload: bytes | None, timeout_s: float) -> Response:
        if isinstance(command, str):
            command = Command(command)
        if self._out_of_step:
            self.resync()
        deadline = Deadline.after(timeout_s)
        self._drop_waiting()
        lines: list[str] = []
        data = b""
        self._write(self.engine.start(command), deadline)
        while True:
            received = self._port.read(deadline)
            if not received and deadline.expired:
                self._out_of_step = True
                self.engine.forget()
                raise AtTimeout(command.text, self._recent(), timeout_s)
            final: Final | None = None
            for event in self._received(received):
                if isinstance(event, Info):
                    lines.append(event.text)
                elif isinstance(event, Payload):
                    data += event.data
                elif isinstance(event, Prompt) and payload is not None:
                    self._write(self.engine.send_payload(payload), deadline)
                elif isinstance(event, Final):
                    final = event
            if final is not None:
                return Response(tuple(lines), final.text, final.ok, data)

    def _drop_waiting(self) -> None:
        """What came before the command was written cannot be its answer."""
        while data := self._port.read(Deadline(0.0)):
            self._received(data)

    def _write(self, data: bytes, deadline: Deadline) -> None:
        self._work.begin(self._tx, len(data))
        self.transcript.append((monotonic_ns(), "tx", data))
        if self._recorder is not None:
            self._recorder.record(self._source, "serial", dir="tx", bytes=data)
        self._port.write(data, deadline)

    def _received(self, data: bytes) -> list[Event]:
        if not data:
            return []
        self.transcript.append((monotonic_ns(), "rx", data))
        if self._recorder is not None:
            self._recorder.record(self._source, "serial", dir="rx", bytes=data)
        try:
            events = self.engine.receive(data)
            for event in events:
                if type(event) is Urc:
                    self._unsolicited(event)
            return events
        finally:
            self._work.done(self._rx, len(data))

    def _unsolicited(self, urc: Urc) -> None:
        self.urcs.append(urc)
        if self._recorder is not None:
            self._recorder.record(self._source, "urc", text=urc.text)
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
