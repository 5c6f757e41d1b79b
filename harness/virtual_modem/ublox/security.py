"""+USECPRF: profiles of how TLS connections are made (sources as in ``certificates``).

A profile goes with the power. Level 2 compares the certificate with the expected host name, not
with the host that is connected to; level 3 adds the validity. What a profile asks for by SNI is a
setting of its own, which SARA-U2 lacks (UBX-13002752 R62 §26.3.4). Not there: client certificates,
suites of the host's choice, pre-shared keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import Field, Setting, like, ranged
from harness.virtual_modem.results import Unknown
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says
from harness.virtual_modem.tls import TlsWish
from harness.virtual_modem.ublox.certificates import NAME, anchors

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

PROFILES = 4  #: the highest number
_LEVEL, _VERSION, _SUITE, _CA, _HOST, _SNI = 0, 1, 2, 3, 4, 10


def _string(most: int) -> Field:
    return like(rf"[^\"]{{0,{most}}}", "<string>", quoted=True)


_SETTINGS: Mapping[int, Setting] = {
    _LEVEL: Setting("0", (ranged("0-3"),)),
    _VERSION: Setting("0", (ranged("0-3"),)),
    _SUITE: Setting("0", (ranged("0"),)),
    _CA: Setting('""', (_string(NAME),)),
    _HOST: Setting('""', (_string(256),)),
    _SNI: Setting('""', (_string(128),)),
}


def _key(profile: int, code: int) -> str:
    return f"+USECPRF={profile},{code}"


def wish(core: Core, profile: int | None) -> TlsWish:
    """How a connection is made; None is the profile that nobody can change."""
    if profile is None:
        return TlsWish()

    def setting(code: int) -> str:
        return core.values.get(_key(profile, code), _SETTINGS[code].default).strip('"')

    level = int(setting(_LEVEL))
    return TlsWish(
        name=setting(_SNI),
        anchors=anchors(core, setting(_CA)) if level else None,
        check_time=level >= 3,
        expected=setting(_HOST) if level >= 2 else "",
    )


def commands(*, sni: bool = True, exact_version: bool = False) -> CommandTable:
    """The table; ``exact_version``: a version is the only one, which is told of 2G and 3G, and
    those below 1.2 are not there then."""
    known = dict(_SETTINGS)
    if not sni:
        del known[_SNI]
    if exact_version:
        known[_VERSION] = Setting("0", (ranged("0,3"),))

    def manage(core: Core, command: Command) -> Info:
        profile = number(command, 0, 0, PROFILES)
        if len(command.params) == 1:
            for code in known:
                core.values.pop(_key(profile, code), None)
            return None
        code = number(command, 1, 0, 99)
        if code not in known:
            raise Unknown
        key, setting = _key(profile, code), known[code]
        before = core.values.get(key, setting.default)
        given = command.params[2:]
        if not given:
            return [f"+USECPRF: {profile},{code},{before}"]
        if given[0] is not None and not setting.fields[0].accepts(given[0]):
            raise Unknown
        core.values[key] = setting.merge(before, given)
        return None

    codes = ",".join(str(code) for code in known)
    return {"+USECPRF": Entry(set=manage, test=says(f"+USECPRF: (0-{PROFILES}),({codes})"))}
