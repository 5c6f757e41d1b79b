"""The host side of an AT line as a pure state machine.

Bytes in, events out, and any chunking of the bytes gives the same events::

    idle --start()--> running --prompt--> waiting --send_payload()--> running --final--> idle
    in each of them the next bytes are a *line*, a *data line* (of +CMT, +CMGR) or *binary* by count

A line ends at LF; CRs before it are dropped, so ``CR LF``, ``CR CR LF`` and a bare LF are alike
(V.250 §5.7.1). With numeric results (V0) a CR ends a line too. A line is tried as: our echo,
a declared unsolicited code, a prompt, a final result, information text.
"""

from __future__ import annotations

import re

from harness.at.dialect import Binary, Command, Dialect, UrcKind
from harness.at.events import Echo, Event, Final, Info, Noise, Payload, Prompt, Urc
from harness.at.params import fields_of


class LocalProtocolError(RuntimeError):
    """We misused the engine: a command while one runs, data without a prompt."""


_FINAL = re.compile(
    r"OK|ERROR|\+CM[ES] ERROR:.*|NO CARRIER|CONNECT(?: .*)?|BUSY|NO ANSWER|NO DIALTONE|ABORTED"
)
_NUMERIC = {"0": "OK", "1": "CONNECT", "2": "RING", "3": "NO CARRIER", "4": "ERROR",
            "6": "NO DIALTONE", "7": "BUSY", "8": "NO ANSWER"}  # fmt: skip
_UNSOLICITED = re.compile(r"[+^*#%][A-Z][A-Z0-9_]*:|RING$|NO CARRIER$")
_WORDS = ("CONNECT", "DOWNLOAD")


