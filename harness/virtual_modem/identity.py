"""Who a virtual modem is, and what its SIM may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: NET-APN: the access point names that the network accepts, per SIM type.
APNS_BY_SIM: Mapping[str, frozenset[str]] = {
    "regular": frozenset({"kpnthings.iot"}),
    "comarch": frozenset({"kpnthings.iot"}),
    "plus": frozenset({"kpnthings2.m2m"}),
    "early-access": frozenset({"kpnthings2.m2m"}),
    "jasper": frozenset({"kpnthings2.m2m"}),
}


@dataclass(frozen=True, slots=True)
class ModemIdentity:
    """The numbers and names a modem and its SIM answer with. ``model`` None takes the family's."""

    imei: str = "356726104408422"
    iccid: str = "8931041010654378930"
    imsi: str = "204080000000001"
    msisdn: str = "+3197012345678"
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """What the network lets the SIM do. ``pin`` is asked for at power-up when it is set."""

    apns: frozenset[str] = APNS_BY_SIM["regular"]
    address: str = "10.64.0.2"
    sms: bool = True
    pin: str | None = None
    present: bool = True

    @classmethod
    def of(cls, sim: str, address: str = "10.64.0.2", *, pin: str | None = None) -> Subscription:
        """The subscription of a SIM type (``regular``, ``plus`` …); ValueError for others."""
        if sim not in APNS_BY_SIM:
            raise ValueError(f"no SIM type {sim!r} (known: {', '.join(APNS_BY_SIM)})")
        return cls(APNS_BY_SIM[sim], address, pin=pin)
