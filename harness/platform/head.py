"""The head of an HTTP/1.x request: strict reading of its lines. Pure, no I/O.

Strict by RFC 9112 except where clients of the platform are known to differ, and then flagged: line
ends may be a bare LF (the vendor's own SDK sends them, facts §11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Refusal(Enum):
    """Why bytes are no request that can be answered on its merits."""

    NOT_HTTP = "not-http"
    TLS = "tls"
    HEAD_SYNTAX = "head-syntax"
    HEAD_TOO_LARGE = "head-too-large"
    VERSION = "version"
    LENGTH = "length"
    BODY_TOO_LARGE = "body-too-large"
    TRANSFER_CODING = "transfer-coding"
    CHUNK_SYNTAX = "chunk-syntax"
    TRAILING = "trailing"


class HeadError(Exception):
    """A head that must be refused: the reason and one sentence about it."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.message = message


class WireNote(Enum):
    """Something a request did on the wire that is accepted but worth a finding."""

    BARE_LF = "bare-lf"
    LEADING_BLANK = "leading-blank"
    CHUNKED = "chunked"
    ABSOLUTE_TARGET = "absolute-target"
    HTTP_1_0 = "http-1.0"
    NO_LENGTH = "no-length"


@dataclass(frozen=True, slots=True)
class Head:
    """What a request's head says. ``headers`` keep their order, spelling and duplicates."""

    method: str
    target: str
    version: tuple[int, int]
    headers: tuple[tuple[str, str], ...]
    length: int | None
    chunked: bool
    keep_alive: bool
    expects_continue: bool
    notes: tuple[WireNote, ...]

    def all(self, name: str) -> list[str]:
        """Every value of the header ``name`` (case-insensitive), in order."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def first(self, name: str) -> str | None:
        """The first value of the header ``name``, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def path(self) -> str:
        """The path of the target, without query, also of an absolute-form target."""
        target = self.target
        if WireNote.ABSOLUTE_TARGET in self.notes:
            after = target.partition("://")[2]
            slash = after.find("/")
            target = after[slash:] if slash >= 0 else "/"
        return target.partition("?")[0]


_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([!-~]+) HTTP/(\d)\.(\d)")
_HEADER_LINE = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
_DIGITS = re.compile(rb"[0-9]{1,15}")
_ABSOLUTE = re.compile(rb"https?://[^/?#@]+(?:[/?].*)?", re.IGNORECASE | re.DOTALL)

METHOD_BYTES = frozenset(
    b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
"""The bytes a method may consist of (RFC 9110 §5.6.2): nothing else starts a request."""


def parse_head(raw: bytes) -> Head:
    """Read a complete head, blank line included. Raises :class:`HeadError`."""
    notes: list[WireNote] = []
    text = raw.lstrip(b"\r\n")
    if len(text) != len(raw):
        notes.append(WireNote.LEADING_BLANK)
    lines = text.split(b"\n")
    if any(not line.endswith(b"\r") for line in lines[:-1]):
        notes.append(WireNote.BARE_LF)
    lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
    request = _REQUEST_LINE.fullmatch(lines[0])
    if request is None:
        raise HeadError(
            Refusal.HEAD_SYNTAX,
            f"the request line is not `METHOD target HTTP/1.1`: {lines[0][:80]!r}",
        )
    method, target, major, minor = request.groups()
    version = (int(major), int(minor))
    if version[0] != 1:
        raise HeadError(Refusal.VERSION, f"HTTP/{version[0]}.{version[1]} is not spoken here")
    if version == (1, 0):
        notes.append(WireNote.HTTP_1_0)
    if not target.startswith(b"/") and target != b"*":
        if _ABSOLUTE.fullmatch(target) is None:
            raise HeadError(Refusal.HEAD_SYNTAX, f"the target is no path: {target[:80]!r}")
        notes.append(WireNote.ABSOLUTE_TARGET)
    headers = []
    for line in lines[1:]:
        if not line:
            break
        found = _HEADER_LINE.fullmatch(line)
        if found is None:
            raise HeadError(Refusal.HEAD_SYNTAX, f"not a header line: {line[:80]!r}")
        headers.append((found[1].decode("ascii"), found[2].decode("latin-1")))
    return _framed(method.decode("ascii"), target.decode("ascii"), version, headers, notes)


def _framed(
    method: str,
    target: str,
    version: tuple[int, int],
    headers: list[tuple[str, str]],
    notes: list[WireNote],
) -> Head:
    by_name: dict[str, list[str]] = {}
    for name, value in headers:
        by_name.setdefault(name.lower(), []).append(value)
    length = _content_length(by_name.get("content-length", []))
    codings = ",".join(by_name.get("transfer-encoding", [])).replace(" ", "").lower()
    if codings:
        if version == (1, 0) or length is not None:
            raise HeadError(
                Refusal.TRANSFER_CODING,
                "Transfer-Encoding together with Content-Length or HTTP/1.0: where the body ends "
                "is ambiguous (RFC 9112 §6.1)",
            )
        if codings != "chunked":
            raise HeadError(Refusal.TRANSFER_CODING, f"transfer coding {codings!r} is not known")
        notes.append(WireNote.CHUNKED)
    elif length is None:
        notes.append(WireNote.NO_LENGTH)
    options = {
        option.strip().lower()
        for value in by_name.get("connection", [])
        for option in value.split(",")
    }
    keep_alive = "close" not in options and (version != (1, 0) or "keep-alive" in options)
    expects = any(value.lower() == "100-continue" for value in by_name.get("expect", []))
    return Head(
        method,
        target,
        version,
        tuple(headers),
        length,
        bool(codings),
        keep_alive,
        expects and version != (1, 0),
        tuple(notes),
    )


def _content_length(values: list[str]) -> int | None:
    if not values:
        return None
    if len(values) > 1:
        raise HeadError(
            Refusal.LENGTH, f"Content-Length is there {len(values)} times: {', '.join(values)}"
        )
    if _DIGITS.fullmatch(values[0].encode("latin-1")) is None:
        raise HeadError(Refusal.LENGTH, f"Content-Length is no number: {values[0]!r}")
    return int(values[0])
