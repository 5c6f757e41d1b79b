"""An HTTP POST as a device wants it, whoever writes its bytes: the host, or the modem's client."""

from __future__ import annotations

from dataclasses import dataclass

_WRITTEN_BY_CLIENT = frozenset({"host", "content-type", "content-length"})


@dataclass(frozen=True, slots=True)
class HttpOrder:
    """A POST to ``host:port``. ``headers`` in their order, with Host and Content-Type if wanted.

    Content-Length is added when it is missing; the platform needs it (HTTP-LENGTH). ``tls``: by
    HTTPS, as :meth:`~harness.modem.core.Modem.prepare_tls` set it up.
    """

    host: str
    port: int
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    tls: bool = False

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        """What an HTTP client does not write by itself."""
        return tuple(pair for pair in self.headers if pair[0].lower() not in _WRITTEN_BY_CLIENT)

    @property
    def content_type(self) -> str:
        return self._value("content-type") or "application/octet-stream"

    @property
    def url(self) -> str:
        """With the address that is connected to, not with the Host field."""
        scheme, usual = ("https", 443) if self.tls else ("http", 80)
        port = "" if self.port == usual else f":{self.port}"
        return f"{scheme}://{self.host}{port}{self.path}"

    @property
    def url_length(self) -> int:
        return len(self.url.encode())

    def to_bytes(self) -> bytes:
        """The whole request, CR LF as RFC 9112 §2.2 wants."""
        headers = list(self.headers)
        if self._value("host") is None:
            headers.insert(0, ("Host", self.host))
        if self._value("content-length") is None:
            headers.append(("Content-Length", str(len(self.body))))
        lines = [f"POST {self.path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers), "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body

    def _value(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name), None)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status and body as they were read."""

    status: int
    body: bytes
