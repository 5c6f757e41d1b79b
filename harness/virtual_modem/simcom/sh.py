"""+SHCONF, +SHCONN, +SHREQ and their relatives.

SIM7000 HTTP(S) V1.03 and SIM7070_7080_7090 HTTP V1.02: the body is given with +SHBOD, as a quoted
string (SIM7000) or after ``>`` (SIM7080, and +SHBODEXT of SIM7000). The connection of +SHCONN is
that of the first request; each later one makes its own here. By HTTPS it is made as +SHSSL says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from harness.at.commandparse import Command
from harness.virtual_modem.http_client import HttpFailure, HttpTarget, Response
from harness.virtual_modem.results import AtError
from harness.virtual_modem.simcom import ssl_contexts
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

URL, PATH, HEADERS, READ_MAX, PIECE = 64, 512, 350, 307_200, 2048
_METHODS = {1: "GET", 2: "PUT", 3: "POST", 4: "PATCH", 5: "HEAD"}
_PORTS = {"http": 80, "https": 443}
_FAILED = 600  #: <status> when no response came (assumed)
_BODY_S = 30.0


@dataclass(slots=True)
class Client:
    """What was configured; ``headers`` gather until +SHCHEAD."""

    url: SplitResult | None = None
    body_max: int = 0
    headers_max: int = HEADERS
    connected: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    response: Response | None = None


def _client(core: Core) -> Client:
    return core.part(Client)


def _connected(core: Core) -> Client:
    client = _client(core)
    if not client.connected:
        raise AtError(3)
    return client


def _url(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        if parts.scheme not in _PORTS or not parts.hostname or parts.port == 0:
            raise ValueError
    except ValueError:
        raise AtError(50) from None
    return parts


def _target(core: Core, url: SplitResult) -> HttpTarget:
    host, port = url.hostname or "", url.port or _PORTS[url.scheme]
    return HttpTarget(host, port, ssl_contexts.sh_wish(core) if url.scheme == "https" else None)


def _configuration(client: Client) -> list[str]:
    url = "" if client.url is None else client.url.geturl()
    return [f'+SHCONF: "URL","{url}"', f'+SHCONF: "BODYLEN",{client.body_max}',
            f'+SHCONF: "HEADERLEN",{client.headers_max}']  # fmt: skip


def _disconnect(core: Core, command: Command) -> Info:
    _connected(core).connected = False
    core.http.close()
    return None


def _state(core: Core, command: Command) -> Info:
    return [f"+SHSTATE: {int(_client(core).connected)}"]


def _clear_headers(core: Core, command: Command) -> Info:
    _connected(core).headers.clear()
    return None


def _add_header(core: Core, command: Command) -> Info:
    client, name, value = _connected(core), text(command, 0), text(command, 1)
    size = sum(len(n) + len(v) + 4 for n, v in {**client.headers, name: value}.items())
    if size > client.headers_max:
        raise AtError(50)
    client.headers[name] = value
    return None


def _request(core: Core, command: Command) -> Info:
    client, path = _connected(core), text(command, 0)
    what = number(command, 1, 1, 5)
    if len(path) > PATH or core.http.busy:
        raise AtError(50)
    core.after_final(lambda: core.spawn(_exchange(core, client, path, _METHODS[what])))
    return None


async def _exchange(core: Core, client: Client, path: str, method: str) -> None:
    url = client.url
    if url is None:
        return
    target = _target(core, url)
    port = "" if target.port == _PORTS[url.scheme] else f":{target.port}"
    lines = [f"{method} {path} HTTP/1.1", f"Host: {target.host}{port}"]
    lines += [f"{name}: {value}" for name, value in client.headers.items()]
    body = client.body if method in ("PUT", "POST", "PATCH") else b""
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    request = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
    client.response = None
    try:
        response = await core.http.exchange(target, request, core.settings.http_s)
    except HttpFailure:
        core.urc(f'+SHREQ: "{method}",{_FAILED},0')
        return
    await core.http.complete(response, _BODY_S)
    client.response = response
    core.urc(f'+SHREQ: "{method}",{response.status},{len(response.body)}')


def _read(core: Core, command: Command) -> Info:
    """OK, then the body in pieces, each with its count."""
    client = _connected(core)
    start, size = number(command, 0, 0, READ_MAX), number(command, 1, 1, READ_MAX)
    response = client.response
    if response is None or start + size > len(response.body):
        raise AtError(50)
    body = bytes(response.body[start : start + size])

    def show() -> None:
        for at in range(0, len(body), PIECE):
            piece = body[at : at + PIECE]
            core.urc(f"+SHREAD: {len(piece)}\r\n{piece.decode('latin-1')}")

    core.after_final(show)
    return None


def commands(body_max: int, carried: Callable[[Core], bool], *, quoted_body: bool) -> CommandTable:
    """``carried``: whether the client's PDP context is up; ``quoted_body``: +SHBOD has the body
    in the command, and +SHBODEXT asks for it."""

    def configure(core: Core, command: Command) -> Info:
        client, name = _client(core), text(command, 0).upper()
        if name == "URL":
            value = text(command, 1)
            if len(value) > URL:
                raise AtError(50)
            client.url = _url(value)
        elif name == "BODYLEN":
            client.body_max = number(command, 1, 1, body_max)
        elif name == "HEADERLEN":
            client.headers_max = number(command, 1, 1, HEADERS)
        elif name not in ("TIMEOUT", "POLLCNT", "POLLINTMS", "IPTYPE"):
            raise AtError(50)
        return None

    async def connect(core: Core, command: Command) -> Info:
        client = _client(core)
        if client.connected or client.url is None or not client.body_max or not carried(core):
            raise AtError(3)
        try:
            await core.http.connect(_target(core, client.url))
        except HttpFailure:
            raise AtError(3) from None
        client.connected = True
        return None

    async def ask(core: Core, command: Command) -> Info:
        client = _connected(core)
        count, wait_ms = number(command, 0, 1, client.body_max), number(command, 1, 100, 10_000)
        data = await core.ask("\r\n>", count, timeout_s=wait_ms / 1000)
        if data is None:
            raise AtError(3)
        client.body = data
        return None

    def inline(core: Core, command: Command) -> Info:
        client, given = _connected(core), text(command, 0).replace('\\"', '"')
        if number(command, 1, 1, client.body_max) != len(given):
            raise AtError(50)
        client.body = given.encode("latin-1")
        return None

    bodies = {"+SHBOD": Entry(set=inline), "+SHBODEXT": Entry(set=ask)}
    return {
        "+SHCONF": Entry(
            read=lambda core, command: _configuration(_client(core)), set=configure,
            test=says('+SHCONF: "URL",(0-64)', f'+SHCONF: "BODYLEN",(1-{body_max})'),
        ),
        "+SHCONN": Entry(run=connect), "+SHDISC": Entry(run=_disconnect),
        "+SHSTATE": Entry(read=_state), "+SHCHEAD": Entry(run=_clear_headers),
        "+SHAHEAD": Entry(set=_add_header), "+SHREQ": Entry(set=_request),
        "+SHREAD": Entry(set=_read),
        **(bodies if quoted_body else {"+SHBOD": Entry(set=ask)}),
    }  # fmt: skip
