"""Packet switched data profiles, +UPSD, +UPSDA and +UPSND (SARA-R5, SARA-U2 AT manuals).

On SARA-R5 a profile maps onto a PDP context (parameter 100) and tells with +UUPSDA when it can be
used; on SARA-U2 and SARA-G3 it has the APN itself, and the activation takes as long as it takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.radio import Context, NotActivated
from harness.virtual_modem.results import AtError
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_APN, _USER, _PASSWORD, _MAPPED = 1, 2, 3, 100
_RESET, _STORE, _LOAD, _ACTIVATE, _DEACTIVATE = range(5)


@dataclass(slots=True)
class Profiles:
    """Parameters that were set, by profile; ``active`` are those that were activated."""

    parameters: dict[int, dict[int, str]] = field(default_factory=dict)
    active: set[int] = field(default_factory=set)

    def of(self, profile: int) -> dict[int, str]:
        return self.parameters.setdefault(profile, {})


def _profiles(core: Core) -> Profiles:
    return core.part(Profiles)


def _context(core: Core, profile: int) -> int:
    mapped = _profiles(core).of(profile).get(_MAPPED, "")
    return int(mapped) if mapped.isdecimal() else 1


def _set(core: Core, command: Command) -> Info:
    profile, tag = number(command, 0, 0, 6), number(command, 1, 0, 100)
    parameters = _profiles(core).of(profile)
    if len(command.params) < 3:
        return [f'+UPSD: {profile},{tag},"{parameters.get(tag, "")}"']
    parameters[tag] = text(command, 2)
    return None


def _define(core: Core, profile: int) -> int:
    """The context that the profile stands for; one with an APN of its own defines it."""
    parameters, cid = _profiles(core).of(profile), _context(core, profile)
    if _APN in parameters:
        user, password = parameters.get(_USER, ""), parameters.get(_PASSWORD, "")
        core.radio.define(cid, Context("IP", parameters[_APN], user, password))
    return cid


def _action(asynchronous: bool) -> Entry:
    def act(core: Core, command: Command) -> Info:
        profile, action = number(command, 0, 0, 6), number(command, 1, 0, 4)
        profiles = _profiles(core)
        if action == _RESET:
            profiles.parameters.pop(profile, None)
        elif action == _ACTIVATE:
            _activate(core, profile)
            if asynchronous:
                address = core.subscription.address
                core.after_final(lambda: core.urc(f'+UUPSDA: 0,"{address}"'))
        elif action == _DEACTIVATE:
            if profile not in profiles.active:
                raise AtError(3)
            profiles.active.discard(profile)
            core.radio.deactivate(_context(core, profile))
        return None

    return Entry(set=act, test=says("+UPSDA: (0-6),(0-4)"))


def _activate(core: Core, profile: int) -> None:
    cid = _define(core, profile)
    context = core.radio.contexts.get(cid)
    if not (context is not None and context.active):
        try:
            core.radio.activate(cid)
        except NotActivated:
            raise AtError(148) from None
    _profiles(core).active.add(profile)


def _status(core: Core, command: Command) -> Info:
    """+UPSND=<profile>,<what>: 0 the address, 1 and 2 DNS, 8 whether it is active."""
    profile, what = number(command, 0, 0, 6), number(command, 1, 0, 20)
    context = core.radio.contexts.get(_context(core, profile))
    active = profile in _profiles(core).active and context is not None and context.active
    if what == 8:
        return [f"+UPSND: {profile},8,{int(active)}"]
    if what not in (0, 1, 2) or not active:
        raise AtError(3)
    shown = core.subscription.address if what == 0 else "0.0.0.0"
    return [f'+UPSND: {profile},{what},"{shown}"']


def lost(core: Core, cid: int) -> None:
    """The network ended the context: +UUPSDD for its profiles."""
    profiles = _profiles(core)
    for profile in sorted(profiles.active):
        if _context(core, profile) == cid:
            profiles.active.discard(profile)
            core.urc(f"+UUPSDD: {profile}")


def commands(*, asynchronous: bool) -> CommandTable:
    """The table; ``asynchronous``: the activation is reported with +UUPSDA."""
    return {
        "+UPSD": Entry(set=_set, test=says("+UPSD: (0-6),(0-19,100)")),
        "+UPSDA": _action(asynchronous),
        "+UPSND": Entry(set=_status, test=says("+UPSND: (0-6),(0-8)")),
    }
