"""An AT line that somebody looks at: everything is told as it comes, from a thread of its own."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable

from harness.at.dialect import Command, Dialect
from harness.at.engine import AtEngine
from harness.at.events import Echo, Event, Final, Info, Payload, Prompt, Urc
from harness.clock import Deadline, monotonic, pause, wall
from harness.errors import HilError, UsageError
from harness.evidence import Recorder, SerialText
from harness.line import PortBlocked, PortGone, PortSettings
from harness.line.port import Port
from harness.rig.terminal.said import Kind, Said, legible, meaning_of

_LOOK_S = 0.1  # how often the reader looks whether it should end
_BACK_S = 0.5  # how often a port that went is looked for
_HALF_S = 0.3  # a half line that stays so long is shown
_WRITE_S = 5.0
_PROMPTS = (b">", b"> ", b"@", b">>")
_TEXT_COMMANDS = ("+CMGS", "+CMGW")
_RESULTS = re.compile(r"OK|ERROR|NO CARRIER|SEND OK|SEND FAIL|\+CM[ES] ERROR:.*")
ESC, CTRL_Z = b"\x1b", b"\x1a"


class TerminalLine:
    """One open line. :attr:`tell` gets every :class:`Said`, from the reading thread.

    Raises the errors of opening a port. A port that goes is looked for until it is back.
    """

    def __init__(
        self,
        url: str,
        dialect: Dialect,
        tell: Callable[[Said], object],
        *,
        name: str = "modem",
        settings: PortSettings | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.tell = tell
        self.show_bytes: Callable[[str, bytes], object] | None = None
        self._source = f"line:{name}"
        self._recorder = recorder
        self._told_tx, self._told_rx = SerialText(), SerialText()
        self._engine = AtEngine(dialect)
        self._lock = threading.RLock()  # the engine, and the state below
        self._changed = threading.Condition(self._lock)
        self._prompt = ""
        self._data_mode = False
        self._asked_at = self._heard_at = 0.0
        self._failed = False
        self._gone = self._closed = False
        self._shown_half = b""
        self._port = Port(url, settings or PortSettings())
        self._reader = threading.Thread(target=self._read, name=f"terminal {url}", daemon=True)
        self._reader.start()

    # What a person does

    @property
    def busy(self) -> str:
        """The command that waits for its result; "" when there is none."""
        running = self._engine.running
        return running.text if running is not None else ""

    @property
    def gone(self) -> bool:
        """Whether the port went and is not back."""
        return self._gone

    @property
    def prompted(self) -> bool:
        """Whether the modem waits for data."""
        with self._lock:
            return bool(self._prompt)

    @property
    def wants_ctrl_z(self) -> bool:
        """Whether these data end with Ctrl-Z: those of an SMS, and of a send without a count."""
        verb, _, parameters = self.busy.upper().removeprefix("AT").partition("=")
        return verb in _TEXT_COMMANDS or (self._prompt.startswith(">") and "," not in parameters)

    def command(self, text: str) -> None:
        """Send a command line. Raises :class:`UsageError` while another one runs."""
        with self._lock:
            if self.busy:
                raise UsageError(f"{self.busy} still waits for its result; Ctrl-C gives it up")
            if "\r" in text or "\n" in text:
                raise UsageError("a command is one line")
            try:
                data = self._engine.start(Command(text))
            except UnicodeEncodeError:
                self._engine.forget()
                raise UsageError(f"{text!r} has characters that no AT command has") from None
            self._failed, self._data_mode, self._prompt = False, False, ""
            self._asked_at = monotonic()
            self._say(Kind.SENT, text)
            try:
                self._write(data)
            except HilError:
                self._engine.forget()
                raise

    def data(self, data: bytes, *, end: bytes = b"") -> None:
        """Answer a prompt. A count that was not met keeps the modem waiting."""
        with self._lock:
            self._prompt = ""
            # After CONNECT no command runs: the engine has no part in it.
            self._write(self._engine.send_payload(data + end) if self.busy else data + end)

    def raw(self, data: bytes) -> None:
        """Write bytes as they are, whatever the modem is doing."""
        with self._lock:
            self._write(data)

    def leave_prompt(self) -> None:
        """ESC: the modem's input ends, and nothing is sent (27.005 §3.5.1)."""
        with self._lock:
            self._prompt = ""
            self._write(ESC)

    def give_up(self) -> str:
        """Wait no more for the running command; its name. What comes of it is shown as noise."""
        with self._lock:
            given_up = self.busy
            self._events(self._engine.forget())
            self._prompt, self._data_mode = "", False
            self._changed.notify_all()
            return given_up

    def wait(self, deadline: Deadline) -> bool | None:
        """Until the command is over, or data are wanted.

        True: good, or at a prompt; False: it ended in an error; None: the deadline passed, or the
        port went.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._prompt or self._gone or not self.busy, deadline.left()
            )
            if self._gone or (self.busy and not self._prompt):
                return None
            return not self._failed

    def note(self, text: str) -> None:
        """A remark for the timeline."""
        if self._recorder is not None:
            self._recorder.record(self._source, "note", text=text)
        self._say(Kind.REMARK, text)

    def close(self) -> None:
        """Free the port. Safe to call twice."""
        self._closed = True
        self._reader.join(2 * _BACK_S)
        self._port.close()

    # What the line does

    def _read(self) -> None:
        while not self._closed:
            try:
                data = self._port.read(monotonic() + _LOOK_S)
            except PortGone as error:
                if not self._closed:
                    self._went(error)
                continue
            with self._lock:
                if data:
                    self._received(data)
                else:
                    self._look_at_half_line()

    def _went(self, error: PortGone) -> None:
        with self._lock:
            self._gone = True
            self._events(self._engine.forget())
            self._prompt, self._data_mode = "", False
            self._changed.notify_all()
            self.note(f"the port is gone, and is waited for: {error}")
        while not self._closed:
            with contextlib.suppress(HilError):
                self._port.reopen()
                if self._closed:  # meanwhile, and perhaps before there was anything to free
                    self._port.close()
                    return
                with self._lock:
                    self._gone = False
                    self._events(self._engine.flush())
                    self.note("the port is back")
                return
            pause(_BACK_S)

    def _received(self, data: bytes) -> None:
        self._heard_at = monotonic()
        self._shown_half = b""
        if self._recorder is not None:
            self._recorder.record(self._source, "serial", dir="rx", bytes=self._told_rx(data))
        if self.show_bytes is not None:
            self.show_bytes("rx", data)
        self._events(self._engine.receive(data))
        half = self._engine.half_line.lstrip(b"\r\n")
        if self.busy and half in _PROMPTS:
            self._ask(half.decode("ascii"))

    def _ask(self, prompt: str) -> None:
        self._engine.take_prompt()
        self._prompt = prompt.strip()
        self._say(Kind.PROMPT, prompt.strip())
        self._changed.notify_all()

    def _look_at_half_line(self) -> None:
        """Text that stays without a line end, of a modem without CR LF or at another rate."""
        half = self._engine.half_line
        if half and half != self._shown_half and monotonic() - self._heard_at > _HALF_S:
            self._shown_half = half
            if legible(half).strip():
                self._say(Kind.NOISE, legible(half))

    def _events(self, events: list[Event]) -> None:
        for event in events:
            self._event(event)

    def _event(self, event: Event) -> None:
        if isinstance(event, Echo):
            self._say(Kind.ECHO, event.text)
        elif isinstance(event, Info):
            if event.text == "DOWNLOAD":
                self._ask(event.text)
            else:
                self._say(Kind.INFO, event.text)
        elif isinstance(event, Final):
            self._result(event)
        elif isinstance(event, Urc):
            self._code(event)
        elif isinstance(event, Prompt):
            self._ask(event.text)
        elif isinstance(event, Payload):
            self._say(Kind.INFO, legible(event.data))
        else:
            self._stray(event.data)

    def _result(self, final: Final) -> None:
        self._failed = not final.ok
        self._data_mode = final.text.startswith("CONNECT")
        self._prompt = final.text if self._data_mode else ""
        self._tell_result(final.text, final.ok)
        self._changed.notify_all()

    def _tell_result(self, text: str, ok: bool) -> None:
        took = monotonic() - self._asked_at if self._asked_at else None
        self.tell(Said(Kind.RESULT, text, wall(), ok, meaning_of(text), took))

    def _code(self, urc: Urc) -> None:
        if self._recorder is not None:
            self._recorder.record(self._source, "urc", text=urc.text)
        self._say(Kind.CODE, urc.text)
        if urc.data:
            self._say(Kind.INFO, legible(urc.data))

    def _stray(self, data: bytes) -> None:
        """Lines that no command waits for: boot text, data after CONNECT and their result."""
        text = data.decode("latin-1")
        if _RESULTS.fullmatch(text):
            self._prompt, self._data_mode = "", False
            self._tell_result(text, text in ("OK", "SEND OK"))
        elif text.strip("\r\n"):
            self._say(Kind.INFO if self._data_mode else Kind.NOISE, legible(data))

    def _say(self, kind: Kind, text: str) -> None:
        self.tell(Said(kind, text, wall()))

    def _write(self, data: bytes) -> None:
        if self._recorder is not None:
            self._recorder.record(self._source, "serial", dir="tx", bytes=self._told_tx(data))
        if self.show_bytes is not None:
            self.show_bytes("tx", data)
        try:
            self._port.write(data, Deadline.after(_WRITE_S))
        except (PortGone, PortBlocked) as error:
            if self._recorder is not None:  # whoever typed is told by the error
                self._recorder.record(self._source, "note", text=str(error))
            raise
