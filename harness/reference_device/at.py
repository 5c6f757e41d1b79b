"""Talk to the modem: commands, prompts, unsolicited codes, over a serial port (V.250, 27.007).

One thread, one buffer. Whatever arrives while a command is waiting and does not belong to its
answer is kept in ``urcs`` in its order. ``RDY`` outside of ``wake`` means that the modem restarted
under our feet: it interrupts whatever is going on.
"""

from __future__ import annotations

import re
import select
import time
from collections import deque

import serial

_FINAL = re.compile(r"OK|ERROR|\+CM[ES] ERROR: .*|SEND OK|SEND FAIL|NO CARRIER|ABORTED")
_SUCCESS = ("OK", "SEND OK")
_WORDS = ("RDY", "APP RDY", "POWERED DOWN", "NORMAL POWER DOWN", "PSM POWER DOWN", "RING")
_PROBE_S = 0.5
_READ = 4096
_NAME = re.compile(r"AT(\+[A-Z]+)", re.IGNORECASE)


class PortGone(Exception):
    """The serial port went away or cannot be opened: nothing left to do but exit."""


class ModemError(Exception):
    """A command failed; ``str()`` names the command and the final result code."""


class ModemLost(Exception):
    """The modem restarted or fell silent: it has to be attached again."""


class Modem:
    """A modem behind an open pyserial port. Time-outs are in seconds, host monotonic."""

    def __init__(self, port: serial.SerialBase) -> None:
        self._port = port
        self._buffer = bytearray()
        self._waking = False  # RDY is what we wait for
        self._owed = False  # an answer that did not come in time may still come
        self.urcs: deque[str] = deque()

    def wake(self, timeout: float) -> None:
        """Probe with ``AT`` until the modem answers; raise ModemLost after ``timeout``."""
        self._waking = True
        try:
            end = time.monotonic() + timeout
            while True:
                try:
                    self.command("AT", min(_PROBE_S, timeout))
                    break
                except (ModemError, ModemLost) as error:
                    if time.monotonic() >= end:
                        raise ModemLost(f"no answer to AT for {timeout:g} s") from error
            # After silence, the answer to an old command may still come: let it pass by, or
            # every later command would take its predecessor's answer.
            while self._owed and self.pump(_PROBE_S):
                pass
            self._owed = False
            self.command("ATE0")
        finally:
            self._waking = False

    def restart(self, timeout: float) -> None:
        """Restart the modem on purpose and wait for RDY; the caller attaches again."""
        self._waking = True
        try:
            self.command("AT+CFUN=1,1", 15.0)
            self.next_urc("RDY$", timeout)
        finally:
            self._waking = False

    def command(self, text: str, timeout: float = 5.0, prefix: str | None = None) -> list[str]:
        """Send one command line; return its information lines.

        ``prefix`` tells information from unsolicited codes; by default it is the command's own
        name (``+CSQ`` for ``AT+CSQ``), ``""`` says that no ``+`` line belongs to the answer.
        Raises ModemError for an error result, ModemLost for silence or a restart.
        """
        self._write(text.encode() + b"\r")
        return self._answer(text, time.monotonic() + timeout, prefix)

    def send_data(self, text: str, payload: bytes, timeout: float = 10.0) -> None:
        """Send a command that prompts with ``> ``, then ``payload`` (AT+QISEND)."""
        self._write(text.encode() + b"\r")
        end = time.monotonic() + timeout
        while not self._buffer.lstrip(b"\r\n").startswith(b">"):
            line = self._take_line()
            if line is None:
                self._fill(text, end)
            elif _FINAL.fullmatch(line):
                raise ModemError(f"{text}: {line}")
            elif line.strip() and line != text:
                self._unsolicited(line)
        del self._buffer[: self._buffer.index(b">") + 1]
        self._write(payload)
        self._answer(text, end, "")

    def send_file(self, text: str, content: bytes, timeout: float = 40.0) -> None:
        """Send a command that answers ``CONNECT``, then ``content`` (AT+QFUPL)."""
        self._write(text.encode() + b"\r")
        end = time.monotonic() + timeout
        while (line := self._take_line()) != "CONNECT":
            if line is None:
                self._fill(text, end)
            elif _FINAL.fullmatch(line):
                raise ModemError(f"{text}: {line}")
            elif line.strip() and line != text:
                self._unsolicited(line)
        self._write(content)
        self._answer(text, end, None)

    def read_data(self, text: str, timeout: float = 5.0) -> bytes:
        """Run AT+QIRD or AT+QSSLRECV: a header with the length, so many raw bytes, then OK."""
        self._write(text.encode() + b"\r")
        end = time.monotonic() + timeout
        while True:
            line = self._take_line()
            if line is None:
                self._fill(text, end)
            elif match := re.fullmatch(r"\+(?:QIRD|QSSLRECV): ?(\d+)(?:,.*)?", line):
                break
            elif _FINAL.fullmatch(line):
                raise ModemError(f"{text}: {line}")
            elif line.strip() and line != text:
                self._unsolicited(line)
        length = int(match[1])
        while len(self._buffer) < length:
            self._fill(text, end)
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._answer(text, end, "")
        return data

    def next_urc(self, pattern: str, timeout: float) -> re.Match[str] | None:
        """Take the first unsolicited code that ``pattern`` matches; None when none comes."""
        end = time.monotonic() + timeout
        while True:
            for line in self.urcs:
                if match := re.match(pattern, line):
                    self.urcs.remove(line)
                    return match
            if not self.pump(max(0.0, end - time.monotonic())):
                return None

    def pump(self, timeout: float, also: int | None = None) -> bool:
        """Wait for the port (or descriptor ``also``) and file what came; False on time-out."""
        # Lines may have come in one read with the answer before them: select cannot know them.
        ready = [] if b"\n" in self._buffer else self._select(timeout, also)
        if self._port.fileno() in ready:
            self._receive()
        filed = 0
        while (line := self._take_line()) is not None:
            filed += 1
            if line.strip() and not _FINAL.fullmatch(line):
                self._unsolicited(line)
        return bool(ready or filed)

    def _answer(self, text: str, end: float, prefix: str | None) -> list[str]:
        if prefix is None:
            name = _NAME.match(text)
            prefix = name[1].upper() if name else ""
        information: list[str] = []
        body_follows = False  # the line after +CMGR:/+CMGL: may look like anything
        while True:
            line = self._take_line()
            if line is None:
                self._fill(text, end)
            elif body_follows:
                information.append(line)
                body_follows = False
            elif not line.strip() or line == text:
                continue
            elif _FINAL.fullmatch(line):
                if line not in _SUCCESS:
                    raise ModemError(f"{text}: {line}")
                return information
            elif prefix and line.startswith(prefix + ":"):
                information.append(line)
                body_follows = prefix in ("+CMGR", "+CMGL")
            elif line.startswith("+") or line in _WORDS:
                self._unsolicited(line)
            else:
                information.append(line)

    def _unsolicited(self, line: str) -> None:
        if line == "RDY" and not self._waking:
            self.urcs.clear()
            raise ModemLost("the modem restarted (RDY)")
        self.urcs.append(line)

    def _take_line(self) -> str | None:
        head, separator, rest = self._buffer.partition(b"\n")
        if not separator:
            return None
        self._buffer = rest
        return head.strip(b"\r\x00").decode("latin-1")

    def _fill(self, text: str, end: float) -> None:
        if not self._select(max(0.0, end - time.monotonic())):
            self._owed = True
            raise ModemLost(f"no answer to {text}")
        self._receive()

    def _select(self, timeout: float, also: int | None = None) -> list[int]:
        watched = [self._port.fileno()] + ([] if also is None else [also])
        return select.select(watched, [], [], timeout)[0]

    def _receive(self) -> None:
        try:
            self._buffer += self._port.read(_READ)
        except (serial.SerialException, OSError) as error:
            raise PortGone(f"the serial port is gone: {error}") from error

    def _write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except (serial.SerialException, OSError) as error:
            raise PortGone(f"the serial port is gone: {error}") from error
