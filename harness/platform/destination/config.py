"""What a destination is made of, and what is wrong with it (DEST-CONFIG, DEST-SECRET)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from harness.platform.findings import Finding, error, info, warning
from harness.senml import Shape
from harness.token import secret_problem

Numbers = Literal["plain", "exponent"]
SPECIALS = "#?!@$%^&(){}:.,/+*;"
SECRET_MINIMUM = 32
_PROSE_MINIMUM = 30
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*")
_WRITTEN_BY_PLATFORM = frozenset(
    {"host", "things-plug-uuid", "things-message-token", "content-type", "content-length",
     "transfer-encoding", "connection"}
)  # fmt: skip
_LOOKS_SECRET = re.compile(r"secret|auth|token|key|password|cookie", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Destination:
    """One destination. ``repr()`` shows neither its secret nor its headers.

    ``expected`` is the response code that is expected; None takes any 2xx. ``shape`` and
    ``numbers`` are the two forms of output that are in use (facts §4). ``devices`` names those
    whose packs go there; None for all. ``connect_to`` leads to another address than the URL's, as
    curl's ``--connect-to`` does: the URL, the Host header and the name in the certificate stay.
    ``anchors`` (PEM) are trusted besides the public authorities.
    """

    name: str
    url: str
    secret: str = field(repr=False)
    method: str = "POST"
    description: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    expected: int | None = None
    plug_uuid: str = ""
    shape: Shape = "separate"
    numbers: Numbers = "plain"
    devices: frozenset[str] | None = None
    connect_to: tuple[str, int] | None = None
    anchors: bytes | None = field(default=None, repr=False)

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        return self.parts.hostname or ""

    @property
    def address(self) -> tuple[str, int]:
        """Where to connect."""
        return self.connect_to or (self.host, port_of(self.parts) or 443)

    @property
    def target(self) -> str:
        """Path and query, as the request line has them."""
        parts = self.parts
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def secrets(self) -> Iterator[tuple[str, str]]:
        """What evidence must not show, with a name for each."""
        yield f"secret of destination {self.name}", self.secret
        for name, value in self.headers:
            if _LOOKS_SECRET.search(name):
                yield f"{name} of destination {self.name}", value


def port_of(parts: SplitResult) -> int | None:
    """The port that a URL names; -1 for one that is no port."""
    try:
        return parts.port
    except ValueError:
        return -1


def check_config(destination: Destination, secret_minimum: int = SECRET_MINIMUM) -> list[Finding]:
    """Everything that the documents object to, errors first found first (DEST-CONFIG)."""
    return [
        *_check_url(destination),
        *_check_method(destination),
        *_check_headers(destination),
        *check_secret(destination.secret, secret_minimum),
    ]


def _check_url(destination: Destination) -> Iterator[Finding]:
    try:
        parts = destination.parts
        host = destination.host
    except ValueError as problem:
        yield error("DEST-CONFIG", f"the URL cannot be read: {problem}")
        return
    if not destination.name.strip():
        yield error("DEST-CONFIG", "a destination needs a name")
    if parts.scheme != "https":
        yield error("DEST-CONFIG", f"the URL has to start with https://, not {parts.scheme or '?'}")
    if not host or not destination.url.isascii() or any(c.isspace() for c in destination.url):
        yield error("DEST-CONFIG", "the URL needs a host name, ASCII only and without white space")
    if port_of(parts) not in (None, 443):
        yield error(
            "DEST-CONFIG",
            f"the URL names port {parts.netloc.rpartition(':')[2]}: only 443 is allowed; put the "
            "endpoint behind it",
        )
    if parts.username is not None or parts.password is not None:
        yield error("DEST-CONFIG", "the URL holds a user name or password; use a header")
    if parts.fragment:
        yield warning("DEST-CONFIG", "the part of the URL after # is never sent")


def _check_method(destination: Destination) -> Iterator[Finding]:
    if destination.method not in ("GET", "POST"):
        yield error("DEST-CONFIG", f"the method is {destination.method}; GET and POST are allowed")
    elif destination.method == "GET":
        yield info(
            "DEST-CONFIG",
            "a GET carries the pack as its body here, which many servers drop (the documents allow "
            "GET and define only a body); POST is the safe choice",
        )
    code = destination.expected
    if code is not None and not 200 <= code <= 299:
        yield error(
            "DEST-CONFIG",
            f"the expected code {code} is no 2xx, but whatever is no 2xx counts as not delivered",
        )


def _check_headers(destination: Destination) -> Iterator[Finding]:
    seen: set[str] = set()
    for name, value in destination.headers:
        if not _HEADER_NAME.fullmatch(name):
            yield error("DEST-CONFIG", f"the header name {name!r} has white space or is no name")
        elif name.lower() in _WRITTEN_BY_PLATFORM:
            yield error("DEST-CONFIG", f"the header {name} is written by the platform itself")
        elif name.lower() in seen:
            yield warning("DEST-CONFIG", f"the header {name} is there twice")
        if not _HEADER_VALUE.fullmatch(value):
            yield error("DEST-CONFIG", f"the value of the header {name} has control characters")
        seen.add(name.lower())


def check_secret(secret: str, minimum: int = SECRET_MINIMUM) -> list[Finding]:
    """DEST-SECRET, with what the page contradicts itself in. Never shows the secret."""
    findings: list[Finding] = []
    size = len(secret)
    if size < minimum:
        findings.append(error("DEST-SECRET", _too_short(size)))
    missing = [
        what
        for what, there in (
            ("an upper-case letter", any("A" <= c <= "Z" for c in secret)),
            ("a lower-case letter", any("a" <= c <= "z" for c in secret)),
            ("a digit", any("0" <= c <= "9" for c in secret)),
            (f"one of {SPECIALS}", any(c in SPECIALS for c in secret)),
        )
        if not there
    ]
    if missing:
        text = f"the secret lacks {', '.join(missing)}"
        if secret and secret_problem(secret) is None:
            text += (
                "; it is a good device secret, but a device secret has letters and digits only, "
                "so one secret can never serve both"
            )
        findings.append(error("DEST-SECRET", text))
    others = sorted({c for c in secret if not (c.isascii() and c.isalnum()) and c not in SPECIALS})
    if others:
        shown = ", ".join(repr(c) for c in others[:5])
        findings.append(
            warning("DEST-SECRET", f"whether the secret may hold {shown} is not documented")
        )
    return findings


def _too_short(size: int) -> str:
    text = f"the secret has {size} characters; a destination's needs at least {SECRET_MINIMUM}"
    if size >= _PROSE_MINIMUM:
        text += (
            f". The page contradicts itself: its table says {SECRET_MINIMUM}, its text "
            f"{_PROSE_MINIMUM}, and its own example has 30 or 31; {SECRET_MINIMUM} passes both"
        )
    return text
