"""Ports that are no modem, and modems as scripts: PTYs with a thread at the master."""

from __future__ import annotations

import os
import select
import termios
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Self

from harness.clock import monotonic

Talk = Callable[["FakePort", bytes], bytes]


class FakePort:
    """A PTY whose master answers with ``talk``, and says ``unasked`` every ``every_s``.

    ``link`` is a stable name for it.
    """

    def __init__(
        self,
        talk: Talk = lambda port, data: b"",
        *,
        unasked: bytes = b"",
        every_s: float = 0.1,
        link: Path | None = None,
    ) -> None:
        self.heard = b""
        self._talk, self._unasked, self._every_s = talk, unasked, every_s
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.device = os.ttyname(self.slave)
        if link is not None:
            link.symlink_to(self.device)
        self._link = link
        self.path = str(link or self.device)
        self._wake, self._woken = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def speed(self) -> int:
        """The rate that the host has set, as a termios constant."""
        return int(termios.tcgetattr(self.master)[5])

    def _run(self) -> None:
        due = monotonic() + self._every_s
        while True:
            # What comes unasked keeps its own time, however often the port is written to.
            wait_s = max(0.0, due - monotonic()) if self._unasked else None
            ready, _, _ = select.select([self.master, self._wake], [], [], wait_s)
            if self._wake in ready:
                return
            try:
                if self.master in ready:
                    data = os.read(self.master, 4096)
                    self.heard += data
                    os.write(self.master, self._talk(self, data))
                if self._unasked and monotonic() >= due:
                    due = monotonic() + self._every_s
                    os.write(self.master, self._unasked)
            except OSError:  # the script has pulled the cable
                return

    def unplug(self) -> None:
        """As a cable that is pulled."""
        if self._link is not None:
            self._link.unlink(missing_ok=True)  # before its number can be that of another PTY
        for name in ("master", "slave"):
            fd = getattr(self, name)
            if fd >= 0:
                setattr(self, name, -1)
                os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._woken, b"x")
        self._thread.join(10)
        self.unplug()
        os.close(self._wake)
        os.close(self._woken)


class ScriptedModem:
    """A ``talk`` that answers commands from a table, with echo, at one baud rate only.

    At any other rate it hears and says rubbish, as a UART does.
    """

    def __init__(
        self, answers: dict[str, str], *, speed: int | None = None, vanish_at: str = ""
    ) -> None:
        self.answers = answers
        self.commands: list[str] = []
        self._speed, self._vanish_at = speed, vanish_at
        self._line = b""

    def __call__(self, port: FakePort, data: bytes) -> bytes:
        if self._speed is not None and port.speed != self._speed:
            return bytes(byte ^ 0xA5 for byte in data)
        self._line += data
        said = b""
        while b"\r" in self._line:
            line, _, self._line = self._line.partition(b"\r")
            command = line.lstrip(b"\x1b\n").decode("latin-1")
            self.commands.append(command)
            if self._vanish_at and command == self._vanish_at:
                port.unplug()
                return b""
            answer = self.answers.get(command.upper(), "OK" if command in PLAIN else "ERROR")
            body, _, final = answer.rpartition("|")
            information = f"\r\n{body}\r\n" if body else ""
            said += f"{information}\r\n{final}\r\n".encode("latin-1")
        return said


PLAIN = ("AT", "ATE0", "ATE1", "AT+CMEE=1", "AT+CFUN=1", "AT+CFUN=0")
MODEM = {
    "AT+CMEE?": "+CMEE: 1|OK",
    "AT+CGMI": "Acme|OK",
    "AT+CGMM": "Rocket 9|OK",
    "AT+CGMR": "1.2.3|OK",
    "AT+CGSN": "356726104408422|OK",
    "AT+CCID": "+CCID: 8931041010654378930|OK",
    "AT+CIMI": "204080000000001|OK",
    "AT+CPIN?": "+CPIN: READY|OK",
    "AT+CFUN?": "+CFUN: 1|OK",
    "AT+CSQ": "+CSQ: 5,99|OK",
    "AT+CEREG?": "+CEREG: 0,1|OK",
    "AT+CGDCONT?": '+CGDCONT: 1,"IP","kpnthings.iot"|OK',
    'AT+CGDCONT=1,"IP","KPNTHINGS.IOT"': "|OK",
    "AT+CGACT=1,1": "|OK",
    "AT+CGPADDR=1": "+CGPADDR: 1,10.64.0.9|OK",
    "AT+CCLK?": '+CCLK: "80/01/06,00:00:10+00"|OK',
}
"""A modem with 27.007 and nothing else, with a good SIM and a weak signal."""


def nmea(body: str) -> bytes:
    """A sentence with its checksum (NMEA 0183)."""
    total = 0
    for byte in body.encode():
        total ^= byte
    return f"${body}*{total:02X}\r\n".encode()


def frame(data: bytes) -> bytes:
    """Data with their check sequence between flags, as diagnostic ports and PPP send them."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    crc ^= 0xFFFF
    escaped = b"".join(
        bytes([0x7D, byte ^ 0x20]) if byte in (0x7D, 0x7E) else bytes([byte])
        for byte in data + crc.to_bytes(2, "little")
    )
    return b"\x7e" + escaped + b"\x7e"
