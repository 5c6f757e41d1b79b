"""+QHTTP… (Quectel HTTP manuals)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from harness.at.commandparse import Command
from harness.virtual_modem.http_client import HttpFailure, HttpTarget, Trouble
from harness.virtual_modem.quectel import tls
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_PIECE = 4096  #: bytes handed to the line at a time
_LIMITS = {
    "contextid": 16,
    "requestheader": 1,
    "responseheader": 1,
    "sslctxid": 5,
    "contenttype": 5,
}


_NUMBERS = {
    Trouble.NAME: 714, Trouble.CONNECT: 716, Trouble.TIMEOUT: 702, Trouble.LOST: 717,
    Trouble.TLS: 717, Trouble.NO_HTTP: 723, Trouble.CUT_SHORT: 719, Trouble.STALLED: 722,
    Trouble.TOO_MUCH: 729,
}  # fmt: skip
CONTENT_TYPES = (
    "application/x-www-form-urlencoded", "text/plain", "application/octet-stream",
    "multipart/form-data", "application/json", "image/jpeg",
)  # fmt: skip


@dataclass(slots=True)
class HttpSettings:
    """What +QHTTPCFG and +QHTTPURL set."""

    HEADERS = 16  #: custom ones (assumed)

    config: dict[str, str] = field(default_factory=lambda: {
        "contextid": "1", "requestheader": "0", "responseheader": "0", "sslctxid": "1",
        "contenttype": "0",
    })  # fmt: skip
    headers: list[str] = field(default_factory=list)
    url: SplitResult | None = None

    def target(self, core: Core) -> tuple[SplitResult, HttpTarget]:
        """The URL, and where it leads. Raises CME 712 when there is none."""
        url = self.url
        if url is None:
            raise AtError(712)
        host, secured = url.hostname or "", url.scheme == "https"
        wish = tls.wish(core, int(self.config["sslctxid"]), host) if secured else None
        return url, HttpTarget(host, url.port or (443 if secured else 80), wish)

    def request(self, method: str, url: SplitResult, body: bytes) -> bytes:
        """The whole request; with requestheader=1 the host wrote it all."""
        if self.config["requestheader"] == "1" and body:
            return body
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        host = url.hostname or ""
        if url.port is not None:
            host += f":{url.port}"
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: */*", *self.headers]
        if method == "POST":
            lines.append(f"Content-Type: {CONTENT_TYPES[int(self.config['contenttype'])]}")
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def _settings(core: Core) -> HttpSettings:
    return core.part(HttpSettings)


def _config(core: Core, command: Command) -> Info:
    key = text(command, 0).lower()
    http = _settings(core)
    if key == "customheader":
        if len(command.params) < 2:
            return [f'+QHTTPCFG: "customheader","{header}"' for header in http.headers]
        if len(http.headers) >= http.HEADERS:
            raise AtError(730)
        http.headers.append(text(command, 1))
        return None
    if key not in _LIMITS:
        raise Unknown
    if len(command.params) < 2:
        return [f'+QHTTPCFG: "{key}",{http.config[key]}']
    lowest = 1 if key == "contextid" else 0
    http.config[key] = str(number(command, 1, lowest, _LIMITS[key]))
    return None


def _keys(core: Core, command: Command) -> Info:
    lines = [
        f'+QHTTPCFG: "{key}",({1 if key == "contextid" else 0}-{highest})'
        for key, highest in _LIMITS.items()
    ]
    return [*lines, '+QHTTPCFG: "customheader",<value>']


async def _url(core: Core, command: Command) -> Info:
    length, wait = number(command, 0, 1, 700), number(command, 1, 1, 65535, 60)
    data = await core.ask("\r\nCONNECT\r\n", length, timeout_s=wait, echo=False)
    if data is None:
        raise AtError(726)
    try:
        url = urlsplit(data.decode("ascii"))
        if url.scheme not in ("http", "https") or not url.hostname or url.port == 0:
            raise ValueError
    except ValueError:
        raise AtError(711) from None
    _settings(core).url = url
    return None


def _ready(core: Core) -> None:
    context = core.radio.contexts.get(int(_settings(core).config["contextid"]))
    if context is None or not context.active:
        raise AtError(706)
    if _settings(core).url is None:
        raise AtError(712)
    if core.http.busy:
        raise AtError(703)


async def _post(core: Core, command: Command, body_max: int) -> Info:
    length = number(command, 0, 1, body_max)
    wait, response = number(command, 1, 1, 65535, 60), number(command, 2, 1, 65535, 60)
    _ready(core)
    data = await core.ask("\r\nCONNECT\r\n", length, timeout_s=wait, echo=False)
    if data is None:
        raise AtError(726)
    core.after_final(lambda: core.spawn(_exchange(core, "POST", data, response)))
    return None


async def _get(core: Core, command: Command) -> Info:
    response = number(command, 0, 1, 65535, 60)
    _ready(core)
    data: bytes | None = b""
    if len(command.params) > 1:
        if _settings(core).config["requestheader"] != "1":
            raise AtError(730)
        data = await core.ask(
            "\r\nCONNECT\r\n", number(command, 1, 1, 2048), echo=False,
            timeout_s=number(command, 2, 1, 65535, 60),
        )  # fmt: skip
        if data is None:
            raise AtError(726)
    core.after_final(lambda: core.spawn(_exchange(core, "GET", data or b"", response)))
    return None


async def _exchange(core: Core, method: str, data: bytes, timeout_s: int) -> None:
    settings, name = _settings(core), f"+QHTTP{method}"
    url, target = settings.target(core)
    try:
        response = await core.http.exchange(target, settings.request(method, url, data), timeout_s)
    except HttpFailure as failure:
        core.urc(f"{name}: {_NUMBERS[failure.trouble]}")
        return
    length = "" if response.length is None else f",{response.length}"
    core.urc(f"{name}: 0,{response.status}{length}")


async def _read(core: Core, command: Command) -> Info:
    wait = number(command, 0, 1, 65535, 60)
    response = core.http.response
    if response is None:
        raise AtError(705)
    await core.http.complete(response, wait)
    head = response.head if _settings(core).config["responseheader"] == "1" else b""
    answer = b"\r\nCONNECT\r\n" + head + bytes(response.body)
    for at in range(0, len(answer), _PIECE):
        piece = answer[at : at + _PIECE]
        await core.line.room(len(piece))
        core.send(piece)
    error = _NUMBERS[response.trouble] if response.trouble else 0
    core.after_final(lambda: core.urc(f"+QHTTPREAD: {error}"))
    core.http.response = None
    return None


def commands(body_max: int) -> CommandTable:
    """The table for a family whose +QHTTPPOST takes so many bytes."""
    return {
        "+QHTTPCFG": Entry(set=_config, test=_keys),
        "+QHTTPURL": Entry(set=_url, test=says("+QHTTPURL: (1-700),(1-65535)")),
        "+QHTTPPOST": Entry(
            set=lambda core, command: _post(core, command, body_max),
            test=says(f"+QHTTPPOST: (1-{body_max}),(1-65535),(1-65535)"),
        ),
        "+QHTTPGET": Entry(
            run=_get, set=_get, test=says("+QHTTPGET: (1-65535),(1-2048),(1-65535)")
        ),
        "+QHTTPREAD": Entry(run=_read, set=_read, test=says("+QHTTPREAD: (1-65535)")),
    }
