"""Responses as bytes. ``Content-Length`` is always there: devices decode no chunks (facts §5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer before it is put on the wire. ``close``: the connection ends with it.

    ``headers`` are more of them; without ``reason`` the status line ends after the code.
    """

    status: int
    body: bytes = b""
    content_type: str = ""
    close: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    reason: bool = True

    def head(self, *, reason: bool = True, lower_case: bool = False) -> bytes:
        """Status line and headers, with the blank line."""
        headers = [("Content-Length", str(len(self.body)))]
        if self.content_type:
            headers.insert(0, ("Content-Type", self.content_type))
        headers += self.headers
        if self.close:
            headers.append(("Connection", "close"))
        # RFC 9112 §4 keeps the space before an absent reason; a real capture has none (facts §8).
        phrase = f" {reason_phrase(self.status)}" if reason and self.reason else ""
        first = f"HTTP/1.1 {self.status}{phrase}"
        lines = [first] + [
            f"{name.lower() if lower_case else name}: {value}" for name, value in headers
        ]
        return "\r\n".join((*lines, "", "")).encode("latin-1")

    def wire(self) -> bytes:
        return self.head() + self.body


@lru_cache(maxsize=64)
def empty_response(status: int, close: bool) -> bytes:
    """The bytes of an answer without body, made once."""
    return Response(status, close=close).wire()


def reason_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"
