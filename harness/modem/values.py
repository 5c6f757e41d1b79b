"""Values that drivers hand out."""

from __future__ import annotations

from dataclasses import dataclass

from harness.at.sms_pdu import Concatenation


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the modem and its SIM are; ``imei`` 15 digits, ``iccid`` without filler ``F``."""

    manufacturer: str
    model: str
    revision: str
    imei: str
    iccid: str
    imsi: str


@dataclass(frozen=True, slots=True)
class Signal:
    """None when not known: ``rssi_dbm`` of +CSQ (27.007 §8.5), ``rsrp_dbm`` of +CESQ (§8.69)."""

    rssi_dbm: int | None
    ber: int | None
    rsrp_dbm: int | None = None


@dataclass(frozen=True, slots=True)
class Sms:
    """A message as the modem shows it; ``timestamp`` as on the wire in text mode.

    ``index`` is -1 for one that was handed over without being stored.
    """

    index: int
    status: str
    sender: str
    text: str
    timestamp: str
    part: Concatenation | None = None


@dataclass(frozen=True, slots=True)
class UnreadableSms:
    """A stored message that could not be decoded: a status report, or broken."""

    index: int
    pdu: str
    reason: str


# NET-APN: which access point a SIM type uses.
APN_BY_SIM = (
    ("regular", "kpnthings.iot"), ("comarch", "kpnthings.iot"), ("plus", "kpnthings2.m2m"),
    ("early-access", "kpnthings2.m2m"), ("jasper", "kpnthings2.m2m"),
)  # fmt: skip


def apn_of(sim_type: str) -> str:
    """The APN (NET-APN); raises :class:`KeyError` for an unknown SIM type."""
    return dict(APN_BY_SIM)[sim_type]
