"""The timeline: one append-only record of everything that happened, in order.

A file of JSON lines, written with one ``write`` per event, so that a killed run keeps its
evidence. Reports, plots and certificates are made from it and from nothing else.

Each line holds ``seq`` (from 1), ``host`` (monotonic seconds), ``wall`` (real UTC), ``at``
(scenario UTC), ``source`` (``platform``, ``modem:tracker-1`` …), ``kind`` (dotted, see
``docs/timeline.md``) and the fields of that kind. Wire bytes are text, one character per byte
(latin-1), so AT dialogues stay readable and nothing is lost.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from harness.clock import ScenarioClock, monotonic
from harness.clock.host import wall_ns
from harness.clock.scenario import from_ns
from harness.errors import RigError
from harness.evidence.encode import JsonFields, LateFields, Stamps, json_line, prepared_head
from harness.evidence.redact import Redactor

T = TypeVar("T")
_HEAD = frozenset({"seq", "host", "wall", "at", "source", "kind"})


class EvidenceLost(RigError):
    """The timeline can no longer be written, for example because the disk is full."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    seq: int
    host: float
    wall: str
    at: str
    source: str
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_line(self) -> str:
        if isinstance(self.data, JsonFields):
            head = prepared_head(self.host, self.wall, self.at, self.source)
            return f'{{"seq":{self.seq},{head}"{self.kind}",{self.data.text}}}'
        return json_line(
            self.seq, self.host, self.wall, self.at, self.source, self.kind, dict(self.data)
        )

    @classmethod
    def from_line(cls, line: str) -> Event:
        raw = json.loads(line)
        if not isinstance(raw, dict):
            raise ValueError("an event is a JSON object")
        head = {key: raw.pop(key) for key in ("seq", "host", "wall", "at", "source", "kind")}
        return cls(**head, data=raw)


class _Prepared(NamedTuple):
    """An event whose members are text, until somebody looks at it."""

    seq: int
    host: float
    wall: str
    at: str
    source: str
    kind: str
    fields: JsonFields

    def event(self) -> Event:
        return Event(*self)


class _Together:
    """Several events of one moment, whose texts are written when somebody looks at them."""

    __slots__ = (
        "_texts", "_what", "_write", "at_ns", "first", "host", "kinds", "size", "source", "wall_ns",
    )  # fmt: skip

    def __init__(
        self,
        first: int,
        at_ns: int,
        source: str,
        kinds: Sequence[str],
        write: Callable[[Any], Sequence[str]],
        what: object,
        size: int,
    ) -> None:
        self.first = first
        self.host = monotonic()
        self.wall_ns = wall_ns()
        self.at_ns = at_ns
        self.source = source
        self.kinds = kinds
        self.size = size
        self._write = write
        self._what = what
        self._texts: Sequence[str] | None = None

    @property
    def texts(self) -> Sequence[str]:
        what = self._what  # first: it goes once the texts are there, perhaps just now
        texts = self._texts
        if texts is None:
            texts = self._texts = self._write(what)
            self._what = None
        return texts

    def events(self) -> list[Event]:
        wall, at = isoformat(from_ns(self.wall_ns)), isoformat(from_ns(self.at_ns))
        return [
            Event(self.first + i, self.host, wall, at, self.source, kind, LateFields(self, i))
            for i, kind in enumerate(self.kinds)
        ]


def _made(item: Event | _Prepared | _Together) -> Sequence[Event]:
    if isinstance(item, Event):
        return (item,)
    return item.events() if isinstance(item, _Together) else (item.event(),)


def _length(event: Event | _Prepared | _Together) -> int:
    """About how much an event says: its texts, not those inside lists and objects."""
    if isinstance(event, _Together):
        return event.size
    if isinstance(event, _Prepared):
        return event.fields.size
    if isinstance(event.data, JsonFields):
        return event.data.size
    return sum(len(value) for value in event.data.values() if isinstance(value, str))


class Recorder(Protocol):
    """What a participant needs in order to leave evidence."""

    def record(self, source: str, kind: str, **data: Any) -> Event: ...


