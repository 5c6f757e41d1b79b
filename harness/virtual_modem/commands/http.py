"""+QHTTP… (Quectel BG95/BG96 HTTP manual)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.at.commandparse import Command
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


def _config(core: Core, command: Command) -> Info:
    key = text(command, 0).lower()
    http = core.http
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
    core.http.url = url
    return None


def _ready(core: Core) -> None:
    context = core.radio.contexts.get(int(core.http.config["contextid"]))
    if context is None or not context.active:
        raise AtError(706)
    if core.http.url is None:
        raise AtError(712)
    if core.http.busy:
        raise AtError(703)


async def _post(core: Core, command: Command) -> Info:
    length = number(command, 0, 1, 102_400)
    wait, response = number(command, 1, 1, 65535, 60), number(command, 2, 1, 65535, 60)
    _ready(core)
    data = await core.ask("\r\nCONNECT\r\n", length, timeout_s=wait, echo=False)
    if data is None:
        raise AtError(726)
    request = core.http.request("POST", data)
    core.after_final(lambda: core.spawn(_exchange(core, "+QHTTPPOST", request, response)))
    return None


async def _get(core: Core, command: Command) -> Info:
    response = number(command, 0, 1, 65535, 60)
    _ready(core)
    data: bytes | None = b""
    if len(command.params) > 1:
        if core.http.config["requestheader"] != "1":
            raise AtError(730)
        data = await core.ask(
            "\r\nCONNECT\r\n", number(command, 1, 1, 2048), echo=False,
            timeout_s=number(command, 2, 1, 65535, 60),
        )  # fmt: skip
        if data is None:
            raise AtError(726)
    request = core.http.request("GET", data or b"")
    core.after_final(lambda: core.spawn(_exchange(core, "+QHTTPGET", request, response)))
    return None


async def _exchange(core: Core, name: str, request: bytes, timeout_s: int) -> None:
    core.http.busy = True
    try:
        response = await core.http.exchange(request, timeout_s)
    except AtError as error:
        core.urc(f"{name}: {error.code}")
    else:
        length = "" if response.length is None else f",{response.length}"
        core.urc(f"{name}: 0,{response.status}{length}")
    finally:
        core.http.busy = False


async def _read(core: Core, command: Command) -> Info:
    wait = number(command, 0, 1, 65535, 60)
    response = core.http.response
    if response is None:
        raise AtError(705)
    await core.http.complete(response, wait)
    head = response.head if core.http.config["responseheader"] == "1" else b""
    answer = b"\r\nCONNECT\r\n" + head + bytes(response.body)
    for at in range(0, len(answer), _PIECE):
        piece = answer[at : at + _PIECE]
        await core.line.room(len(piece))
        core.send(piece)
    core.after_final(lambda: core.urc(f"+QHTTPREAD: {response.error}"))
    core.http.response = None
    return None


COMMANDS: CommandTable = {
    "+QHTTPCFG": Entry(set=_config, test=_keys),
    "+QHTTPURL": Entry(set=_url, test=says("+QHTTPURL: (1-700),(1-65535)")),
    "+QHTTPPOST": Entry(set=_post, test=says("+QHTTPPOST: (1-102400),(1-65535),(1-65535)")),
    "+QHTTPGET": Entry(run=_get, set=_get, test=says("+QHTTPGET: (1-65535),(1-2048),(1-65535)")),
    "+QHTTPREAD": Entry(run=_read, set=_read, test=says("+QHTTPREAD: (1-65535)")),
}  # fmt: skip
