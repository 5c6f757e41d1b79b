"""What a modem family states: its commands, names, and unsolicited codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.virtual_modem.fields import Setting
from harness.virtual_modem.sms_store import Stored
from harness.virtual_modem.table import CommandTable

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


@dataclass(frozen=True, slots=True)
class Model:
    """In what the models of a family differ."""

    revision: str  #: +CGMR
    sub_revision: str  #: what +QGMR adds
    access: str  #: LTE-M in +QNWINFO and +QCSQ
    reactivates: bool  #: a second +QIACT for an active context is no error
    config: Mapping[str, Setting]  #: keys of +QCFG


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """How long a command takes, in seconds: usually, and at most by the manual."""

    typical_s: float
    maximum_s: float


@dataclass(frozen=True, slots=True)
class Family:
    """``models`` by name; the first is the default. ``response_times`` has commands that are not
    answered within ``response_time``."""

    name: str
    manufacturer: str
    models: Mapping[str, Model]
    commands: CommandTable
    boot_urcs: Callable[[Core], Sequence[str]]
    forward: Callable[[Core, Stored], Sequence[str]]  #: +CMT lines of a forwarded SMS
    report: Callable[[Core, Stored], Sequence[str]]  #: +CDS lines of a status report
    power_down: str
    response_time: ResponseTime
    response_times: Mapping[str, ResponseTime]

    def model(self, wanted: str | None) -> str:
        return wanted or next(iter(self.models))