def redacted(value: Any, redact: Redactor) -> Any:
    """``value`` as JSON knows it, without secrets; bytes become text as latin-1."""
    exact = type(value)  # nearly every field is one of these
    if exact is str:
        return redact(value)
    if exact is bytes:
        return redact(value.decode("latin-1"))
    if exact is int or exact is bool or value is None:
        return value
    if exact is dict:
        return {str(key): redacted(item, redact) for key, item in value.items()}
    if exact is list or exact is tuple:
        return [redacted(item, redact) for item in value]
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return redact(bytes(value).decode("latin-1"))
    if isinstance(value, Mapping):
        return {str(key): redacted(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item, redact) for item in value]
    if isinstance(value, datetime):
        return isoformat(value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return redact(str(value))  # its text could hold a secret too; JSON knows no NaN


def isoformat(moment: datetime) -> str:
    """``2026-03-01T12:00:00.000Z``: UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Timeline:
    """Records events to ``path`` (or only in memory when it is None). Thread-safe.

    A write that fails (disk full) never raises into the thread that happened to record: the run
    goes on, :attr:`lost` holds the error, and :meth:`check` raises it where it can be reported.

    In memory it keeps all events; or the newest ``keep`` (those that were recorded together count
    as one), and fewer of them when what they say is longer than ``keep_characters``.
    """

    def __init__(
        self,
        path: Path | None,
        clock: ScenarioClock,
        redactor: Redactor | None = None,
        *,
        keep: int | None = None,
        keep_characters: int | None = None,
    ) -> None:
        self.path = path
        self.redactor = redactor or Redactor()
        self.lost: EvidenceLost | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._seq = 0
        self._events: deque[Event | _Prepared | _Together] = deque(maxlen=keep)
        self._keep_characters = keep_characters
        self._characters = 0
        self._listeners: list[Callable[[Event], object]] = []
        self._at, self._wall = Stamps(), Stamps()
        self._fd: int | None = None
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
            except OSError as error:
                raise EvidenceLost(f"cannot write the timeline {path}: {error.strerror}") from error

    def record(self, source: str, kind: str, **data: Any) -> Event:
        redact = self.redactor
        clean = {
            key + "_" if key in _HEAD else key: redacted(value, redact)
            for key, value in data.items()
        }
        with self._lock:
            self._seq += 1
            event = Event(
                self._seq,
                monotonic(),
                self._wall(wall_ns()),
                self._at(self._clock.now_ns()),
                source,
                kind,
                clean,
            )
            self._remember((event,))
            if self._fd is not None:
                self._write(event.to_line() + "\n")
        self._tell(event)
        return event

    def _tell(self, event: Event) -> None:
        for listener in tuple(self._listeners):  # a copy: a listener may be dropped meanwhile
            try:
                listener(event)
            except Exception as error:  # recorded; the thread that records must not suffer
                try:
                    self._listeners.remove(listener)
                except ValueError:
                    continue  # it failed in another thread as well, which has told of it
                self.record("harness", "note", text=f"a listener failed, and is off now: {error!r}")

    def record_prepared(self, source: str, events: Sequence[tuple[str, str]]) -> None:
        """Several events of one moment in one write: for what happens thousands of times a second.

        Each is a kind and the members of its JSON object as text, *redacted* and in the order in
        which :meth:`record` would have written them.
        """
        with self._lock:
            host, wall, at = monotonic(), self._wall(wall_ns()), self._at(self._clock.now_ns())
            first = self._seq + 1
            self._seq += len(events)
            made = [
                _Prepared(seq, host, wall, at, source, kind, JsonFields(text))
                for seq, (kind, text) in enumerate(events, first)
            ]
            self._remember(made)
            if self._fd is not None:
                middle = prepared_head(host, wall, at, source)
                self._write("".join([
                    f'{{"seq":{seq},{middle}"{kind}",{text}}}\n'
                    for seq, (kind, text) in enumerate(events, first)
                ]))  # fmt: skip
        if self._listeners:
            for one in made:
                self._tell(one.event())

    def record_late(
        self,
        source: str,
        kinds: Sequence[str],
        write: Callable[[T], Sequence[str]],
        what: T,
        *,
        size: int,
        at_ns: int,
    ) -> None:
        """Several events of one moment of the scenario clock (``at_ns`` since 1970), whose texts
        ``write(what)`` gives when somebody looks at them; at once where there is a file.

        As for :meth:`record_prepared`, they are *redacted*. ``write`` may be called by any thread,
        and what it gives must not depend on when. ``size``: about how long they are together.
        """
        if self._fd is not None:
            self.record_prepared(source, list(zip(kinds, write(what), strict=True)))
            return
        with self._lock:
            together = _Together(self._seq + 1, at_ns, source, kinds, write, what, size)
            self._seq += len(kinds)
            self._events.append(together)
            self._characters += size
            if self._keep_characters is not None and self._characters > self._keep_characters:
                self._make_room(self._keep_characters)
        if self._listeners:
            for event in together.events():
                self._tell(event)

    def _remember(self, new: Sequence[Event | _Prepared]) -> None:
        self._events.extend(new)
        limit = self._keep_characters
        if limit is None:
            return
        for event in new:
            self._characters += _length(event)
        if self._characters > limit:
            self._make_room(limit)

    def _make_room(self, limit: int) -> None:
        """Those that have left for their number are still counted in: count anew, and make room
        for a while, so that this is rarely done."""
        self._characters = sum(map(_length, self._events))
        while self._characters > limit * 3 // 4 and len(self._events) > 1:
            self._characters -= _length(self._events.popleft())

    def listen(self, listener: Callable[[Event], object]) -> None:
        """Call ``listener`` with every event from now on, in the recording thread."""
        self._listeners.append(listener)

    def events(self, kind: str = "", source: str = "") -> list[Event]:
        """What was recorded so far, optionally only kinds and sources with these prefixes."""
        with self._lock:
            kept = list(self._events)
        return [
            event
            for item in kept
            for event in _made(item)
            if event.kind.startswith(kind) and event.source.startswith(source)
        ]

    def check(self) -> None:
        """Raise :class:`EvidenceLost` if evidence could not be written."""
        if self.lost is not None:
            raise self.lost

    def close(self) -> None:
        with self._lock:
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None

    def _write(self, text: str) -> None:
        if self._fd is None or self.lost is not None:
            return
        line = text.encode("utf-8", "surrogatepass")
        try:
            while line:
                line = line[os.write(self._fd, line) :]
        except OSError as error:
            self.lost = EvidenceLost(
                f"evidence is incomplete: {self.path}: {error.strerror}; free some space"
            )


def read_timeline(path: Path) -> Iterator[Event]:
    """The events of a timeline file. A last line cut off by a kill is left out."""
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                return
            try:
                yield Event.from_line(line.decode("utf-8", "surrogatepass"))
            except (ValueError, KeyError, TypeError):
                continue
