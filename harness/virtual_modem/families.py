"""The families by name."""

from __future__ import annotations

from collections.abc import Mapping

from harness.virtual_modem.family import Family
from harness.virtual_modem.generic import Generic
from harness.virtual_modem.nordic.slm import NordicSlm
from harness.virtual_modem.quectel.bg import QuectelBg
from harness.virtual_modem.quectel.ec import QuectelEc
from harness.virtual_modem.sierra.hl78 import SierraHl78
from harness.virtual_modem.simcom.families import Sim800, Sim7000, Sim7080, Sim7600, SimA76
from harness.virtual_modem.telit.me910 import TelitMe910
from harness.virtual_modem.ublox.sara import SaraR4, SaraR5, SaraU2

_ALL: tuple[Family, ...] = (
    Generic(),
    NordicSlm(),
    QuectelBg(),
    QuectelEc(),
    SierraHl78(),
    Sim800(),
    Sim7000(),
    Sim7080(),
    Sim7600(),
    SimA76(),
    TelitMe910(),
    SaraR4(),
    SaraR5(),
    SaraU2(),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in _ALL}
