"""The host side of an AT line as a pure state machine.

Bytes in, events out, and any chunking of the bytes gives the same events::

    idle --start()--> running --prompt--> waiting --send_payload()--> running --final--> idle
    in each of them the next bytes are a *line*, a *data line* (of +CMT, +CMGR) or *binary* by count

A line ends at LF; CRs around it are dropped, so ``CR LF``, ``CR CR LF`` and a bare LF are alike
(V.250 §5.7.1). With numeric results (V0) a CR ends a line too. A line is tried as: our echo,
a declared unsolicited code, a prompt, the late answer of a command that was given up, a final
result, information text.
"""

from __future__ import annotations

import re

from harness.at.dialect import Binary, Command, Dialect, UrcKind, never
from harness.at.events import Echo, Event, Final, Info, Noise, Payload, Prompt, Urc
from harness.at.params import fields_of


class LocalProtocolError(RuntimeError):
    """We misused the engine: a command while one runs, data without a prompt."""


_FINAL = re.compile(r"ERROR|\+CM[ES] ERROR:.*|CONNECT(?: .*)?|ABORTED")
_FINAL_STARTS = frozenset("ECA+")
_CALL_RESULTS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE"})
_NUMERIC = {"0": "OK", "1": "CONNECT", "2": "RING", "3": "NO CARRIER", "4": "ERROR",
            "6": "NO DIALTONE", "7": "BUSY", "8": "NO ANSWER"}  # fmt: skip
_UNSOLICITED = re.compile(r"[+^*#%](?!CM[ES] ERROR)[A-Z][A-Z0-9_]*:")
_WORDS = ("CONNECT", "DOWNLOAD", "OK")  # prompts that are lines of their own
_PLAIN_OK = b"\r\nOK\r\n"
_STRING = re.compile(r'"[^"]*"')
_OK = Final("OK", True)


