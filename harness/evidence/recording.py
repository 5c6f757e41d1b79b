"""A recorded line: the ``serial`` events of a timeline file, as they went over one line.

Every timeline is a recording. Strict where :func:`~harness.evidence.read_timeline` is lenient,
because what is played back must be what was recorded: a wrong line is an error with its number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.errors import FileError, Location
from harness.evidence.timeline import Event

MARK = re.compile("‹([^‹›]*)›")  #: what the redactor left in place of a secret
_LINE_LIMIT = 16_777_216  #: bytes; a line of evidence is far shorter


@dataclass(frozen=True, slots=True)
class SerialPiece:
    """Bytes that were recorded together. ``sent``: from the host to the modem.

    ``text`` has one character per byte (latin-1), and ``‹name›`` where a secret stood;
    ``host_s`` is monotonic, ``line`` the line of the file, from 1.
    """

    line: int
    host_s: float
    sent: bool
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """One line's bytes in order. ``cut`` is the number of a last line that a kill cut off."""

    path: Path
    source: str
    pieces: tuple[SerialPiece, ...]
    cut: int | None = None


def read_recording(path: Path, source: str | None = None) -> Recording:
    """The recorded line of a timeline file; ``source`` (``line:NAME``) when there are several.

    Raises :class:`FileError`: not readable, not a timeline, no serial events, several lines.
    """
    found: dict[str, list[SerialPiece]] = {}
    cut: int | None = None
    try:
        with path.open("rb") as file:
            for number, line in _lines(path, file):
                event = _event(path, number, line)
                if event is None:
                    cut = number
                elif event.kind == "serial":
                    found.setdefault(event.source, []).append(_piece(path, number, event))
    except OSError as error:
        raise FileError(Location(str(path)), f"cannot be read: {error.strerror}") from error
    return Recording(path, *_chosen(path, found, source), cut)


def _chosen(
    path: Path, found: dict[str, list[SerialPiece]], source: str | None
) -> tuple[str, tuple[SerialPiece, ...]]:
    known = ", ".join(found)
    if not found:
        raise FileError(
            Location(str(path)), "holds no serial events: is it the timeline of a line?"
        )
    if source is not None and source not in found:
        raise FileError(Location(str(path)), f"holds nothing of {source}, only of {known}")
    if source is None and len(found) > 1:
        second = list(found.values())[1][0]
        raise FileError(
            Location(str(path), second.line), f"holds several lines; name one of them: {known}"
        )
    name = source or known
    return name, tuple(found[name])


def _lines(path: Path, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(_LINE_LIMIT):
        number += 1
        if len(line) == _LINE_LIMIT:
            raise FileError(Location(str(path), number), "is too long for an event: no timeline")
        if line.strip():
            yield number, line


def _event(path: Path, number: int, line: bytes) -> Event | None:
    """None for a last line that was cut off."""
    try:
        event = Event.from_line(line.decode("utf-8", "surrogatepass"))
    except (ValueError, KeyError, TypeError, RecursionError):
        if not line.endswith(b"\n"):
            return None
        raise FileError(
            Location(str(path), number), "is no event of a timeline (docs/timeline.md)"
        ) from None
    if not isinstance(event.kind, str) or not isinstance(event.source, str):
        raise FileError(Location(str(path), number), "kind and source of an event are text")
    return event


def _piece(path: Path, number: int, event: Event) -> SerialPiece:
    direction, text = event.data.get("dir"), event.data.get("bytes")
    if direction not in ("tx", "rx") or not isinstance(text, str):
        raise FileError(
            Location(str(path), number), "a serial event has dir (tx or rx) and bytes (text)"
        )
    if type(event.host) not in (int, float) or not math.isfinite(event.host):
        raise FileError(Location(str(path), number), "host of an event is a number of seconds")
    beyond = next((c for c in MARK.sub("", text) if ord(c) > 255), None)
    if beyond is not None:
        raise FileError(Location(str(path), number), f"{beyond!r} is no byte of a line")
    return SerialPiece(number, float(event.host), direction == "tx", text)
