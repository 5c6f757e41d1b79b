"""#SSLEN, #SSLCFG, #SSLSECCFG, #SSLSECCFG2 and #SSLSECDATA: the one secure socket's settings.

Sources: LE910 V2 AT Commands Reference Guide 80446ST10707A ("SSL Commands": one socket), Telit's
Arduino library for the ME310G1 (parameters and what they are when left out), ME310G1/ME910G1
80617ST10991A (§3.2.2: error numbers), and host software for ME910C1 and LE910 (#SSLEN? and
#SSLSECDATA?, Ctrl-Z after a certificate, ``SSL not activated`` for settings before #SSLEN).
<auth_mode> 1 verifies the server against the CA certificate in NVM. Factory values: nothing is
verified, no name is asked for, and a wrong name passes even when a certificate is verified
(<skipHostMismatch> 1). Mode 2 wants a certificate of the device, which this modem cannot use, and
versions before TLS 1.2 are not there: asking for them is an error and is listed.

Assumed: all of it survives a loss of power; the HTTP client's use of the socket counts as enabled,
and excludes #SSLEN as that excludes it; <version> 3 is TLS 1.2, 4 whatever the module has;
<preloadedCA> and <customCA> are taken and change nothing; certificates are in PEM, of 4096 bytes at
most; the forms of reading one, and of reading where there is none.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import Setting, ranged
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says
from harness.virtual_modem.telit.errors import SslError
from harness.virtual_modem.tls import TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

NUMBER = 7  #: of the secure socket among all, after the plain ones 1 to 6
_CA = 1  #: <DataType>; 0 is a certificate of the device, 2 its key
_LARGEST = 4096
_SETTINGS: Mapping[str, Setting] = {
    "#SSLCFG": Setting(
        "1,300,90,100,50,0,0,1,0",
        (
            ranged("1-6"), ranged("0-1500"), ranged("0-65535"), ranged("10-5000"),
            ranged("0-255"), ranged("0-2"), ranged("0-2"), ranged("0,1"), ranged("0,1"),
            ranged("10-1200"), ranged("0"),
        ),
        required=5,
    ),
    "#SSLSECCFG": Setting("0,0", (ranged("0"), ranged("0,1"), ranged("1")), required=2),
    "#SSLSECCFG2": Setting("4,0", (ranged("3,4"), *[ranged("0,1")] * 3)),
}  # fmt: skip
_CID, _DEFAULT_TIMEOUT, _RING, _NO_CARRIER, _SKIP_NAME = 0, 3, 5, 6, 7  # places in #SSLCFG


@dataclass(slots=True)
class Clients:
    """The profiles of the HTTP client that take the secure socket."""

    profiles: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class General:
    """What #SSLCFG says: of times in 100 ms, of modes as numbers."""

    cid: int
    timeout: int
    ring: int
    no_carrier: int
    skip_name: bool


def _values(core: Core, name: str) -> list[str]:
    return core.kept.get(name, _SETTINGS[name].default).split(",")


def general(core: Core) -> General:
    values = [int(value) for value in _values(core, "#SSLCFG")]
    return General(
        values[_CID], values[_DEFAULT_TIMEOUT], values[_RING], values[_NO_CARRIER],
        bool(values[_SKIP_NAME]),
    )  # fmt: skip


def enabled(core: Core) -> bool:
    """Whether #SSLEN has the secure socket ready for #SSLD."""
    return core.kept.get("#SSLEN") == "1"


def take(core: Core, profile: int, wanted: bool) -> None:
    """The HTTP client takes the secure socket, or gives it back. Raises CME 1003."""
    profiles = core.part(Clients).profiles
    if not wanted:
        profiles.discard(profile)
    elif enabled(core):
        raise AtError(SslError.ALREADY_ACTIVATED)
    else:
        profiles.add(profile)


