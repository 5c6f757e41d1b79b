"""#HTTPCFG, #HTTPQRY, #HTTPSND and #HTTPRCV (AT Commands Reference Guide, "HTTP client").

With <ssl_enabled> 1 the client takes the one secure socket, as #SSLCFG and its relatives set it up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.http_client import HttpFailure, HttpTarget, Response
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text
from harness.virtual_modem.telit import tls

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_PROFILES = range(3)
_METHODS = ("POST", "PUT")
_TYPES = ("application/x-www-form-urlencoded", "text/plain", "application/octet-stream",
          "multipart/form-data")  # fmt: skip
LEAST = 64  #: bytes of one #HTTPRCV that is limited
_BODY_S = 30.0  #: how long the rest of a body may take


@dataclass(slots=True)
class Profile:
    """One set of #HTTPCFG, and the response to its last order."""

    host: str = ""
    port: int = 80
    timeout_s: int = 120
    cid: int = 1
    secured: bool = False
    response: Response | None = None
    read: int = 0

    def target(self, core: Core) -> HttpTarget:
        """Where to connect. Raises CME 1001 when there is no CA to verify the server with."""
        return HttpTarget(self.host, self.port, tls.wish(core, self.host) if self.secured else None)


@dataclass(slots=True)
class Profiles:
    by_number: dict[int, Profile] = field(
        default_factory=lambda: {number_: Profile() for number_ in _PROFILES}
    )


def _profile(core: Core, command: Command) -> Profile:
    return core.part(Profiles).by_number[number(command, 0, 0, 2)]


def _configure(core: Core, command: Command) -> Info:
    profile = _profile(core, command)
    host = text(command, 1, "")
    port = number(command, 2, 1, 65535, 80)
    secured = number(command, 6, 0, 1, 0) == 1
    timeout_s, cid = number(command, 7, 1, 65535, 120), number(command, 8, 1, 6, 1)
    if number(command, 3, 0, 1, 0):
        raise AtError(4)  # authentication is not there
    tls.take(core, number(command, 0, 0, 2), secured)
    profile.host, profile.port, profile.secured = host, port, secured
    profile.timeout_s, profile.cid = timeout_s, cid
    return None


def _configurations(core: Core, command: Command) -> Info:
    return [
        f'#HTTPCFG: {one},"{p.host}",{p.port},0,"","",{int(p.secured)},{p.timeout_s},{p.cid}'
        for one, p in core.part(Profiles).by_number.items()
    ]


def _ready(core: Core, profile: Profile) -> HttpTarget:
    context = core.radio.contexts.get(profile.cid)
    if context is None or not context.active:
        raise AtError(556)
    if not profile.host:
        raise AtError(551)
    if core.http.busy:
        raise AtError(551)
    return profile.target(core)


def _head(method: str, profile: Profile, path: str, extra: str) -> list[str]:
    usual = 443 if profile.secured else 80
    host = profile.host if profile.port == usual else f"{profile.host}:{profile.port}"
    lines = [f"{method} {path or '/'} HTTP/1.1", f"Host: {host}", "Connection: close"]
    return [*lines, extra] if extra else lines


def _bytes(lines: list[str], body: bytes = b"") -> bytes:
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


async def _send(core: Core, command: Command) -> Info:
    profile = _profile(core, command)
    method = _METHODS[number(command, 1, 0, 1)]
    path, count = text(command, 2), number(command, 3, 1, 1_048_576)
    kind, extra = text(command, 4, "1"), text(command, 5, "")
    target = _ready(core, profile)
    data = await core.ask(">>>", count, timeout_s=60.0, echo=False)
    if data is None:
        raise AtError
    if kind.isdecimal():
        if int(kind) >= len(_TYPES):
            raise AtError(50)
        kind = _TYPES[int(kind)]
    lines = _head(method, profile, path, extra)
    lines += [f"Content-Type: {kind}", f"Content-Length: {len(data)}"]
    _start(core, number(command, 0, 0, 2), profile, target, _bytes(lines, data))
    return None


def _query(core: Core, command: Command) -> Info:
    profile = _profile(core, command)
    method = ("GET", "HEAD", "DELETE")[number(command, 1, 0, 2)]
    target = _ready(core, profile)
    lines = _head(method, profile, text(command, 2), text(command, 3, ""))
    _start(core, number(command, 0, 0, 2), profile, target, _bytes(lines))
    return None


def _start(core: Core, number_: int, profile: Profile, target: HttpTarget, request: bytes) -> None:
    core.after_final(lambda: core.spawn(_exchange(core, number_, profile, target, request)))


async def _exchange(
    core: Core, number_: int, profile: Profile, target: HttpTarget, request: bytes
) -> None:
    profile.response, profile.read = None, 0
    try:
        response = await core.http.exchange(target, request, profile.timeout_s)
    except HttpFailure:
        core.urc(f'#HTTPRING: {number_},0,"",0')
        return
    profile.response = response
    kind = response.header("content-type")
    core.urc(f'#HTTPRING: {number_},{response.status},"{kind}",{response.length or 0}')


async def _receive(core: Core, command: Command) -> Info:
    profile = _profile(core, command)
    limit = number(command, 1, 0, 1500, 0)
    if 0 < limit < LEAST:
        raise AtError(50)
    response = profile.response
    if response is None:
        raise AtError
    await core.http.complete(response, _BODY_S)
    body = bytes(response.body[profile.read :])
    if not body:
        raise AtError  # the manual: an error when there is nothing
    piece = body[: limit or None]
    profile.read += len(piece)
    return ["<<<" + piece.decode("latin-1")]


COMMANDS: CommandTable = {
    "#HTTPCFG": Entry(read=_configurations, set=_configure, test=says(
        "#HTTPCFG: (0-2),,(1-65535),(0,1),,,(0,1),(1-65535),(1-6)")),
    "#HTTPSND": Entry(set=_send, test=says("#HTTPSND: (0-2),(0,1),,(1-1048576)")),
    "#HTTPQRY": Entry(set=_query, test=says("#HTTPQRY: (0-2),(0-2)")),
    "#HTTPRCV": Entry(set=_receive, test=says("#HTTPRCV: (0-2),(0,64-1500)")),
}  # fmt: skip