class AtEngine:
    """Not thread-safe; knows no time: whoever drives it has the deadline."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._prefixes = tuple(kind.prefix for kind in dialect.urcs)
        self._finals = dict(dialect.finals)
        self._buffer = bytearray()
        self._command: Command | None = None
        self._echo = ""
        self._prompted = False
        self._sent: list[str] = []
        self._binary: Binary | None = None
        self._need = 0
        self._urc: str | None = None  # a URC whose data is awaited
        self._data_line = False
        self._swallow_lf = False

    @property
    def running(self) -> Command | None:
        return self._command

    def start(self, command: Command) -> bytes:
        """Begin a command; returns the bytes to write. Raises :class:`LocalProtocolError`."""
        if self._command is not None:
            raise LocalProtocolError(f"{command.text} while {self._command.text} is running")
        if "\r" in command.text or "\n" in command.text:
            raise LocalProtocolError("a command line cannot hold CR or LF")
        self._command, self._echo, self._prompted, self._sent = command, command.text, False, []
        return command.text.encode("latin-1") + b"\r"

    def send_payload(self, data: bytes) -> bytes:
        """The bytes to write after a prompt; their echo, if any, is recognised line by line."""
        if not self._prompted:
            raise LocalProtocolError("data without a prompt")
        self._prompted = False
        text = data.rstrip(b"\x1a\x1b").decode("latin-1")
        self._sent = [line.strip("\r") for line in re.split("[\r\n]+", text) if line.strip("\r")]
        return data

    def forget(self) -> None:
        """Give up the running command and any half line: what comes late is noise."""
        self._command, self._binary, self._urc, self._echo = None, None, None, ""
        self._data_line, self._prompted, self._need = False, False, 0
        self._buffer.clear()

    def receive(self, data: bytes) -> list[Event]:
        """Feed what arrived, in pieces of any size."""
        self._buffer += data
        events: list[Event] = []
        while self._buffer:
            if self._swallow_lf:  # the LF of a CR that already ended a line (V0)
                self._swallow_lf = False
                if self._buffer[0] == 10:
                    del self._buffer[0]
                    continue
            if not (self._take_binary if self._binary else self._take_line)(events):
                break
        return events

    def _take_binary(self, events: list[Event]) -> bool:
        assert self._binary is not None
        if self._binary.until:
            size = self._buffer.find(self._binary.until)
            if size < 0:
                return False
        else:
            size = self._need
            if len(self._buffer) < size:
                return False
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._binary = None
        if self._urc is not None:
            events.append(Urc(self._urc, data))
            self._urc = None
        else:
            events.append(Payload(data))
        return True

    def _take_line(self, events: list[Event]) -> bool:
        buffer = self._buffer
        command = self._command
        if command is not None and command.prompt and not self._data_line:
            mark = command.prompt.encode()
            if command.prompt not in _WORDS and buffer.startswith(mark):
                del buffer[: len(mark)]
                self._prompted = True
                events.append(Prompt(command.prompt))
                return True
        end = buffer.find(b"\n")
        if self.dialect.numeric:
            cr = buffer.find(b"\r")
            if cr >= 0 and (end < 0 or cr < end):
                end, self._swallow_lf = cr, True
        limit = self.dialect.line_limit
        if end > limit or (end < 0 and len(buffer) > limit):
            events.append(Noise(bytes(buffer[:limit])))
            del buffer[:limit]
            self._swallow_lf = False
            return True
        if end < 0:
            return False
        raw = bytes(buffer[:end])
        del buffer[: end + 1]
        text = raw.strip(b"\r").decode("latin-1")
        if text or self._data_line:
            self._line(text, events)
        return True

    def _line(self, text: str, events: list[Event]) -> None:
        if self._data_line:
            self._data_line = False
            if self._urc is not None:
                events.append(Urc(self._urc, text.encode("latin-1")))
                self._urc = None
            else:
                events.append(Info(text))
            return
        command = self._command
        if command is not None:
            if self._echo and text == self._echo:
                self._echo = ""
                events.append(Echo(text))
                return
            if self._sent and text.rstrip("\x1a") == self._sent[0]:
                del self._sent[0]
                events.append(Echo(text))
                return
        if self._prefixes and text.startswith(self._prefixes):
            kind = next(kind for kind in self.dialect.urcs if text.startswith(kind.prefix))
            own = command is not None and kind.prefix == command.own_prefix
            ends = command is not None and command.completes and text.startswith(command.completes)
            if not ends and (not own or kind.own(text)):
                self._unsolicited(kind, text, events)
                return
        if command is None:
            known = _UNSOLICITED.match(text) and not text.startswith(("+CME ERR", "+CMS ERR"))
            events.append(Urc(text) if known else Noise(text.encode("latin-1")))
            return
        self._answer(command, text, events)

    def _unsolicited(self, kind: UrcKind, text: str, events: list[Event]) -> None:
        if kind.data_line:
            self._urc, self._data_line = text, True
            return
        if kind.data_field is not None:
            fields = fields_of(text)
            size = fields[kind.data_field].number if len(fields) > kind.data_field else None
            if size is not None and 0 < size <= self.dialect.payload_limit:
                self._urc, self._need = text, size
                self._binary = Binary(kind.prefix, length=size)
                return
        events.append(Urc(text))

    def _answer(self, command: Command, text: str, events: list[Event]) -> None:
        if command.prompt in _WORDS and text.startswith(command.prompt):
            self._prompted = True
            events.append(Prompt(text))
            return
        binary = command.binary
        if binary is not None and text.startswith(binary.after):
            events.append(Info(text))
            fields = fields_of(text)
            size = binary.length
            if size is None and len(fields) > binary.field:
                size = fields[binary.field].number
            if binary.until or (size is not None and 0 < size <= self.dialect.payload_limit):
                self._binary, self._need = binary, size or 0
            return
        final = self._final(command, text)
        if final is None:
            events.append(Info(text))
            own = command.own_prefix
            self._data_line = bool(command.data_lines and own and text.startswith(own))
            return
        self._command, self._echo, self._prompted, self._sent = None, "", False, []
        events.append(final)

    def _final(self, command: Command, text: str) -> Final | None:
        if command.completes and text.startswith(command.completes):
            return Final(text, True)
        if text in self._finals:
            return Final(text, self._finals[text])
        if self.dialect.numeric and text in _NUMERIC:
            text = _NUMERIC[text]
        if _FINAL.fullmatch(text):
            return Final(text, text == "OK" or text.startswith("CONNECT"))
        return None
