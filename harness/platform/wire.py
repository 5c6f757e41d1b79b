"""The request reader: bytes in, requests out. Sans-I/O; no socket, no clock.

States::

    HEAD ──blank line──▶ FIXED ──Content-Length bytes──▶ HEAD
      │                └▶ CHUNKED ──last chunk, trailers──▶ HEAD
      └─(any refusal)──▶ DEAD: everything that follows is dropped

However the bytes are cut into segments, the same requests come out. The one thing that depends on
the cut is :attr:`Request.trailing`, an early hint that is taken when it happens to be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from harness.platform.canonical import CANONICAL_HEAD
from harness.platform.head import METHOD_BYTES, Head, HeadError, Refusal, parse_head

_END_OF_HEAD = re.compile(rb"\n\r?\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t -~\x80-\xff]*)?\r?")
_MAX_CHUNK_LINE = 1024
_LINE_ENDS = b"\r\n"
_MAX_TRAILING = 16_384
_REQUEST_BEGINS = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?: |\Z)")
_TLS_HANDSHAKE = 0x16


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one request is kept, in bytes."""

    head: int = 16_384
    body: int = 1_048_576


class Request(NamedTuple):
    """One complete request.

    ``head`` (with its blank line) and ``body`` (chunked coding removed) are the bytes as they came.
    ``token`` is set when the head is exactly the documented one, which was then checked in a single
    pass; otherwise ``parsed`` holds its lines.
    """

    head: bytes
    body: bytes
    token: str | None
    parsed: Head | None
    trailing: bytes

    def lines(self) -> Head:
        """The head's lines, read now if they were not needed before."""
        return self.parsed or parse_head(self.head)


class Expecting(NamedTuple):
    """The head is complete and the client waits for ``100 Continue`` before it sends the body."""


class Refused(NamedTuple):
    """These bytes are no request that can be read on; the connection has to be closed."""

    refusal: Refusal
    message: str
    head: bytes
    body: bytes


Event = Request | Expecting | Refused


