"""+KHTTP…: the HTTP client whose response is printed whole, head and body.

AirPrime HL interface guides. A header block of one's own goes in after +KHTTPHEADER; it has the
Content-Length, or the body ends with the pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.http_client import HttpFailure, HttpTarget
from harness.virtual_modem.results import AtError
from harness.virtual_modem.sierra import tls
from harness.virtual_modem.sierra.connection import bring_up
from harness.virtual_modem.sierra.errors import ALL_USED, BAD_SESSION
from harness.virtual_modem.sierra.sockets import give, pattern
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

SESSIONS = range(1, 4)
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d{1,9})[ \t]*\r?$")
_INPUT_S = 60.0
_SECURED = 2  #: <http_version> of +KHTTPCFG that means HTTPS


@dataclass(slots=True)
class Session:
    """One of +KHTTPCFG; ``headers`` as the host wrote them, with CR LF at the end.

    ``profile`` is its TLS profile, None for HTTP.
    """

    cid: int
    host: str
    port: int
    profile: int | None = None
    headers: bytes = b""

    def target(self, core: Core) -> HttpTarget:
        wish = None if self.profile is None else tls.wish(core, self.profile, self.host)
        return HttpTarget(self.host, self.port, wish)


@dataclass(slots=True)
class Sessions:
    made: dict[int, Session] = field(default_factory=dict)


def _made(core: Core) -> dict[int, Session]:
    return core.part(Sessions).made


def _session(core: Core, command: Command) -> tuple[int, Session]:
    one = number(command, 0, 0, 255)
    if one not in _made(core):
        raise AtError(BAD_SESSION)
    return one, _made(core)[one]


def _configure(core: Core, command: Command) -> Info:
    cid, host, port = number(command, 0, 1, 5), text(command, 1), number(command, 2, 1, 65535, 80)
    secured = number(command, 3, 0, 2, 0)
    if secured not in (0, _SECURED):
        raise AtError(50)
    profile = number(command, 8, 0, tls.PROFILES - 1, 0) if secured else None
    made = _made(core)
    free = next((one for one in SESSIONS if one not in made), None)
    if free is None:
        raise AtError(ALL_USED)
    made[free] = Session(cid, host, port, profile)
    if number(command, 6, 0, 1, 1):  # <start>: at once unless told otherwise
        core.after_final(lambda: core.spawn(_ready(core, free)))
    return [f"+KHTTPCFG: {free}"]


def _configurations(core: Core, command: Command) -> Info:
    return [
        f'+KHTTPCFG: {one},{s.cid},"{s.host}",{s.port},{0 if s.profile is None else _SECURED},'
        f'"","",0,0,{s.profile or 0}'
        for one, s in sorted(_made(core).items())
    ]


def _connect(core: Core, command: Command) -> Info:
    one, _ = _session(core, command)
    core.after_final(lambda: core.spawn(_ready(core, one)))
    return None


async def _ready(core: Core, one: int) -> None:
    """With TLS the connection is made here, so that a certificate that is refused shows here."""
    session = _made(core).get(one)
    up = session is not None and bring_up(core, session.cid)
    if up and session is not None and session.profile is not None:
        try:
            await core.http.connect(session.target(core))
        except HttpFailure:
            up = False
    core.urc(f"+KHTTP_IND: {one},{int(up)}")


async def _headers(core: Core, command: Command) -> Info:
    _, session = _session(core, command)
    data = await core.ask("\r\nCONNECT\r\n", None, mark=pattern(core), timeout_s=_INPUT_S)
    if data is None:
        raise AtError
    lines = [line for line in data.splitlines() if line.strip()]
    if not all(b":" in line for line in lines):
        raise AtError(50)
    session.headers = b"".join(line + b"\r\n" for line in lines)
    return None


async def _post(core: Core, command: Command) -> Info:
    """+KHTTPPOST=<session>,[<file>],<path>[,<show>]."""
    one, session = _session(core, command)
    path = text(command, 2)
    context = core.radio.contexts.get(session.cid)
    if context is None or not context.active or core.http.busy:
        raise AtError(3)
    length = _LENGTH.search(session.headers)
    data = await core.ask(
        "\r\nCONNECT\r\n", int(length[1]) if length else None, timeout_s=_INPUT_S,
        mark=None if length else pattern(core),
    )  # fmt: skip
    if data is None:
        raise AtError
    headers = session.headers
    if not length:
        headers += b"Content-Length: %d\r\n" % len(data)
    return await _exchange(core, one, session, b"POST", path, headers, data)


async def _get(core: Core, command: Command) -> Info:
    one, session = _session(core, command)
    return await _exchange(core, one, session, b"GET", text(command, 1), session.headers, b"")


async def _exchange(
    core: Core, one: int, session: Session, method: bytes, path: str, headers: bytes, body: bytes
) -> Info:
    usual = 80 if session.profile is None else 443
    host = session.host if session.port == usual else f"{session.host}:{session.port}"
    head = b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (
        method, path.encode("latin-1", "replace"), host.encode("latin-1", "replace"),
    )  # fmt: skip
    target, wait = session.target(core), core.settings.http_s
    try:
        response = await core.http.exchange(target, head + headers + b"\r\n" + body, wait)
    except HttpFailure:
        core.after_final(lambda: core.urc(f"+KHTTP_IND: {one},0"))
        raise AtError(3) from None
    await core.http.complete(response, wait)
    await give(core, response.head + bytes(response.body))
    reason = response.head.split(b"\r\n")[0].decode("latin-1").split(" ", 2)[2:]
    size = len(response.body)
    told = f'+KHTTP_IND: {one},3,{size},{response.status},"{"".join(reason)}"'
    core.after_final(lambda: core.urc(told))
    return None


def _close(core: Core, command: Command) -> Info:
    _session(core, command)
    core.http.close()
    return None


def _delete(core: Core, command: Command) -> Info:
    one, _ = _session(core, command)
    del _made(core)[one]
    return None


COMMANDS: CommandTable = {
    "+KHTTPCFG": Entry(read=_configurations, set=_configure,
                       test=says("+KHTTPCFG: (1-5),<server>,(1-65535),(0,2),,,(0,1),,(0-7)")),
    "+KHTTPCNX": Entry(set=_connect, test=says("+KHTTPCNX: (1-3)")),
    "+KHTTPHEADER": Entry(set=_headers, test=says("+KHTTPHEADER: (1-3)")),
    "+KHTTPPOST": Entry(set=_post, test=says("+KHTTPPOST: (1-3),,<path>")),
    "+KHTTPGET": Entry(set=_get, test=says("+KHTTPGET: (1-3),<path>")),
    "+KHTTPCLOSE": Entry(set=_close, test=says("+KHTTPCLOSE: (1-3),(0,1)")),
    "+KHTTPDEL": Entry(set=_delete, test=says("+KHTTPDEL: (1-3)")),
}  # fmt: skip
