"""Downlinks: a queue per device, and which of them goes with the next response.

Only a downlink in status Executing is sent (DL-EXECUTING), one per response (DL-ONE), oldest first.
Of the statuses, ``Executing`` and ``FAILED`` are documented (facts §5); the life-cycle is assumed::

    Queued ─▶ Executing ─▶ Succeeded      (its response was written in full)
                  │  ▲
                  │  └── connection lost before that: still Executing, goes with the next uplink
                  └────▶ Failed
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

from harness.errors import UsageError

Shape = Literal["separate", "merged"]
Record = Mapping[str, Any]

_VALUES = ("v", "vb", "vs", "vd")
# The vendor's SDK needs the name before the value in each record (facts §5).
_ORDER = ("bn", "bt", "bu", "n", "u", "t", "v", "vb", "vs", "vd")


class DownlinkStatus(StrEnum):
    """Where a downlink is in its life."""

    QUEUED = "Queued"
    EXECUTING = "Executing"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"

    @classmethod
    def read(cls, text: str) -> DownlinkStatus:
        """The status of that name, whatever its case. Raises :class:`UsageError`."""
        for status in cls:
            if status.value.lower() == text.lower():
                return status
        names = ", ".join(status.value for status in cls)
        raise UsageError(f"a downlink has no status {text!r}; it is one of {names}")


@dataclass(frozen=True, slots=True)
class Downlink:
    """One downlink as it stands: ``exchange`` is the number of the request whose response it
    travelled in last, ``sent`` how often it was put into a response."""

    id: str
    device: str
    records: tuple[Record, ...]
    status: DownlinkStatus
    shape: Shape
    exchange: int | None = None
    sent: int = 0

    def body(self, base_name: str) -> bytes:
        """The SenML pack of this downlink (DL-SENML), without white space."""
        records = [dict(record) for record in self.records]
        if self.shape == "separate" or not records:
            records.insert(0, {"bn": base_name})
        else:
            records[0] = {"bn": base_name, **records[0]}
        ordered = [
            {key: record[key] for key in (*_ORDER, *record) if key in record} for record in records
        ]
        return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()


class DownlinkQueue:
    """All downlinks of all devices. Thread-safe. ``changed`` is told of every new state."""

    def __init__(self, changed: Callable[[Downlink], object]) -> None:
        self._lock = threading.RLock()
        self._changed = changed
        self._all: dict[str, Downlink] = {}
        self._numbers = itertools.count(1)
        self._in_flight: set[str] = set()
        self.waiting = 0
        """How many downlinks are Executing: 0 lets the hot path skip the queue."""

    def add(
        self, device: str, records: Sequence[Record], status: DownlinkStatus, shape: Shape
    ) -> Downlink:
        """Queue a downlink. Raises :class:`UsageError` for records that are no SenML."""
        checked = tuple(_checked(index, record) for index, record in enumerate(records))
        if not checked:
            raise UsageError("a downlink needs at least one record")
        if shape not in ("separate", "merged"):
            raise UsageError(f"downlink shape {shape!r}: use `separate` or `merged`")
        with self._lock:
            downlink = Downlink(f"dl-{next(self._numbers)}", device, checked, status, shape)
            return self._store(downlink)

    def all(self, device: str | None = None) -> list[Downlink]:
        with self._lock:
            return [d for d in self._all.values() if device is None or d.device == device]

    def set_status(self, ident: str, status: DownlinkStatus) -> Downlink:
        """Raises :class:`UsageError` when there is no such downlink."""
        with self._lock:
            if ident not in self._all:
                raise UsageError(f"there is no downlink {ident!r}")
            return self._store(replace(self._all[ident], status=status))

    def take(self, device: str, exchange: int) -> Downlink | None:
        """The downlink that goes with this response; it is in flight until settled."""
        with self._lock:
            for downlink in self._all.values():
                if (
                    downlink.device == device
                    and downlink.status is DownlinkStatus.EXECUTING
                    and downlink.id not in self._in_flight
                ):
                    self._in_flight.add(downlink.id)
                    return self._store(replace(downlink, exchange=exchange, sent=downlink.sent + 1))
        return None

    def settle(self, ident: str, status: DownlinkStatus | None) -> None:
        """It is no longer in flight; its status becomes ``status`` unless that is None or
        somebody has changed it meanwhile."""
        with self._lock:
            self._in_flight.discard(ident)
            downlink = self._all[ident]
            if status is not None and downlink.status is DownlinkStatus.EXECUTING:
                self._store(replace(downlink, status=status))

    def _store(self, downlink: Downlink) -> Downlink:
        self._all[downlink.id] = downlink
        self.waiting = sum(d.status is DownlinkStatus.EXECUTING for d in self._all.values())
        self._changed(downlink)
        return downlink


def _checked(index: int, record: Record) -> Record:
    where = f"record {index + 1} of the downlink"
    if not isinstance(record, Mapping):
        raise UsageError(f"{where} is no object: {record!r}")
    if "bn" in record:
        raise UsageError(f"{where} has a base name; the platform adds the device's own")
    if not isinstance(record.get("n"), str) or not record["n"]:
        raise UsageError(f"{where} needs a name `n`")
    values = [key for key in _VALUES if key in record]
    if len(values) != 1:
        raise UsageError(f"{where} needs exactly one of v, vb, vs, vd, it has {len(values)}")
    value = record[values[0]]
    kinds: tuple[type, ...] = {"v": (int, float), "vb": (bool,)}.get(values[0], (str,))
    if not isinstance(value, kinds) or (values[0] == "v" and isinstance(value, bool)):
        raise UsageError(f"{where}: {value!r} is no value for `{values[0]}`")
    return dict(record)
