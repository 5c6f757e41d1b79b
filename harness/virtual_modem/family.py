"""What a modem family states: its commands, names, and unsolicited codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.virtual_modem.sms_store import Stored
from harness.virtual_modem.table import CommandTable

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


@dataclass(frozen=True, slots=True)
class Family:
    """``models`` maps a model to its firmware revision; the first is the default."""

    name: str
    manufacturer: str
    models: Mapping[str, str]
    commands: CommandTable
    boot_urcs: Callable[[Core], Sequence[str]]
    forward: Callable[[Core, Stored], Sequence[str]]  #: +CMT lines of a forwarded SMS
    power_down: str

    def model(self, wanted: str | None) -> str:
        return wanted or next(iter(self.models))
