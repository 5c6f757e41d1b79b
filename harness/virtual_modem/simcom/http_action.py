"""+HTTPINIT, +HTTPPARA, +HTTPDATA, +HTTPACTION and +HTTPREAD.

SIM7000 HTTP V1.01 and SIM800: a bearer (CID), a body that is read within the command. SIM7600 AT
V3.00 and A76XX HTTP note: no bearer, OK before the body that is read; HTTPS with a context of
+CSSLCFG (§13.2.3 ``SSLCFG``, 0 unless it is set).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from harness.at.commandparse import Command
from harness.virtual_modem.http_client import HttpFailure, HttpTarget, Response, Trouble
from harness.virtual_modem.results import AtError
from harness.virtual_modem.simcom import cch_contexts
from harness.virtual_modem.simcom.packet import BEARER, is_up
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text
from harness.virtual_modem.tls import TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_METHODS = ("GET", "POST", "HEAD", "DELETE")
_BODY_S = 30.0
#: SIM800 and SIM7000: 6xx
_SIX = {
    Trouble.NAME: 603, Trouble.CONNECT: 601, Trouble.TIMEOUT: 601, Trouble.LOST: 601,
    Trouble.NO_HTTP: 600,
}  # fmt: skip
#: SIM7600 and A76xx: 7xx
_SEVEN = {
    Trouble.NAME: 713, Trouble.CONNECT: 714, Trouble.TIMEOUT: 720, Trouble.LOST: 706,
    Trouble.NO_HTTP: 702, Trouble.TLS: 715,
}  # fmt: skip
_NO_CERTIFICATE = 719


@dataclass(frozen=True, slots=True)
class Dialect:
    """``bearer``: the context of +SAPBR carries it, and +HTTPREAD answers within the command;
    ``userdata``, ``url`` and ``body``: bytes at most; ``tls``: HTTPS with +CSSLCFG."""

    bearer: bool
    userdata: int
    body: int
    url: int
    errors: Mapping[Trouble, int]
    tls: bool = False

    @property
    def read_later(self) -> bool:
        return not self.bearer


SIM800 = Dialect(True, 256, 319_488, 512, _SIX)
SIM7000 = Dialect(True, 256, 319_488, 512, _SIX)
SIM7600 = Dialect(False, 512, 153_600, 512, _SEVEN, tls=True)
A76XX = Dialect(False, 256, 153_600, 512, _SEVEN, tls=True)


@dataclass(slots=True)
class Service:
    """What +HTTPPARA and +HTTPDATA gave; None of it without +HTTPINIT."""

    started: bool = False
    parameters: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    response: Response | None = None
    read: int = 0

    def restart(self, *, started: bool) -> None:
        self.started, self.body, self.response, self.read = started, b"", None, 0
        self.parameters.clear()


def _service(core: Core) -> Service:
    return core.part(Service)


def _started(core: Core) -> Service:
    service = _service(core)
    if not service.started:
        raise AtError
    return service


def _initialise(core: Core, command: Command) -> Info:
    if _service(core).started:
        raise AtError
    _service(core).restart(started=True)
    return None


def _terminate(core: Core, command: Command) -> Info:
    _started(core).restart(started=False)
    core.http.close()
    return None


def _target(url: str, dialect: Dialect) -> SplitResult:
    schemes = ("http", "https") if dialect.tls else ("http",)
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in schemes or not parts.hostname or parts.port == 0:
            raise ValueError
    except ValueError:
        raise AtError from None
    return parts


def _wish(core: Core, url: SplitResult) -> TlsWish | None:
    """How the client talks TLS, None for plain HTTP. Raises ``CertificateMissing``."""
    if url.scheme != "https":
        return None
    context = int(_service(core).parameters.get("SSLCFG", "0"))
    return cch_contexts.wish(core, context, url.hostname or "")


def commands(dialect: Dialect) -> CommandTable:
    """The table of one dialect."""
    names = {"CID", "URL", "CONTENT", "USERDATA", "ACCEPT", "UA", "REDIR", "TIMEOUT", "CONNECTTO",
             "RECVTO", "BREAK", "BREAKEND", *(["SSLCFG"] if dialect.tls else [])}  # fmt: skip

    def parameter(core: Core, command: Command) -> Info:
        service, name = _started(core), text(command, 0).upper()
        value = text(command, 1)
        limits = {"USERDATA": dialect.userdata, "CONTENT": 256, "URL": dialect.url}
        if name not in names or len(value) > limits.get(name, 256):
            raise AtError
        if name == "URL":
            _target(value, dialect)
        if name == "SSLCFG":
            number(command, 1, 0, cch_contexts.CONTEXTS[-1])
        service.parameters[name] = value
        return None

    async def data(core: Core, command: Command) -> Info:
        service = _started(core)
        count, wait_ms = number(command, 0, 1, dialect.body), number(command, 1, 1, 600_000)
        given = await core.ask("\r\nDOWNLOAD\r\n", count, timeout_s=max(wait_ms / 1000, 1.0))
        if given is None:
            raise AtError
        service.body = given
        return None

    def action(core: Core, command: Command) -> Info:
        service, method = _started(core), number(command, 0, 0, 3)
        carried = is_up(core, BEARER) if dialect.bearer else core.radio.active() is not None
        if "URL" not in service.parameters or core.http.busy or not carried:
            raise AtError
        core.after_final(lambda: core.spawn(exchange(core, method)))
        return None

    async def exchange(core: Core, method: int) -> None:
        service = _service(core)
        url = _target(service.parameters["URL"], dialect)
        service.response, service.read = None, 0
        try:
            wish = _wish(core, url)
            target = HttpTarget(url.hostname or "", url.port or (443 if wish else 80), wish)
            response = await core.http.exchange(
                target, _request(service, _METHODS[method], url), core.settings.http_s
            )
        except cch_contexts.CertificateMissing:
            core.urc(f"+HTTPACTION: {method},{_NO_CERTIFICATE},0")
            return
        except HttpFailure as failure:
            core.urc(f"+HTTPACTION: {method},{dialect.errors.get(failure.trouble, 601)},0")
            return
        await core.http.complete(response, _BODY_S)
        service.response = response
        core.urc(f"+HTTPACTION: {method},{response.status},{len(response.body)}")

    def read(core: Core, command: Command) -> Info:
        service = _started(core)
        response = service.response
        if response is None:
            raise AtError
        start = number(command, 0, 0, 1_048_576, service.read)
        size = number(command, 1, 1, 1_048_576, 1_048_576)
        piece = bytes(response.body[start : start + size])
        service.read = start + len(piece)
        shown = f"+HTTPREAD: {len(piece)}\r\n{piece.decode('latin-1')}"
        if not dialect.read_later:
            return [shown] if piece else ["+HTTPREAD: 0"]
        if piece:
            core.after_final(lambda: core.urc(f"{shown}\r\n+HTTPREAD: 0"))
        else:
            core.after_final(lambda: core.urc("+HTTPREAD: 0"))
        return None

    def length(core: Core, command: Command) -> Info:
        response = _started(core).response
        return [f"+HTTPREAD: LEN,{0 if response is None else len(response.body)}"]

    def head(core: Core, command: Command) -> Info:
        response = _started(core).response
        if response is None:
            raise AtError
        return [f"+HTTPHEAD: {len(response.head)}\r\n{response.head.decode('latin-1')}"]

    return {
        "+HTTPINIT": Entry(run=_initialise, test=lambda core, command: None),
        "+HTTPPARA": Entry(set=parameter, test=says('+HTTPPARA: "HTTPPARAM","HTTPPARAMVALUE"')),
        "+HTTPDATA": Entry(set=data, test=says(f"+HTTPDATA: (1-{dialect.body}),(1-600000)")),
        "+HTTPACTION": Entry(set=action, test=says("+HTTPACTION: (0-3)")),
        "+HTTPREAD": Entry(run=read, set=read, read=length if dialect.read_later else None),
        "+HTTPHEAD": Entry(run=head),
        "+HTTPTERM": Entry(run=_terminate, test=lambda core, command: None),
    }


def _request(service: Service, method: str, url: SplitResult) -> bytes:
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    host = (url.hostname or "") + ("" if url.port is None else f":{url.port}")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "User-Agent: SIMCOM_MODULE"]
    if userdata := service.parameters.get("USERDATA"):
        lines.append(userdata.replace("\\r\\n", "\r\n"))
    body = b""
    if method == "POST":
        body = service.body
        lines.append(f"Content-Type: {service.parameters.get('CONTENT', 'text/plain')}")
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
