"""Who uses the PDP context of +NETOPEN and +CCHSTART.

Each of them activates it when it has to, and it goes down with the last of them (assumed: the
manuals say that both commands activate the context, and nothing of both at once).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.virtual_modem.radio import Context
from harness.virtual_modem.simcom.packet import up

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

CID = 1


@dataclass(slots=True)
class _Users:
    names: set[str] = field(default_factory=set)


def started(core: Core, user: str) -> bool:
    return user in core.part(_Users).names


def start(core: Core, user: str) -> bool:
    """False when the network refuses the context."""
    if not up(core, CID, core.radio.contexts.get(CID, Context()).apn):
        return False
    core.part(_Users).names.add(user)
    return True


def stop(core: Core, user: str) -> None:
    """``user`` has closed its connections."""
    users = core.part(_Users).names
    users.discard(user)
    if not users:
        core.radio.deactivate(CID)


def lost(core: Core, user: str) -> bool:
    """The network took the context away: whether ``user`` had it."""
    users = core.part(_Users).names
    had = user in users
    users.discard(user)
    return had
