"""The settings that AT&W stores and ATZ brings back (V.250 §6.1, Quectel AT manual).

Which settings belong to the profile follows the Quectel manuals' list for AT&W; the baud rate is
in it, and is applied at power-up only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

#: Basic commands and S registers with a number: lowest, highest and factory value.
BASIC: Mapping[str, tuple[int, int, int]] = {
    "X": (0, 4, 4), "&C": (0, 1, 1), "&D": (0, 2, 2),
    "S0": (0, 255, 0), "S3": (0, 127, 13), "S4": (0, 127, 10), "S5": (0, 127, 8),
    "S7": (1, 255, 60),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """As the factory made it, unless told otherwise. ``baud`` None is the line's own rate."""

    echo: bool = True
    verbose: bool = True
    quiet: bool = False
    cmee: int = 0
    basic: Mapping[str, int] = field(default_factory=dict)
    registration: Mapping[str, int] = field(default_factory=dict)
    baud: int | None = None


def factory(core: Core) -> Profile:
    """What AT&F brings back, and what a modem that nobody configured starts with."""
    return Profile(echo=core.family.echo)


def current(core: Core) -> Profile:
    """What AT&W stores."""
    return Profile(
        core.reader.echo, core.verbose, core.quiet, core.cmee,
        dict(core.basic), dict(core.radio.modes), core.baud,
    )  # fmt: skip


def recall(core: Core, profile: Profile) -> None:
    """Put the profile into force, except its baud rate."""
    core.reader.echo, core.verbose, core.quiet = profile.echo, profile.verbose, profile.quiet
    core.cmee = profile.cmee
    core.basic = {name: factory for name, (_, _, factory) in BASIC.items()} | dict(profile.basic)
    for name in core.radio.modes:
        core.radio.modes[name] = profile.registration.get(name, 0)
