"""Error numbers of 3GPP TS 27.007 §9.2 (CME) and TS 27.005 §3.2.5 (CMS)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CME: Mapping[int, str] = MappingProxyType({
    0: "phone failure", 3: "operation not allowed", 4: "operation not supported",
    5: "PH-SIM PIN required", 10: "SIM not inserted", 11: "SIM PIN required",
    12: "SIM PUK required", 13: "SIM failure", 14: "SIM busy", 15: "SIM wrong",
    16: "incorrect password", 20: "memory full", 21: "invalid index", 22: "not found",
    23: "memory failure", 30: "no network service", 31: "network timeout",
    32: "network not allowed - emergency calls only", 50: "incorrect parameters", 100: "unknown",
    103: "illegal MS", 106: "illegal ME", 107: "GPRS services not allowed",
    111: "PLMN not allowed", 112: "location area not allowed",
    113: "roaming not allowed in this location area", 132: "service option not supported",
    133: "requested service option not subscribed", 134: "service option temporarily out of order",
    148: "unspecified GPRS error", 149: "PDP authentication failure",
})  # fmt: skip

CMS: Mapping[int, str] = MappingProxyType({
    300: "ME failure", 301: "SMS service of ME reserved", 302: "operation not allowed",
    303: "operation not supported", 304: "invalid PDU mode parameter",
    305: "invalid text mode parameter", 310: "SIM not inserted", 311: "SIM PIN required",
    313: "SIM failure", 314: "SIM busy", 320: "memory failure", 321: "invalid memory index",
    322: "memory full", 330: "SMSC address unknown", 331: "no network service",
    332: "network timeout", 340: "no +CNMA acknowledgement expected", 500: "unknown error",
})  # fmt: skip


def error_number(final: str, table: Mapping[int, str]) -> int | None:
    """The number in ``+CME ERROR: 10`` or ``+CME ERROR: SIM not inserted``; None if unknown."""
    text = final.partition(":")[2].strip()
    if text.isascii() and text.isdigit():
        return int(text)
    wanted = text.lower()
    return next((code for code, name in table.items() if name.lower() == wanted), None)
