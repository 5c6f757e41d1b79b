"""+UHTTP, +UHTTPC and +UHTTPER (SARA-R4 AT manual UBX-17003787 §21, SARA-R5 AT manual).

Operation 6 switches HTTPS on, with a profile of +USECPRF; 443 is its port unless 5 sets another
(assumed). A refused certificate is error 3,73, as seen on modules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.http_client import HttpFailure, HttpTarget, Trouble
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text
from harness.virtual_modem.ublox import security
from harness.virtual_modem.ublox.files import files

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_IP, _NAME, _USER, _PASSWORD, _AUTH, _PORT, _SECURE, _TIMEOUT = range(8)
_METHODS = ("HEAD", "GET", "DELETE", "PUT", "POST", "POST")
_PUT, _POST_FILE, _POST_DATA = 3, 4, 5
_TYPES = ("application/x-www-form-urlencoded", "text/plain", "application/octet-stream",
          "multipart/form-data", "application/json", "application/xml")  # fmt: skip
_USER_TYPE = 6
DATA_MAX = 128
HEADER_MAX = 64  #: of a custom header's name, and of its value
_HEADER = 9
_CUSTOM = re.compile(r"([0-4]):([^:]*):(.*)", re.DOTALL)
#: <error_class>, <error_code> of +UHTTPER
_ERRORS = {
    Trouble.NAME: (3, 8), Trouble.CONNECT: (3, 11), Trouble.TIMEOUT: (3, 22),
    Trouble.TLS: (3, 73), Trouble.LOST: (3, 73), Trouble.NO_HTTP: (3, 73),
}  # fmt: skip


@dataclass(slots=True)
class Profile:
    """Parameters of +UHTTP by operation code; custom headers by their place."""

    parameters: dict[int, str] = field(default_factory=dict)
    headers: dict[int, tuple[str, str]] = field(default_factory=dict)
    error: tuple[int, int] = (0, 0)

    @property
    def secured(self) -> bool:
        return self.parameters.get(_SECURE, "0")[0] == "1"

    @property
    def security(self) -> int | None:
        """The profile of +USECPRF, None for the one that nobody can change."""
        chosen = self.parameters.get(_SECURE, "").partition(",")[2]
        return int(chosen) if chosen else None

    @property
    def usual_port(self) -> int:
        return 443 if self.secured else 80

    @property
    def port(self) -> int:
        return int(self.parameters.get(_PORT, self.usual_port))


@dataclass(slots=True)
class Profiles:
    by_number: dict[int, Profile] = field(
        default_factory=lambda: {one: Profile() for one in range(4)}
    )


def _profile(core: Core, command: Command) -> Profile:
    return core.part(Profiles).by_number[number(command, 0, 0, 3)]


def _configuration(custom_headers: bool) -> Entry:
    known = {_IP, _NAME, _USER, _PASSWORD, _AUTH, _PORT, _SECURE, _TIMEOUT}

    def configure(core: Core, command: Command) -> Info:
        profile = _profile(core, command)
        if len(command.params) == 1:
            profile.parameters.clear()
            profile.headers.clear()
            return None
        code = number(command, 1, 0, 9)
        if code == _HEADER and custom_headers:
            return _set_header(profile, text(command, 2))
        if code not in known:
            raise AtError(50)
        if len(command.params) == 2:
            one = number(command, 0, 0, 3)
            if code == _SECURE:
                return [f"+UHTTP: {one},{code},{profile.parameters.get(code, '0')}"]
            return [f'+UHTTP: {one},{code},"{profile.parameters.get(code, "")}"']
        if code == _SECURE:
            profile.parameters[code] = _security(command)
            return None
        if code == _PORT:
            number(command, 2, 1, 65535)
        if code == _TIMEOUT:
            number(command, 2, 30, 180)
        profile.parameters[code] = text(command, 2)
        return None

    return Entry(set=configure, test=says("+UHTTP: (0-3),(0-7,9)"))


def _security(command: Command) -> str:
    """``0``, ``1`` or ``1,<profile>``."""
    if not number(command, 2, 0, 1):
        return "0"
    given = number(command, 3, 0, security.PROFILES, -1)
    return "1" if given < 0 else f"1,{given}"


def _set_header(profile: Profile, given: str) -> Info:
    """``"<0-4>:<name>:<value>"``; an empty name takes the place's header away."""
    match = _CUSTOM.fullmatch(given)
    if match is None or len(match[2]) > HEADER_MAX or len(match[3]) > HEADER_MAX:
        raise AtError(50)
    place = int(match[1])
    if match[2]:
        profile.headers[place] = (match[2], match[3])
    else:
        profile.headers.pop(place, None)
    return None


