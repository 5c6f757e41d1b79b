"""SenML packs (RFC 8428, JSON): write the uplink's, read the downlink's."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from .faults import Faults

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured at one moment.

    ``taken_s`` is the device's monotonic clock; ``bt`` the absolute time in seconds since 1970
    when the device had a clock it can trust, else None.
    """

    records: tuple[Record, ...]
    taken_s: float
    bt: float | None = None


def urn_of(identifier: str) -> str:
    """``urn:dev:IMEI:<imei>:`` or ``urn:dev:DVNUUID:<uuid>:`` (SENML-BN-M2M, SENML-BN-IP)."""
    kind = "DVNUUID" if "-" in identifier else "IMEI"
    return f"urn:dev:{kind}:{identifier}:"


def base_name(identifier: str, faults: Faults) -> str:
    """The device's own, with its trailing colon."""
    if "wrong-imei" in faults:
        identifier = identifier[:-1] + str((int(identifier[-1], 16) + 1) % 10)
    if "missing-colon" in faults:
        return urn_of(identifier)[:-1]
    return urn_of(identifier)


def build(identifier: str, readings: list[Reading], now_s: float, faults: Faults) -> bytes:
    """Write one pack, the oldest reading first, base fields merged into the first record.

    The last reading gives ``bt``, or there is none and the platform takes the moment of receipt
    (BT-DEFAULT, BT-CLOCKLESS). An older reading keeps its moment by a relative ``t`` (BT-RELATIVE).
    Raises ValueError for a number that JSON cannot hold.
    """
    bt = readings[-1].bt
    if "bt-1970" in faults:
        bt = round(now_s) % 86400
    if "bt-milliseconds" in faults:
        bt = round((bt or time.time()) * 1000)
    records: list[Record] = []
    for reading in readings:
        records += _shifted(reading, readings[-1], now_s)
    if "value-missing" in faults:
        records = [
            {k: v for k, v in r.items() if k not in ("v", "vb", "vs", "vd")} for r in records
        ]
    base: Record = {"bn": base_name(identifier, faults)}
    if bt is not None:
        base["bt"] = bt
    first, *others = records or [{}]
    spaced = "spaced-body" in faults or "hash-stripped-body" in faults
    return json.dumps(
        [base | first, *others],
        separators=(", ", ": ") if spaced else (",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode()


def _shifted(reading: Reading, newest: Reading, now_s: float) -> list[Record]:
    if reading is newest:
        return [dict(record) for record in reading.records]
    if reading.bt is not None and newest.bt is not None:
        shift = round(reading.bt - newest.bt, 3)
    else:
        shift = -round(now_s - reading.taken_s, 1)
    return [record | {"t": record.get("t", 0) + shift} for record in reading.records]


def read_downlink(body: bytes, identifier: str, faults: Faults) -> list[Record]:
    """Return the pack's records with ``bn`` resolved away; base-only records vanish.

    Keys may come in any order, base fields alone or merged with the first measurement (DL-SENML).
    Raises ValueError for a body that is no pack, or a pack for another device.
    """
    pack = json.loads(body)
    if not isinstance(pack, list) or not all(isinstance(record, dict) for record in pack):
        raise ValueError("the downlink is not an array of records")
    mine = urn_of(identifier)
    found: list[Record] = []
    prefix = ""
    for position, record in enumerate(pack):
        prefix = record.get("bn", prefix)
        if position == 0 and "first-record-is-base" in faults:
            continue
        measured = {k: v for k, v in record.items() if k in ("u", "t", "v", "vb", "vs", "vd")}
        if "n" not in record and not measured:
            continue
        name = f"{prefix}{record.get('n', '')}"
        if name.startswith("urn:dev:") and not name.startswith(mine):
            raise ValueError(f"the downlink is for another device: {prefix}")
        found.append({"n": name.removeprefix(mine)} | measured)
    return found
