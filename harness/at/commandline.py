"""The modem's side of a command line (V.250 §5.2): characters in, complete lines and payload out.

Sans-I/O: :meth:`CommandLineReader.receive` takes bytes in any chunking, and
:meth:`CommandLineReader.next_event` gives what they mean, one event at a time, so that its owner
can answer a line before the characters behind it are looked at. After a line that asks for more
(``AT+CMGS``, ``AT+QISEND``) the owner says what it expects: a number of bytes, text up to
Ctrl-Z, or bytes up to a mark.

The LF of a host that ends its lines with CR LF belongs to the command: it is swallowed, also when
a prompt follows. It is told from a payload that begins with LF in two ways: it was there before
the prompt, or this host has ended its line before with CR LF.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

CTRL_Z = 0x1A
ESC = 0x1B
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_STRING_OR_CONTROL = re.compile(r'("[^"]*")|[\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class Echo:
    """Characters to send back, exactly as they were typed."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """A complete command line; ``body`` is what follows ``AT``. ``repeated`` says it was ``A/``."""

    body: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Overlong:
    """A command line longer than the modem's buffer: to be answered with ERROR."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes asked for with :meth:`CommandLineReader.expect_bytes` or ``expect_text``."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PayloadAborted:
    """The host sent ESC instead of Ctrl-Z: nothing is to be sent (27.005 §3.5.1)."""


Event = Echo | Line | Overlong | Payload | PayloadAborted


class _Mode(Enum):
    COMMAND = "command"
    BYTES = "bytes"
    TEXT = "text"
    MARK = "mark"