def wish(core: Core, host: str) -> TlsWish:
    """How a connection to ``host`` is made. Raises CME 1001 when there is no CA to verify with."""
    verified = _values(core, "#SSLSECCFG")[1] == "1"
    checked = not general(core).skip_name
    asked = _values(core, "#SSLSECCFG2")[1] == "1"
    made = TlsWish(
        name=host if asked else "",
        anchors=core.kept.get(_key(_CA), "").encode("latin-1") if verified else None,
        check_time=True,
        expected=host if verified and checked else "",
    )
    try:
        made.context()
    except (ssl.SSLError, ValueError):
        raise AtError(SslError.CERTIFICATES) from None
    return made


def need_active(core: Core) -> None:
    """Raises CME 1000 while nobody has the secure socket."""
    if not enabled(core) and not core.part(Clients).profiles:
        raise AtError(SslError.NOT_ACTIVATED)


def _enable(core: Core, command: Command) -> Info:
    number(command, 0, 1, 1)
    wanted = number(command, 1, 0, 1) == 1
    if wanted and (enabled(core) or core.part(Clients).profiles):
        raise AtError(SslError.ALREADY_ACTIVATED)
    if not wanted and not enabled(core):
        raise AtError(SslError.NOT_ACTIVATED)
    if not wanted and NUMBER in core.sockets.open:
        raise AtError(SslError.ALREADY_CONNECTED)
    core.kept["#SSLEN"] = str(int(wanted))
    return None


def _enabled(core: Core, command: Command) -> Info:
    return [f"#SSLEN: 1,{int(enabled(core))}"]


def _setting(name: str) -> Entry:
    setting = _SETTINGS[name]

    def read(core: Core, command: Command) -> Info:
        need_active(core)
        return [f"{name}: 1,{','.join(_values(core, name))}"]

    def write(core: Core, command: Command) -> Info:
        number(command, 0, 1, 1)
        need_active(core)
        given = command.params[1:]
        if not all(f.accepts(p) for f, p in zip(setting.fields, given, strict=False) if p):
            raise Unknown
        core.kept[name] = setting.merge(",".join(_values(core, name)), given)
        return None

    return Entry(read=read, set=write, test=says(f"{name}: (1),{setting.shown}"))


def _key(kind: int) -> str:
    return f"#SSLSECDATA:{kind}"


async def _store(core: Core, kind: int, size: int) -> Info:
    """Text up to Ctrl-Z; what is there already is replaced (assumed)."""
    data = await core.ask("\r\n> ", None, timeout_s=60.0, echo=core.reader.echo)
    if data is None or len(data) != size:
        raise AtError
    core.kept[_key(kind)] = data.decode("latin-1")
    return None


async def _data(core: Core, command: Command) -> Info:
    """<Action> 0 deletes, 1 stores, 2 reads. A key's own form of reading is not there."""
    number(command, 0, 1, 1)
    action, kind = number(command, 1, 0, 2), number(command, 2, 0, 2)
    need_active(core)
    if action == 1:
        return await _store(core, kind, number(command, 3, 1, _LARGEST))
    if action == 0:
        if core.kept.pop(_key(kind), None) is None:
            raise AtError(SslError.CERTIFICATES)
        return None
    if kind > _CA:
        raise Unknown
    stored = core.kept.get(_key(kind), "No data stored")
    return [f"#SSLSECDATA: 1,{kind}\r\n{stored}"]


def _stored(core: Core, command: Command) -> Info:
    need_active(core)
    return ["#SSLSECDATA: 1," + ",".join(str(int(_key(kind) in core.kept)) for kind in range(3))]


COMMANDS: CommandTable = {
    "#SSLEN": Entry(read=_enabled, set=_enable, test=says("#SSLEN: (1),(0,1)")),
    **{name: _setting(name) for name in _SETTINGS},
    "#SSLSECDATA": Entry(
        read=_stored, set=_data, test=says(f"#SSLSECDATA: (1),(0-2),(0-2),(1-{_LARGEST})")
    ),
}
