"""The text of an event: its moments and its JSON line, made cheaply because they are made often."""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from harness.clock.scenario import NS, from_ns

_MS = 1_000_000
_quoted = json.encoder.encode_basestring


class Stamps:
    """Moments as ``2026-03-01T12:00:00.000Z``: UTC, to the millisecond. Not thread-safe.

    Most events share the second, and in virtual time the moment, of the one before them.
    """

    __slots__ = ("_head", "_ns", "_second", "_text")

    def __init__(self) -> None:
        self._ns = self._second = -1
        self._head = self._text = ""

    def __call__(self, ns: int) -> str:
        """``ns``: nanoseconds since 1970."""
        if ns != self._ns or not self._text:
            second, rest = divmod(ns, NS)
            if second != self._second or not self._head:
                self._head = from_ns(second * NS).isoformat()[:19]
                self._second = second
            self._text = f"{self._head}.{rest // _MS:03d}Z"
            self._ns = ns
        return self._text


def _make_encoder() -> Callable[[Any], str]:
    """``JSONEncoder.encode`` makes its C encoder anew for each call; this one is made once."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without the C module
        return json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
    chunks: Callable[[Any, int], Iterable[str]] = make(
        None, str, _quoted, None, ":", ",", False, False, True
    )
    return lambda value: "".join(chunks(value, 0))


_encode = _make_encoder()


def json_line(
    seq: int, host: float, wall: str, at: str, source: str, kind: str, data: dict[str, Any]
) -> str:
    """One event as a JSON object, without line end. ``data`` must not use the head's names."""
    members = f",{_encode(data)[1:-1]}" if data else ""
    return f'{{"seq":{seq},{prepared_head(host, wall, at, source)}{_quoted(kind)}{members}}}'


def prepared_head(host: float, wall: str, at: str, source: str) -> str:
    """What stands between an event's number and its kind: shared by events of one moment."""
    return (
        f'"host":{round(host, 6)!r},"wall":{_quoted(wall)},"at":{_quoted(at)},'
        f'"source":{_quoted(source)},"kind":'
    )


def json_text(value: Any) -> str:
    """Compact JSON."""
    return _encode(value)


def quoted(text: str) -> str:
    """A JSON string."""
    return _quoted(text)


class JsonFields(Mapping[str, Any]):
    """The members of a JSON object, read when they are looked at."""

    __slots__ = ("_read", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._read: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        return self._text

    @property
    def size(self) -> int:
        """About how long the text is, at no cost."""
        return len(self._text)

    def _fields(self) -> dict[str, Any]:
        if self._read is None:
            self._read = json.loads(f"{{{self.text}}}")
        return self._read

    def __getitem__(self, key: str) -> Any:
        return self._fields()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields())

    def __len__(self) -> int:
        return len(self._fields())


class Texts(Protocol):
    """Texts that are written when they are asked for; ``size`` is about how long they are."""

    size: int

    @property
    def texts(self) -> Sequence[str]: ...


class LateFields(JsonFields):
    """One event's members out of several that are written late."""

    __slots__ = ("_index", "_written")

    def __init__(self, written: Texts, index: int) -> None:
        self._written = written
        self._index = index
        self._read = None

    @property
    def text(self) -> str:
        return self._written.texts[self._index]

    @property
    def size(self) -> int:
        return 0 if self._index else self._written.size