class CommandLineReader:
    """Collects characters into lines. ``echo`` may be switched between events (``ATE0``).

    ``max_line`` and ``max_text`` bound what is kept of a line or text that never ends, in bytes.
    ``crlf``: a line ends with CR LF only, as some firmware is built; a CR alone is no end, and
    line ends between quotes belong to the string.
    """

    def __init__(
        self,
        *,
        echo: bool = True,
        max_line: int = 4096,
        max_text: int = 4096,
        crlf: bool = False,
    ) -> None:
        self.echo = echo
        self._crlf = crlf
        self._max_line = max_line
        self._max_text = max_text
        self._input = bytearray()
        self._line = bytearray()
        self._too_long = False
        self._quoted = False  # within a string; counted also past max_line
        self._last = ""
        self._after_cr = False
        self._ends_crlf = False  # how this host ended its last complete line
        self._mode = _Mode.COMMAND
        self._wanted = 0
        self._mark, self._limit = b"", 0
        self._payload = bytearray()
        self._payload_echo = True
        self._next: Event | None = None

    @property
    def pending(self) -> int:
        """Bytes received that no event has accounted for yet."""
        return len(self._input)

    @property
    def expecting_payload(self) -> bool:
        """Payload is asked for, or complete and not yet fetched."""
        complete = isinstance(self._next, Payload | PayloadAborted)
        return complete or self._mode is not _Mode.COMMAND

    def receive(self, data: bytes) -> None:
        """Take bytes as they came from the line."""
        self._input += data

    def expect_bytes(self, count: int, *, echo: bool = False) -> None:
        """The next ``count`` bytes are payload, whatever they are."""
        self._expect(_Mode.BYTES, echo)
        self._wanted = count

    def expect_text(self, *, echo: bool = True) -> None:
        """What follows is payload up to Ctrl-Z, or ESC to give up."""
        self._expect(_Mode.TEXT, echo)

    def expect_mark(self, mark: bytes, limit: int) -> None:
        """What follows is payload up to ``mark``; what exceeds ``limit`` bytes is dropped."""
        self._expect(_Mode.MARK, False)
        self._mark, self._limit = mark, limit

    def expect_command(self) -> None:
        """Back to command lines, for example after an input time-out."""
        self._mode = _Mode.COMMAND
        self._payload.clear()

    def next_event(self) -> Event | None:
        """The next event, or None when more bytes are needed."""
        if self._next is not None:
            event, self._next = self._next, None
            return event
        if self._mode is _Mode.BYTES and self._wanted == 0:
            return self._finish_payload()
        if not self._input:
            return None
        if self._mode is _Mode.COMMAND:
            return self._read_line()
        return self._read_payload()

    def _expect(self, mode: _Mode, echo: bool) -> None:
        # An LF that is here already came before the prompt, so it ends the command.
        if self._after_cr and self._input[:1] == b"\n":
            del self._input[:1]
            self._ends_crlf = True
            self._after_cr = False
        elif not self._ends_crlf:
            self._after_cr = False
        self._mode = mode
        self._payload_echo = echo
        self._payload.clear()

    def _swallow_lf(self) -> bool:
        if not self._after_cr:
            return False
        self._after_cr = False
        self._ends_crlf = self._input[:1] == b"\n"
        if self._ends_crlf:
            del self._input[:1]
        return self._ends_crlf

    def _read_line(self) -> Event | None:
        echoed = bytearray()
        while self._input and self._next is None:
            if self._swallow_lf():
                continue
            byte = self._input.pop(0)
            if self._crlf and byte in (0x0D, 0x0A) and not self._quoted:
                ends = byte == 0x0A and self._line[-1:] == b"\r"
                self._line += b"\r" * (byte == 0x0D)
                if ends:
                    self._next = self._finish_line()
                continue
            if byte == 0x0A and not self._line:
                continue
            echoed.append(byte)
            self._quoted ^= byte == 0x22
            if byte == 0x0D and not self._crlf:
                self._after_cr = True
                self._next = self._finish_line()
            elif byte in (0x08, 0x7F):
                self._quoted ^= self._line[-1:] == b'"'
                del self._line[-1:]
            elif byte == 0x2F and self._line.upper() == b"A":
                self._line.clear()
                self._next = Line(self._last, repeated=True)
            elif len(self._line) < self._max_line:
                self._line.append(byte)
            else:
                self._too_long = True
        if echoed and self.echo:
            return Echo(bytes(echoed))
        return self.next_event()

    def _finish_line(self) -> Event | None:
        text = self._line.decode("latin-1")
        text = _STRING_OR_CONTROL.sub(r"\1", text) if self._crlf else _CONTROL.sub("", text)
        too_long, self._too_long = self._too_long, False
        self._quoted = False
        self._line.clear()
        start = text.upper().find("AT")
        if start < 0:
            return None  # V.250 §5.2.1: without the prefix it is no command line
        if too_long:
            return Overlong()
        self._last = text[start + 2 :].strip()
        return Line(self._last)

    def _read_payload(self) -> Event | None:
        if self._swallow_lf() and not self._input:
            return None
        if self._mode is _Mode.MARK:
            self._read_to_mark()
            return self.next_event() if self._next is not None else None
        if self._mode is _Mode.BYTES:
            piece = bytes(self._input[: self._wanted])
            del self._input[: len(piece)]
            self._wanted -= len(piece)
            self._payload += piece
            if self._wanted == 0:
                self._next = self._finish_payload()
        else:
            piece = self._read_text()
        if self._payload_echo and self.echo and piece:
            return Echo(piece)
        return self.next_event()

    def _read_text(self) -> bytes:
        ends = [at for at in (self._input.find(CTRL_Z), self._input.find(ESC)) if at >= 0]
        piece = bytes(self._input[: min(ends, default=len(self._input))])
        del self._input[: len(piece)]
        self._payload += piece[: self._max_text - len(self._payload)]
        if ends:
            end = self._input.pop(0)
            data = self._finish_payload()
            self._next = data if end == CTRL_Z else PayloadAborted()
        return piece

    def _read_to_mark(self) -> None:
        end = self._input.find(self._mark)
        # A mark may be there in part: so much of the end stays in the input.
        sure = end if end >= 0 else max(0, len(self._input) - len(self._mark) + 1)
        self._payload += self._input[: min(sure, self._limit - len(self._payload))]
        del self._input[:sure]
        if end >= 0:
            del self._input[: len(self._mark)]
            self._next = self._finish_payload()

    def _finish_payload(self) -> Payload:
        data = bytes(self._payload)
        self.expect_command()
        return Payload(data)
