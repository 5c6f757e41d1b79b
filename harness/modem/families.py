"""The families by name, and which of them a modem belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.clock import NO_WORK, WorkCounter
from harness.errors import UsageError
from harness.evidence import Recorder
from harness.line import AtChannel, PortSettings
from harness.modem.core import Modem
from harness.modem.generic import Generic
from harness.modem.nordic_slm import NordicSlm
from harness.modem.quectel_bg import QuectelBg
from harness.modem.quectel_ec import QuectelEc
from harness.modem.sierra_hl78 import SierraHl78
from harness.modem.simcom_800 import Simcom800
from harness.modem.simcom_7000 import Simcom7000
from harness.modem.simcom_7080 import Simcom7080
from harness.modem.simcom_7600 import Simcom7600, SimcomA76
from harness.modem.telit_me910 import TelitMe910
from harness.modem.ublox_sara import SaraR4, SaraR5, SaraU2

_DRIVERS: tuple[type[Modem], ...] = (
    Generic,
    NordicSlm,
    QuectelBg,
    QuectelEc,
    Simcom7600,
    SimcomA76,
    Simcom7080,
    Simcom800,
    Simcom7000,
    SierraHl78,
    TelitMe910,
    SaraR4,
    SaraR5,
    SaraU2,
)
FAMILIES: Mapping[str, type[Modem]] = {driver.family: driver for driver in _DRIVERS}


def recognise(manufacturer: str, model: str) -> str:
    """The family that claims this +CGMI and +CGMM answer; ``3gpp`` when none does."""
    for name, driver in FAMILIES.items():
        able = driver.abilities
        if (
            driver is not Generic
            and re.search(able.makers, manufacturer, re.IGNORECASE)
            and re.search(able.claims, model, re.IGNORECASE)
        ):
            return name
    return Generic.family


def driver_of(family: str) -> type[Modem]:
    """Raises :class:`UsageError` for a family that nobody wrote a driver for."""
    if family not in FAMILIES:
        raise UsageError(
            f"no driver for modem family {family!r} (known: {', '.join(sorted(FAMILIES))})"
        )
    return FAMILIES[family]


def open_modem(
    family: str,
    url: str,
    *,
    name: str = "modem",
    recorder: Recorder | None = None,
    work: WorkCounter = NO_WORK,
    settings: PortSettings | None = None,
) -> Modem:
    """Open the line and bind the family's driver; nothing is sent yet.

    Raises :class:`UsageError` for an unknown family, and the line's errors.
    """
    driver = driver_of(family)
    return driver(
        AtChannel(url, driver.dialect, name=name, recorder=recorder, work=work, settings=settings)
    )