class RequestReader:
    """Reads the requests of one connection.

    :meth:`feed` returns what became complete. After a :class:`Refused` nothing more comes.
    """

    __slots__ = (
        "_buffer",
        "_chunks",
        "_fresh",
        "_head",
        "_limits",
        "_parsed",
        "_scan",
        "_state",
        "_total",
        "dead",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.dead = False  # a refusal was given: nothing more is read
        self._fresh = True  # between requests, nothing buffered
        self._buffer = bytearray()
        self._scan = 0
        self._state: Callable[[], Event | None] = self._read_head
        self._head = b""
        self._parsed: Head | None = None
        self._chunks = bytearray()
        self._total = 0  # requests so far: garbage after a request is explained by it

    @property
    def idle(self) -> bool:
        """No request has begun."""
        return not self._buffer and not self._head

    @property
    def held(self) -> int:
        """How many bytes of the request that is not complete are held."""
        return len(self._head) + len(self._chunks) + len(self._buffer)

    @property
    def partial(self) -> tuple[bytes, bytes, Head | None]:
        """Head and body bytes of the request that is not complete, and its head when it is."""
        if self._head:
            return self._head, bytes(self._chunks) + bytes(self._buffer), self._parsed
        return bytes(self._buffer), b"", None

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes from the peer. Never raises, whatever they are."""
        if self._fresh:
            found = CANONICAL_HEAD.match(data)
            if found is not None:
                end = found.end()
                host, token, media, length = found.groups()
                if (
                    host
                    and token
                    and media
                    and length
                    and len(data) - end == int(length)
                    and end <= self._limits.head
                    and len(data) - end <= self._limits.body
                ):
                    self._total += 1
                    return [Request(data[:end], data[end:], token.decode("ascii"), None, b"")]
        self._buffer += data
        events: list[Event] = []
        while (event := self._state()) is not None:
            events.append(event)
        self._fresh = not self._buffer and not self._head and not self.dead
        return events

    def _read_head(self) -> Event | None:
        buffer = self._buffer
        start = 0
        while start < len(buffer) and buffer[start] in _LINE_ENDS:
            start += 1
        if start < len(buffer) and not self._may_begin(start):
            return self._no_request(bytes(buffer))
        found = _END_OF_HEAD.search(buffer, max(start, self._scan - 2))
        if (found.end() if found else len(buffer)) > self._limits.head:
            return self._refuse(
                Refusal.HEAD_TOO_LARGE, f"the head is longer than {self._limits.head} bytes", b""
            )
        if found is None:
            self._scan = len(buffer)
            return None
        self._scan = 0
        raw = bytes(buffer[: found.end()])
        try:
            head = parse_head(raw)
        except HeadError as error:
            return self._refuse(error.refusal, error.message, raw)
        if head.length is not None and head.length > self._limits.body:
            return self._refuse(
                Refusal.BODY_TOO_LARGE,
                f"Content-Length is {head.length}, at most {self._limits.body} bytes are taken",
                raw,
            )
        del buffer[: found.end()]
        self._head, self._parsed = raw, head
        self._state = self._read_chunk_size if head.chunked else self._read_fixed
        waits = head.expects_continue and not buffer and (head.chunked or head.length)
        return Expecting() if waits else self._state()

    def _may_begin(self, start: int) -> bool:
        """Whether what stands at ``start`` may become a request. After a complete one more is asked
        for: the rest of a body that was counted too short often begins like a method."""
        if not self._total:
            return self._buffer[start] in METHOD_BYTES
        return _REQUEST_BEGINS.match(self._buffer, start, start + 256) is not None

    def _read_fixed(self) -> Event | None:
        head = self._parsed
        length = (head.length or 0) if head is not None else 0
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return self._complete(body)

    def _read_chunk_size(self) -> Event | None:
        end = self._buffer.find(b"\n")
        if end < 0 or end > _MAX_CHUNK_LINE:
            if len(self._buffer) > _MAX_CHUNK_LINE:
                return self._refuse(Refusal.CHUNK_SYNTAX, "a chunk-size line does not end", b"")
            return None
        found = _CHUNK_SIZE.fullmatch(bytes(self._buffer[:end]))
        if found is None:
            line = bytes(self._buffer[: min(end, 40)])
            return self._refuse(Refusal.CHUNK_SYNTAX, f"not a chunk size: {line!r}", b"")
        size = int(found[1], 16)
        if len(self._chunks) + size > self._limits.body:
            return self._refuse(
                Refusal.BODY_TOO_LARGE, f"the chunks exceed {self._limits.body} bytes", b""
            )
        del self._buffer[: end + 1]
        self._scan = size
        self._state = self._read_chunk if size else self._read_trailers
        return self._state()

    def _read_chunk(self) -> Event | None:
        size = self._scan
        tail = bytes(self._buffer[size : size + 2])
        if not tail or tail == b"\r":
            return None
        end = size + (1 if tail[:1] == b"\n" else 2)
        if tail[:1] != b"\n" and tail != b"\r\n":
            return self._refuse(
                Refusal.CHUNK_SYNTAX, f"a chunk of {size} bytes is followed by {tail!r}", b""
            )
        self._chunks += self._buffer[:size]
        del self._buffer[:end]
        self._state = self._read_chunk_size
        return self._state()

    def _read_trailers(self) -> Event | None:
        while True:
            end = self._buffer.find(b"\n")
            if end > self._limits.head or (end < 0 and len(self._buffer) > self._limits.head):
                return self._refuse(Refusal.HEAD_TOO_LARGE, "the trailers do not end", b"")
            if end < 0:
                return None
            line = bytes(self._buffer[:end]).removesuffix(b"\r")
            del self._buffer[: end + 1]
            if not line:
                body = bytes(self._chunks)
                self._chunks.clear()
                return self._complete(body)

    def _complete(self, body: bytes) -> Request:
        head, parsed = self._head, self._parsed
        self._head, self._parsed, self._scan = b"", None, 0
        self._state = self._read_head
        self._total += 1
        rest = bytes(self._buffer[:256])
        stripped = rest.lstrip(_LINE_ENDS)
        if _REQUEST_BEGINS.match(stripped) is not None:
            trailing = rest[: len(rest) - len(stripped)]
        else:
            trailing = bytes(self._buffer[:_MAX_TRAILING])
        return Request(head, body, None, parsed, trailing)

    def _no_request(self, raw: bytes) -> Refused:
        if self._total:
            return self._refuse(
                Refusal.TRAILING,
                f"bytes that are no request follow a complete one: {raw[:40]!r}; its "
                "Content-Length is missing or too small",
                b"",
            )
        if raw[0] == _TLS_HANDSHAKE:
            return self._refuse(Refusal.TLS, "a TLS handshake came where plain HTTP is spoken", b"")
        return self._refuse(Refusal.NOT_HTTP, f"this is no HTTP request: {raw[:40]!r}", b"")

    def _refuse(self, refusal: Refusal, message: str, head: bytes) -> Refused:
        head_seen, body_seen, _ = self.partial
        self._buffer.clear()
        self._chunks.clear()
        self._head, self._parsed = b"", None
        self._state, self.dead = self._drop, True
        return Refused(refusal, message, head or head_seen, b"" if head else body_seen)

    def _drop(self) -> None:
        self._buffer.clear()
