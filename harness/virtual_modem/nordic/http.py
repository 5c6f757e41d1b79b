"""#XHTTPCCON and #XHTTPCREQ (doc/HTTPC_AT_commands.rst, src/http_c/slm_at_httpc.c), NCS 2 to 3.1.

The raw head and the raw body of a response come before the codes that tell of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.http_client import HttpFailure, HttpTarget, Trouble
from harness.virtual_modem.nordic import security
from harness.virtual_modem.nordic.data_mode import TERMINATOR
from harness.virtual_modem.nordic.security import Security
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

METHOD, RESOURCE, HEADERS, TYPE = 20, 256, 512, 64  #: bytes
_RESPONSE_S, _INPUT_S = 10.0, 86_400.0
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
_ERRNO = {
    Trouble.NAME: -2, Trouble.CONNECT: -111, Trouble.TIMEOUT: -116, Trouble.LOST: -104,
    Trouble.NO_HTTP: -104,
}  # fmt: skip


@dataclass(slots=True)
class Client:
    """The server that #XHTTPCCON named; ``connected`` until #XHTTPCCON=0 or a failure."""

    host: str = ""
    port: int = 0
    connected: bool = False
    security: Security | None = None

    def target(self, core: Core) -> HttpTarget:
        wish = None if self.security is None else self.security.wish(core)
        return HttpTarget(self.host, self.port, wish)


def _client(core: Core) -> Client:
    return core.part(Client)


async def _connect(core: Core, command: Command) -> Info:
    client = _client(core)
    if number(command, 0, 0, 2) == 0:
        if not client.connected:
            raise AtError
        client.connected = False
        core.http.close()
        return ["#XHTTPCCON: 0"]
    host, port = text(command, 1), number(command, 2, 1, 65535)
    wanted = security.given(command, 3, host)
    if client.connected or core.radio.active() is None:
        raise AtError
    client.host, client.port, client.security = host, port, wanted
    try:
        await core.http.connect(client.target(core))
    except HttpFailure:
        core.information(["#XHTTPCCON: 0"])
        raise AtError from None
    client.connected = True
    return ["#XHTTPCCON: 1"]


def _connection(core: Core, command: Command) -> Info:
    client = _client(core)
    tag = "" if client.security is None else f",{client.security.tag}"
    return [f'#XHTTPCCON: {int(client.connected)},"{client.host}",{client.port}{tag}']


def _limited(command: Command, place: int, most: int, default: str | None = None) -> str:
    value = text(command, place, default)
    if len(value) > most:
        raise AtError
    return value


def _request(core: Core, command: Command) -> Info:
    client = _client(core)
    if not client.connected or core.http.busy:
        raise AtError
    method, resource = _limited(command, 0, METHOD), _limited(command, 1, RESOURCE)
    headers = _limited(command, 2, HEADERS, "").replace("\\r\\n", "\r\n")
    if method not in _METHODS or (headers and not _ends_once(headers)):
        raise AtError
    kind, length = _limited(command, 3, TYPE, ""), number(command, 4, 0, 1_048_576, 0)
    if number(command, 5, 0, 1, 0):
        raise AtError(4)  # chunked
    head = f"{method} {resource} HTTP/1.1\r\nHost: {client.host}\r\n{headers}"
    if length:
        head += f"Content-Type: {kind}\r\nContent-Length: {length}\r\n"
    start = f"{head}\r\n".encode("latin-1", "replace")
    core.after_final(lambda: core.spawn(_exchange(core, client, start, length)))
    return None


def _ends_once(headers: str) -> bool:
    return headers.endswith("\r\n") and not headers.endswith("\r\n\r\n")


async def _exchange(core: Core, client: Client, head: bytes, length: int) -> None:
    body = b""
    if length:
        given = await core.ask("\r\n#XHTTPCREQ: 1\r\n", None, mark=TERMINATOR, timeout_s=_INPUT_S)
        body = given or b""
    core.urc("#XHTTPCREQ: 0")
    if length:
        core.urc("#XDATAMODE: 0")
    target, wait_s = client.target(core), min(_RESPONSE_S, core.settings.http_s)
    try:
        response = await core.http.exchange(target, head + body, wait_s)
    except HttpFailure as failure:
        client.connected = False
        core.urc(f"#XHTTPCREQ: {_ERRNO.get(failure.trouble, -104)}")
        core.urc("#XHTTPCCON: 0")
        return
    await core.http.complete(response, wait_s)
    told = f"\r\n#XHTTPCRSP:{len(response.head)},0\r\n"
    core.send(response.head + told.encode())
    for at in range(0, len(response.body), 2048):
        piece = bytes(response.body[at : at + 2048])
        await core.line.room(len(piece))
        core.send(piece)
    if response.trouble is None:
        core.send(f"\r\n#XHTTPCRSP:{len(response.body)},1\r\n".encode())
        return
    client.connected = False
    core.urc("#XHTTPCRSP: 0,-104")
    core.urc("#XHTTPCCON: 0")


COMMANDS: CommandTable = {
    "#XHTTPCCON": Entry(read=_connection, set=_connect,
                        test=says("#XHTTPCCON: (0,1,2),<host>,<port>,<sec_tag>,<peer_verify>,"
                                  "<hostname_verify>")),
    "#XHTTPCREQ": Entry(set=_request),
}  # fmt: skip