def _order(core: Core, command: Command) -> Info:
    """+UHTTPC=<profile>,<command>,<path>,<response file>[,<file or data>,<type>[,<user type>]]."""
    one, profile = number(command, 0, 0, 3), _profile(core, command)
    what, path, target = number(command, 1, 0, 5), text(command, 2), text(command, 3)
    host = profile.parameters.get(_NAME) or profile.parameters.get(_IP)
    if core.radio.active() is None or not host or core.http.busy:
        raise AtError(3)
    port = profile.port
    shown = host if port == profile.usual_port else f"{host}:{port}"
    lines = [f"{_METHODS[what]} {path or '/'} HTTP/1.1"]
    lines += [f"Host: {shown}", "User-Agent: UBLOX-HttpClient"]
    lines += [f"{name}: {value}" for _, (name, value) in sorted(profile.headers.items())]
    body = b""
    if what >= _PUT:
        body = _body(core, command, what)
        lines += [f"Content-Type: {_type(command)}", f"Content-Length: {len(body)}"]
    request = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
    name = target or f"http_last_response_{one}"
    wait = min(int(profile.parameters.get(_TIMEOUT, "180")), core.settings.http_s)
    wish = security.wish(core, profile.security) if profile.secured else None
    where = HttpTarget(host, port, wish)
    core.after_final(lambda: core.spawn(_exchange(core, one, what, where, request, name, wait)))
    return None


def _body(core: Core, command: Command, what: int) -> bytes:
    given = text(command, 4)
    if what == _POST_DATA:
        if len(given) > DATA_MAX:
            raise AtError(50)
        return given.encode("latin-1")
    content = files(core).stored.get(given)
    if content is None:
        raise AtError(22)
    return content


def _type(command: Command) -> str:
    kind = number(command, 5, 0, _USER_TYPE)
    if kind != _USER_TYPE:
        return _TYPES[kind]
    shown = text(command, 6)
    if not 1 <= len(shown) <= HEADER_MAX:
        raise AtError(50)
    return shown


async def _exchange(
    core: Core, one: int, what: int, target: HttpTarget, request: bytes, name: str, wait: float
) -> None:
    profile = core.part(Profiles).by_number[one]
    stored = files(core).stored
    stored.pop(name, None)
    try:
        response = await core.http.exchange(target, request, wait)
    except HttpFailure as failure:
        profile.error = _ERRORS.get(failure.trouble, (3, 73))
        core.urc(f"+UUHTTPCR: {one},{what},0")
        return
    await core.http.complete(response, wait)
    stored[name] = response.head + bytes(response.body)
    profile.error = (0, 0) if response.trouble is None else (3, 73)
    core.urc(f"+UUHTTPCR: {one},{what},{int(response.trouble is None)}")


def _error(core: Core, command: Command) -> Info:
    one = number(command, 0, 0, 3)
    kind, code = core.part(Profiles).by_number[one].error
    return [f"+UHTTPER: {one},{kind},{code}"]


def commands(*, custom_headers: bool) -> CommandTable:
    """The table; without ``custom_headers`` operation code 9 of +UHTTP is unknown (2G, 3G)."""
    return {
        "+UHTTP": _configuration(custom_headers),
        "+UHTTPC": Entry(set=_order, test=says("+UHTTPC: (0-3),(0-5)")),
        "+UHTTPER": Entry(set=_error, test=says("+UHTTPER: (0-3)")),
    }
