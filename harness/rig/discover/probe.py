"""Ask a port, politely, what it is: ``AT``, a short wait, the next baud rate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.clock import Deadline
from harness.line.port import Port, PortSettings
from harness.rig.discover.sound import Sound, numeric_answer, recognise_sound

#: Rates that modules are shipped with, or are commonly set to; the likeliest first.
BAUDS = (115_200, 9_600, 921_600, 460_800, 230_400, 57_600, 38_400, 19_200)
_ASK = b"AT\r"
_ASK_LF = b"AT\r\n"  # some firmware (nRF91 SLM) is built to wait for the LF
_LEAVE_PROMPT = b"\x1b"  # ESC ends the input of an SMS and sends nothing (27.005 §3.5.1)
_DIAG_VERSION = b"\x00\x78\xf0\x7e"  # version request with its check sequence; changes nothing
_ENOUGH = frozenset({Sound.AT, Sound.NMEA, Sound.DIAG})
_RANK = list(Sound)
_KEPT = 4096
_REFUSED = re.compile(rb"(?:^|[\r\n])ERROR\r")


@dataclass(frozen=True, slots=True)
class Probe:
    """What came back. ``baud`` is the rate at which ``heard`` came, None for a silent port.

    ``line_end`` is what a command must end with to be answered.
    """

    sound: Sound
    baud: int | None = None
    heard: bytes = b""
    line_end: str = "\r"

    @property
    def echo(self) -> bool:
        """Whether the modem repeats what it is sent (V.250 §6.2.4)."""
        return _ASK in self.heard

    @property
    def numeric(self) -> bool:
        """Whether results are numbers (``ATV0``), which drivers do not read."""
        return numeric_answer(self.heard)

    @property
    def says(self) -> str:
        """What is there, in words."""
        shown = repr(self.heard[:40].decode("latin-1"))
        at = f" at {self.baud} baud" if self.baud else ""
        return {
            Sound.AT: f"answers AT{at}",
            Sound.NMEA: f"a positioning (NMEA) port{at}",
            Sound.DIAG: f"a diagnostic port{at}: binary frames",
            Sound.PPP: f"a data call (PPP) is open{at}",
            Sound.ECHO: "gives back what it is sent and nothing else: TX wired to RX, a terminal?",
            Sound.TEXT: f"text that is no AT answer{at}: {shown}",
            Sound.NOISE: f"bytes that make no sense{at}: {shown}; another baud rate or protocol?",
            Sound.SILENT: "no answer",
        }[self.sound]


def probe(
    url: str,
    *,
    bauds: Sequence[int] = BAUDS,
    wait_s: float = 0.5,
    tries: int = 3,
    rtscts: bool = False,
    ask_diag: bool = False,
) -> Probe:
    """Ask at each of ``bauds`` until something is sure; the best guess when nothing is.

    Takes ``wait_s`` times ``tries`` per silent rate, one try less after the first rate, where a
    positioning port gets the time to speak on its own. ``ask_diag`` also asks for the version of
    the diagnostic protocol: only for ports of modem makers. Raises the line's errors.
    """
    best = Probe(Sound.SILENT)
    for number, baud in enumerate(bauds):
        port = Port(url, PortSettings(baudrate=baud, rtscts=rtscts))
        try:
            found = _ask(port, baud, wait_s, max(1, tries - (number > 0)))
            if found.sound not in _ENOUGH and ask_diag and number == 0:
                heard = _hear(port, _DIAG_VERSION, wait_s, found.heard)
                found = _better(found, Probe(recognise_sound(heard, _ASK), baud, heard))
        finally:
            port.close()
        best = _better(best, found)
        if best.sound in _ENOUGH:
            break
    return best


def _better(one: Probe, other: Probe) -> Probe:
    return other if _RANK.index(other.sound) < _RANK.index(one.sound) else one


def _ask(port: Port, baud: int, wait_s: float, tries: int) -> Probe:
    heard, line_end = b"", "\r"
    for number in range(tries):
        # The first bytes may be lost on a sleeping modem; the last try also leaves a prompt.
        last = tries > 1 and number == tries - 1
        question = _LEAVE_PROMPT + _ASK if last else _ASK_LF if number % 2 else _ASK
        heard = _hear(port, question, wait_s, heard)
        if question is _ASK_LF and _REFUSED.search(heard):
            # It waited for this LF, and took both questions for one command.
            heard = _hear(port, _ASK_LF, wait_s, heard)
        found = recognise_sound(heard, _ASK)
        if found is Sound.AT and question is _ASK_LF:
            line_end = "\r\n" if _waits_for_lf(port, wait_s) else "\r"
        if found is Sound.AT or (found in _ENOUGH and number):
            break
    sound = recognise_sound(heard, _ASK)
    return Probe(sound, None if sound is Sound.SILENT else baud, heard, line_end)


def _waits_for_lf(port: Port, wait_s: float) -> bool:
    if recognise_sound(_hear(port, _ASK, wait_s, b""), _ASK) is Sound.AT:
        return False
    _hear(port, b"\n", wait_s, b"")  # ends the question it still waits for
    return True


def _hear(port: Port, question: bytes, wait_s: float, heard: bytes) -> bytes:
    deadline = Deadline.after(wait_s)
    port.write(question, deadline)
    while True:
        last = deadline.expired  # what came while this process had to wait still counts
        heard = (heard + port.read(deadline.at))[-_KEPT:]
        if last or recognise_sound(heard, _ASK) is Sound.AT:
            return heard
