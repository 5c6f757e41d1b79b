"""What was recorded on a line, as turns: what the host sent, and what the modem said to it.

A command line is a turn, and so is each payload. A payload is told by what the modem said before
it (a prompt, CONNECT, DOWNLOAD, or OK before data that are no command), as no dialect is known
here. Pure: how the bytes were chunked when they were recorded makes no difference, except that a
payload ends where the modem speaks again.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from harness.evidence.recording import MARK, SerialPiece

ENDS_OF_TEXT = "\x1a\x1b"  #: Ctrl-Z and ESC (27.005 §3.5.1)
_CONTROLS = "".join(map(chr, range(32))) + "\x7f "
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ERASED = re.compile(r"[^\x08\x7f][\x08\x7f]")
_PLAIN = re.compile(r'"[^"]*"?|‹[^›]*›|([a-z]+)')
_AT = re.compile("AT", re.IGNORECASE)
_PROMPT = r"(?:^|[\r\n])(?:> ?|@|CONNECT(?: [^\r\n]*)?|DOWNLOAD)"
_ASKED = re.compile(_PROMPT + r"[\r\n]*\Z")
_ASKED_BEFORE = re.compile(rf"{_PROMPT}[\r\n]|(?:^|[\r\n])OK[\r\n]")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Said:
    """Modem bytes, ``gap_s`` after what was recorded before them.

    ``after`` tells after how many characters of the turn they came (an echo: before its end).
    """

    text: str
    gap_s: float
    after: int


@dataclass(frozen=True, slots=True)
class Turn:
    """``sent`` by the host, with ``‹name›`` where a secret stood; first recorded at ``line``.

    ``key`` is the command as it is looked up, None for a payload or half a line. ``masked``:
    there are redaction marks. ``length`` is that of a payload in bytes, None when redaction hides
    it: then it ends with what stands behind the last mark.
    """

    line: int
    sent: str
    payload: bool
    said: tuple[Said, ...]
    masked: bool
    key: str | None = None
    length: int | None = None

    @property
    def ends_as_text(self) -> bool:
        """Whether the payload ends with the first Ctrl-Z or ESC."""
        return self.sent[-1] in ENDS_OF_TEXT and not any(c in self.sent[:-1] for c in ENDS_OF_TEXT)


@dataclass(frozen=True, slots=True)
class Script:
    """``opening`` is what the modem said before the host sent anything."""

    opening: tuple[Said, ...]
    turns: tuple[Turn, ...]


def command_key(body: str) -> str:
    """What follows ``AT``, upper case outside quotes (V.250 §5.4.1: case does not matter)."""
    return _PLAIN.sub(lambda found: found[1].upper() if found[1] else found[0], body)


def script_of(pieces: Iterable[SerialPiece]) -> Script:
    """The turns of a recorded line."""
    writer = _Writer()
    before: float | None = None
    for sent, run in groupby(pieces, lambda piece: piece.sent):
        if sent:
            same = list(run)
            writer.host(same)
            before = same[-1].host_s
            continue
        for piece in run:
            gap_s = 0.0 if before is None else max(0.0, piece.host_s - before)
            before = piece.host_s
            writer.modem(piece.text, gap_s)
    return Script(tuple(writer.opening), tuple(writer.turns()))


@dataclass(slots=True)
class _Draft:
    line: int
    payload: bool
    sent: str = ""
    echoed: int = 0
    said: list[Said] = field(default_factory=list)

    @property
    def heard(self) -> str:
        return "".join(said.text for said in self.said)


class _Writer:
    """Puts turns together; a turn is open while more of it may come."""

    def __init__(self) -> None:
        self.opening: list[Said] = []
        self._drafts: list[_Draft] = []
        self._open: _Draft | None = None

    def modem(self, text: str, gap_s: float) -> None:
        draft = self._open or (self._drafts[-1] if self._drafts else None)
        if draft is None:
            self.opening.append(Said(text, gap_s, 0))
            return
        if draft.payload and draft is self._open:
            if draft.sent.startswith(text, draft.echoed):
                draft.echoed += len(text)
            else:
                self._open = None  # no echo: the modem has heard enough
        draft.said.append(Said(text, gap_s, len(draft.sent)))

    def host(self, run: list[SerialPiece]) -> None:
        """All that the host sent without a word of the modem in between."""
        text = "".join(piece.text for piece in run)
        starts, at = [], 0
        for piece in run:
            starts.append(at)
            at += len(piece.text)
        at = 0
        while at < len(text):
            rest = text[at:]
            if self._open is None and self._is_line_feed(rest):
                self._drafts[-1].sent += rest[0]
                at += 1
                continue
            if self._open is None:
                line = run[bisect.bisect_right(starts, at) - 1].line
                self._open = _Draft(line, self._is_payload(rest))
                self._drafts.append(self._open)
            at += self._payload(rest) if self._open.payload else self._command(self._open, rest)

    def turns(self) -> Iterator[Turn]:
        last = ""
        command = ""
        for draft in self._drafts:
            sent, said = draft.sent, tuple(draft.said)
            masked = MARK.search(sent) is not None
            if draft.payload:
                length = _length(command, sent)
                yield Turn(draft.line, sent, True, said, masked, length=length)
            else:
                command, key = sent, _key(sent, last)
                last = key or last
                yield Turn(draft.line, sent, False, said, masked, key)

    def _is_line_feed(self, rest: str) -> bool:
        """The LF of CR LF, also when the modem answered the CR already."""
        last = self._drafts[-1] if self._drafts else None
        ended = last is not None and not last.payload and last.sent.endswith("\r")
        return ended and rest[0] == "\n" and not (last and _ASKED.search(last.heard))

    def _is_payload(self, rest: str) -> bool:
        if not self._drafts:
            return False
        last = self._drafts[-1]
        if _ASKED.search(last.heard):
            return True
        if _is_command(rest):
            return False
        return last.payload or _ASKED_BEFORE.search(last.heard) is not None

    def _command(self, draft: _Draft, rest: str) -> int:
        """Take up to the end of the line; how much that is."""
        for count, character in enumerate(rest, 1):
            draft.sent += character
            again = character == "/" and draft.sent.lstrip(_CONTROLS).upper() == "A/"
            if character == "\r" or again:
                self._open = None
                return count
        return len(rest)

    def _payload(self, rest: str) -> int:
        """Take all, or up to where a next command begins behind the data."""
        draft = self._open
        assert draft is not None
        whole = draft.sent + rest
        ends = [whole.find(end) + 1 for end in ENDS_OF_TEXT if end in whole]
        if len(self._drafts) > 1 and not MARK.search(whole):
            ends += map(int, _NUMBER.findall(self._drafts[-2].sent))
        for end in () if len(whole) in ends else sorted(ends):
            behind = whole[end:].lstrip(_CONTROLS)
            if max(1, len(draft.sent)) <= end and behind and _is_command(behind):
                count = end - len(draft.sent)
                self._open = None
                draft.sent = whole[:end]
                return count
        draft.sent = whole
        return len(rest)


def _is_command(text: str) -> bool:
    """What begins a command line, or is of control characters only."""
    start = text.lstrip(_CONTROLS)[:2].upper()
    return start in ("", "A", "AT", "A/")


def _key(sent: str, last: str) -> str | None:
    """None for half a line, and for one that is no command (V.250 §5.2.1)."""
    if sent.lstrip(_CONTROLS).upper() == "A/":
        return last or None
    start = _AT.search(sent)
    if start is None or "\r" not in sent:
        return None
    body = sent[start.end() :]
    while _ERASED.search(body):
        body = _ERASED.sub("", body)
    return command_key(_CONTROL.sub("", body).strip())


def _length(command: str, sent: str) -> int | None:
    """In bytes; with redaction marks, the first number of the command that is large enough.

    Without such a number a payload that ends with a mark is taken as long as it reads (assumed).
    """
    marks = len(MARK.findall(sent))
    if not marks:
        return len(sent)
    least = len(MARK.sub("", sent)) + marks
    stated = next((n for n in map(int, _NUMBER.findall(command)) if n >= least), None)
    return len(sent) if stated is None and sent.endswith("›") else stated
