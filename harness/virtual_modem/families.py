"""The families by name."""

from __future__ import annotations

from collections.abc import Mapping

from harness.virtual_modem.family import Family
from harness.virtual_modem.generic import Generic
from harness.virtual_modem.quectel.bg import QuectelBg
from harness.virtual_modem.quectel.ec import QuectelEc
from harness.virtual_modem.telit.me910 import TelitMe910

_ALL: tuple[Family, ...] = (
    Generic(),
    QuectelBg(),
    QuectelEc(),
    TelitMe910(),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in _ALL}
