"""Replay by command: each command of the host is answered as it was where it is recorded next.

::

    command line --found--> its turn is played --a payload was recorded behind it--> payload
                 --never recorded--> ERROR (a bare AT: OK)

The next place is looked for from the present position on, then from the start. Sans-I/O, and any
chunking of the host's bytes gives the same events.
"""

from __future__ import annotations

import bisect
import re

from harness.at.commandline import (
    CommandLineReader,
    Line,
    Overlong,
    Payload,
    PayloadAborted,
)
from harness.at.commandline import Event as ReaderEvent
from harness.evidence.recording import MARK
from harness.virtual_modem.replay.events import (
    Event,
    Mismatch,
    PayloadDiffers,
    Say,
    Unknown,
)
from harness.virtual_modem.replay.masked import Secrets
from harness.virtual_modem.replay.script import Script, Turn, command_key

_OK = b"\r\nOK\r\n"
_ERROR = b"\r\nERROR\r\n"
_LINE_LIMIT = 65_536
_TEXT_LIMIT = 1_048_576
_SHOWN = re.compile(r"[^\x20-\x7e\xa0-\xff]")


class Follower:
    """A host may leave commands out, repeat them, or send them in another order."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._reader = CommandLineReader(echo=False, max_line=_LINE_LIMIT, max_text=_TEXT_LIMIT)
        self._secrets = Secrets()
        self._places: dict[str, list[int]] = {}
        self._masked: list[tuple[str, int]] = []
        for at, turn in enumerate(script.turns):
            if turn.key is None:
                continue
            self._places.setdefault(turn.key, []).append(at)
            if turn.masked:
                self._masked.append((turn.key, at))
        self._next = 0  # the turn after the one that was played last
        self._command = ""  # the key of the host's last command
        self._due: int | None = None  # a payload turn, once the first byte of it comes
        self._playing: int | None = None  # a payload turn under way
        self._line_ended = False  # by the CR just now: an LF behind it belongs to it
        self._played: set[int] = set()

    @property
    def played(self) -> int:
        return len(self._played)

    @property
    def missing(self) -> Mismatch | None:
        return None

    def start(self) -> list[Event]:
        return [Say(self._secrets.filled(said.text), said.gap_s) for said in self._script.opening]

    def receive(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        for at in range(len(data)):
            byte = data[at : at + 1]
            if self._due is not None and not self._is_line_feed(byte):
                self._expect(self._script.turns[self._due])
            self._line_ended = False
            self._reader.receive(byte)
            while (event := self._reader.next_event()) is not None:
                self._line_ended = isinstance(event, Line) and byte == b"\r"
                self._take(event, events)
        return events

    def _is_line_feed(self, byte: bytes) -> bool:
        """The end of CR LF, unless the recorded payload begins with LF."""
        assert self._due is not None
        recorded = self._script.turns[self._due].sent
        return self._line_ended and byte == b"\n" and recorded[0] != "\n"

    def _expect(self, turn: Turn) -> None:
        """As much as was recorded; behind redaction up to its end, or to what follows it."""
        self._playing, self._due = self._due, None
        if turn.ends_as_text:
            self._reader.expect_text()
        elif turn.length is None:
            self._reader.expect_mark(_tail(turn).encode("latin-1"), _TEXT_LIMIT)
        else:
            self._reader.expect_bytes(turn.length)

    def _take(self, event: ReaderEvent, events: list[Event]) -> None:
        match event:
            case Line(body):
                self._follow(body, events)
            case Overlong():
                self._refuse(f"of more than {_LINE_LIMIT} characters", events)
            case Payload(data):
                self._payload_came(data.decode("latin-1"), events)
            case PayloadAborted():
                self._payload_came(None, events)

    def _follow(self, body: str, events: list[Event]) -> None:
        self._command = command_key(body)
        found = [at for key, at in self._masked if self._secrets.matches(key, self._command)]
        if places := self._places.get(self._command):
            found.append(places[bisect.bisect_left(places, self._next) % len(places)])
        if not found and not self._command:
            events.append(Say(_OK))  # a line without a command asks for nothing (V.250 §5.2.1)
            return
        if not found:
            self._refuse(f"AT{body}", events)
            return
        self._play(min(found, key=self._distance), events)

    def _refuse(self, command: str, events: list[Event]) -> None:
        shown = _SHOWN.sub("?", command)
        events += [Unknown(shown), Say(_ERROR)]

    def _payload_came(self, data: str | None, events: list[Event]) -> None:
        """``data`` is None when the host gave up with ESC."""
        at = self._playing
        assert at is not None
        seen = self._whole(self._script.turns[at], data)
        if not self._secrets.matches(self._script.turns[at].sent, seen):
            elsewhere = self._same_command_with(seen)
            if elsewhere is None:
                turn = self._script.turns[at]
                events.append(PayloadDiffers(turn.line, turn.sent, seen))
            else:
                at = elsewhere
        self._play(at, events)

    def _whole(self, turn: Turn, data: str | None) -> str:
        """With the end that the reader takes off."""
        if data is None:
            return turn.sent if turn.sent.endswith("\x1b") else "\x1b"
        if turn.ends_as_text:
            return data + "\x1a"
        return data + _tail(turn) if turn.length is None else data

    def _same_command_with(self, payload: str) -> int | None:
        """Another place where this payload was recorded behind the same command."""
        turns = self._script.turns
        found = [
            at + 1
            for at in self._places.get(self._command, ())
            if at + 1 < len(turns)
            and turns[at + 1].payload
            and self._secrets.matches(turns[at + 1].sent, payload)
        ]
        return min(found, key=self._distance, default=None)

    def _distance(self, at: int) -> int:
        """How far on from the present position, around the end."""
        return (at - self._next) % len(self._script.turns)

    def _play(self, at: int, events: list[Event]) -> None:
        turns = self._script.turns
        self._played.add(at)
        events += [Say(self._secrets.filled(said.text), said.gap_s) for said in turns[at].said]
        self._next = (at + 1) % len(turns)
        follows = at + 1 < len(turns) and turns[at + 1].payload
        self._due = at + 1 if follows else None


def _tail(turn: Turn) -> str:
    """What stands behind the last redaction mark."""
    return MARK.split(turn.sent)[-1]
