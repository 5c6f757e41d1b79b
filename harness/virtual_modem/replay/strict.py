"""Strict replay: the host sends exactly the recorded bytes in the recorded order.

Sans-I/O, byte by byte, so that any chunking gives the same events. What the modem said in the
middle of a turn (an echo) is said there again; in a turn with redaction marks, at its end.
"""

from __future__ import annotations

from harness.evidence.recording import MARK
from harness.virtual_modem.replay.events import Event, Mismatch, Say
from harness.virtual_modem.replay.masked import Secrets
from harness.virtual_modem.replay.script import Said, Script, Turn

_SECRET_LIMIT = 65_536  #: characters of a turn with marks


class StrictFollower:
    """Says nothing more after a :class:`Mismatch`."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._secrets = Secrets()
        self._at = 0  # the turn under way
        self._seen: list[str] = []  # of it
        self._said = 0  # of what the modem said in it
        self._broken = False

    @property
    def played(self) -> int:
        return self._at

    @property
    def missing(self) -> Mismatch | None:
        if self._broken or self._at == len(self._script.turns):
            return None
        turn = self._script.turns[self._at]
        return Mismatch(turn.line, turn.sent, "".join(self._seen))

    def start(self) -> list[Event]:
        return [self._say(said) for said in self._script.opening]

    def receive(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        for character in data.decode("latin-1"):
            if self._broken:
                break
            self._hear(character, events)
        return events

    def _hear(self, character: str, events: list[Event]) -> None:
        turns = self._script.turns
        if self._at == len(turns):
            self._break(turns[-1].line if turns else 1, "", character, events)
            return
        turn = turns[self._at]
        self._seen.append(character)
        complete = self._masked(turn) if turn.masked else self._plain(turn)
        if complete is None:
            self._break(turn.line, turn.sent, "".join(self._seen), events)
            return
        heard = 0 if turn.masked else len(self._seen)
        while self._said < len(turn.said) and (complete or turn.said[self._said].after <= heard):
            events.append(self._say(turn.said[self._said]))
            self._said += 1
        if complete:
            self._at, self._seen, self._said = self._at + 1, [], 0

    def _plain(self, turn: Turn) -> bool | None:
        """Whether the turn is complete; None when it is another."""
        at = len(self._seen) - 1
        return at + 1 == len(turn.sent) if turn.sent[at] == self._seen[at] else None

    def _masked(self, turn: Turn) -> bool | None:
        """As :meth:`_plain`; a mark takes as little as it can."""
        head, *_, tail = MARK.split(turn.sent)
        seen = "".join(self._seen)
        if not head.startswith(seen[: len(head)]):
            return None
        if turn.length is not None:
            if len(seen) < turn.length:
                return False
            return self._secrets.matches(turn.sent, seen) or None
        if seen.endswith(tail) and self._secrets.matches(turn.sent, seen):
            return True
        ended = not turn.payload and "\r" in (seen[:-1] if tail.endswith("\n") else seen)
        return None if ended or len(seen) > _SECRET_LIMIT else False

    def _say(self, said: Said) -> Say:
        return Say(self._secrets.filled(said.text), said.gap_s)

    def _break(self, line: int, expected: str, seen: str, events: list[Event]) -> None:
        self._broken = True
        events.append(Mismatch(line, expected, seen))