class AtEngine:
    """Not thread-safe; knows no time: whoever drives it has the deadline."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._prefixes = tuple(kind.prefix for kind in dialect.urcs)
        self._finals = dict(dialect.finals)
        self._buffer = bytearray()
        self._command: Command | None = None
        self._echo = ""
        self._echoes = False  # this command's echo was seen: that of its data may follow
        self._prompted = self._given = False  # data are asked for; data were given
        self._sent: list[str] = []
        self._binary: Binary | None = None
        self._need = 0
        self._urc: str | None = None  # a URC whose data is awaited
        self._data_line = False
        self._swallow_lf = False
        self._drop_rest = False  # of the line that inline data were on
        self._late: Command | None = None  # given up, its answer may still come
        self._late_began = False

    @property
    def running(self) -> Command | None:
        return self._command

    @property
    def half_line(self) -> bytes:
        """What came without a line end yet: a prompt that nobody declared, perhaps."""
        return b"" if self._binary is not None else bytes(self._buffer)

    def take_prompt(self) -> None:
        """The half line is a prompt (or there is none, and the last line was): data may follow.

        For whoever does not know beforehand which command asks for data, and how.
        """
        if self._binary is None:
            self._buffer.clear()
        self._prompted = self._command is not None

    def start(self, command: Command) -> bytes:
        """Begin a command; returns the bytes to write. Raises :class:`LocalProtocolError`."""
        if self._command is not None:
            raise LocalProtocolError(f"{command.text} while {self._command.text} is running")
        text = command.text
        bare = _STRING.sub("", text) if self.dialect.lines_in_strings else text
        if "\r" in bare or "\n" in bare:
            raise LocalProtocolError("a command line cannot hold CR or LF")
        self._command, self._echo = command, text
        if self._late is not None and set(self._late.own_prefixes) & set(command.own_prefixes):
            self._late, self._late_began = None, False  # asked again: no telling them apart
        self._echoes = self._prompted = self._given = False
        return (text + self.dialect.line_end).encode("latin-1")

    def send_payload(self, data: bytes) -> bytes:
        """The bytes to write after a prompt; their echo, if any, is recognised line by line."""
        if not self._prompted:
            raise LocalProtocolError("data without a prompt")
        self._prompted, self._given = False, True
        if self._echoes:
            text = data.rstrip(b"\x1a\x1b").decode("latin-1")
            lines = (line.strip("\r") for line in re.split("[\r\n]+", text))
            self._sent = [line for line in lines if line]
        return data

    def expect_raw(self, until: re.Pattern[bytes]) -> None:
        """Without a command: what comes up to ``until`` is no line but one :class:`Payload`."""
        if self._command is not None or self._buffer:
            raise LocalProtocolError("raw data while something else is under way")
        self._binary = Binary("", until=until)

    def forget(self) -> list[Event]:
        """Give up the running command: what comes of it later is noise.

        A half line stays, since it may be that of an unsolicited code. Binary data that came in
        part are returned as :class:`Noise`.
        """
        command, events = self._command, list[Event]()
        if self._late_began:  # it took the result of this command for its own
            self._late, self._late_began = None, False
        elif command is not None and command.own_prefixes and self._late is None:
            self._late = command
        if self._binary is not None and self._urc is None:
            if self._buffer:
                events.append(Noise(bytes(self._buffer)))
            self._buffer.clear()
            self._binary = None
            self._drop_rest = False
        if self._urc is None:
            self._data_line = False
        self._end()
        return events

    def flush(self) -> list[Event]:
        """End a half line, or data still awaited, after a silence: nothing more of it comes.

        What came of an unsolicited code is kept, the rest is :class:`Noise`.
        """
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._data_line, self._binary, self._swallow_lf = False, None, False
        self._drop_rest = False
        text, self._urc = self._urc, None
        if text is not None:
            return [Urc(text, rest)]
        return [Noise(rest)] if rest else []

    def receive(self, data: bytes) -> list[Event]:
        """Feed what arrived, in pieces of any size."""
        buffer = self._buffer
        if not buffer and data[-6:] == _PLAIN_OK and (plain := self._plain_answer(data)):
            return plain
        buffer += data
        events: list[Event] = []
        while buffer:
            if self._swallow_lf:  # the LF of a CR that already ended a line (V0)
                self._swallow_lf = False
                if buffer[0] == 10:
                    del buffer[0]
                    continue
            if self._binary is not None:
                if not self._take_binary(self._binary, events):
                    break
            elif not self._take_line(events):
                break
        return events

    def _plain_answer(self, data: bytes) -> list[Event] | None:
        """The fast path: a whole answer that ends in OK and holds nothing but information.

        None when there is anything else about it; then nothing has changed.
        """
        command = self._command
        if (
            command is None
            or self._late is not None
            or self._data_line
            or self._binary is not None
            or self._sent
            or self._swallow_lf
            or self._drop_rest
        ):
            return None
        if len(data) == 6 and command.prompt != "OK":
            self._end()
            return [_OK]
        if (
            command.prompt
            or command.binary is not None
            or command.data_lines
            or self.dialect.numeric
            or len(data) > self.dialect.line_limit
        ):
            return None
        events: list[Event] = []
        for line in data[:-6].decode("latin-1").split("\n"):
            text = line.strip("\r")
            if not text:
                continue
            if (
                text.startswith(self._prefixes)
                or (self._echo and text.endswith(self._echo))
                or text == "RING"
                or text in _CALL_RESULTS
                or self._final(command, text) is not None
            ):
                return None
            events.append(Info(text))
        self._end()
        events.append(_OK)
        return events

    def _end(self) -> None:
        self._command = None
        self._echo = ""
        self._prompted = False
        if self._sent:
            self._sent = []

    def _take_binary(self, binary: Binary, events: list[Event]) -> bool:
        buffer = self._buffer
        if binary.until is not None:
            limit = self.dialect.payload_limit
            found = binary.until.search(buffer, 0, limit)
            if found is None:
                if len(buffer) < limit:
                    return False
                events.append(Noise(bytes(buffer[:limit])))
                del buffer[:limit]
                self._binary = None
                return True
            size = found.start()
        else:
            size = self._need
            if len(buffer) < size:
                return False
        data = bytes(buffer[:size])
        del buffer[:size]
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
        if (
            command is not None
            and command.binary is not None
            and command.binary.inline is not None
            and self._starts_inline(command.binary, command.binary.inline, events)
        ):
            return True
        end = buffer.find(b"\n")
        by_cr = False
        if self.dialect.numeric:
            cr = buffer.find(b"\r")
            if cr >= 0 and (end < 0 or cr < end):
                end, by_cr = cr, True
        limit = self.dialect.line_limit
        if end > limit or (end < 0 and len(buffer) > limit):
            events.append(Noise(bytes(buffer[:limit])))
            del buffer[:limit]
            return True
        if end < 0:
            return False
        text = buffer[:end].strip(b"\r").decode("latin-1")
        del buffer[: end + 1]
        self._swallow_lf = by_cr
        if self._drop_rest:
            self._drop_rest = False
        elif text or self._data_line:
            self._line(text, events)
        return True

    def _starts_inline(
        self, binary: Binary, pattern: re.Pattern[bytes], events: list[Event]
    ) -> bool:
        """Whether the line starts with data of the running command."""
        found = pattern.match(self._buffer)
        if found is None or self._data_line or self._late_began or self._drop_rest:
            return False
        size = 0
        if binary.until is None:
            size = binary.length if binary.length is not None else int(found[1])
        if size > self.dialect.payload_limit:
            return False
        events.append(Info(found[0].decode("latin-1")))
        del self._buffer[: found.end()]
        self._drop_rest = True
        if size or binary.until is not None:
            self._binary, self._need = binary, size
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
        if command is not None and self._is_echo(text, events):
            return
        if text.startswith(self._prefixes):
            kind = next(kind for kind in self.dialect.urcs if text.startswith(kind.prefix))
            own = command is not None and kind.prefix in command.own_prefixes
            if self._late is not None and kind.own is not never:
                own = own or kind.prefix in self._late.own_prefixes
            ends = command is not None and command.completes and text.startswith(command.completes)
            if not ends and (not own or kind.own(text)):
                self._unsolicited(kind, text, events)
                return
        if self._late is not None and self._of_late(self._late, text):
            events.append(Noise(text.encode("latin-1")))
        elif command is not None:
            self._answer(command, text, events)
        else:
            if self.dialect.numeric:
                text = _NUMERIC.get(text, text)
            known = text in _CALL_RESULTS or text == "RING" or _UNSOLICITED.match(text)
            events.append(Urc(text) if known else Noise(text.encode("latin-1")))

    def _is_echo(self, text: str, events: list[Event]) -> bool:
        if self._echo and text.endswith(self._echo):
            if garbage := text[: -len(self._echo)]:
                events.append(Noise(garbage.encode("latin-1")))
            events.append(Echo(self._echo))
            self._echo, self._echoes = "", True
            return True
        if self._sent and text.rstrip("\x1a") == self._sent[0]:
            events.append(Echo(self._sent.pop(0)))
            return True
        return False

    def _of_late(self, late: Command, text: str) -> bool:
        """Information of a command that was given up, and the result right after it."""
        running = self._command
        if self._late_began:
            if self._final(late, text) is not None:
                self._late, self._late_began = None, False
            return True
        own = () if running is None else running.own_prefixes
        self._late_began = text.startswith(late.own_prefixes) and not text.startswith(own)
        return self._late_began

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
        prompt = command.prompt
        # The same word may come a second time: before the data of the answer, or at its end.
        asked = prompt in _WORDS and not self._given
        if asked and (text == prompt or text.startswith(prompt + " ")):
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
        if final is not None:
            self._end()
            events.append(final)
        elif text == "RING" or text in _CALL_RESULTS:
            events.append(Urc(text))  # of a call, which this command is not
        else:
            events.append(Info(text))
            own = command.own_prefixes
            self._data_line = command.data_lines and bool(own) and text.startswith(own)

    def _final(self, command: Command, text: str) -> Final | None:
        if command.completes and text.startswith(command.completes):
            return Final(text, True)
        if text in self._finals:
            return Final(text, self._finals[text])
        if self.dialect.numeric:
            text = _NUMERIC.get(text, text)
        if text == "OK":
            return _OK
        if text[0] in _FINAL_STARTS and _FINAL.fullmatch(text):
            return Final(text, text.startswith("CONNECT"))
        if command.is_call and text in _CALL_RESULTS:
            return Final(text, False)
        return None
