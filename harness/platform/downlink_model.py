"""A downlink: what it carries, where it is in its life, and how it came there.

Of the statuses, ``Executing`` and ``FAILED`` are documented (facts §5); the life-cycle is assumed::

    Queued ◀──▶ Executing ──▶ Succeeded
       │            │
       └────────────┴───────▶ Failed

Queued waits for nothing but an order; Executing goes with the next accepted uplink, and with the
one after it when its response was not written in full. Succeeded and Failed are final.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from harness.clock.scenario import from_ns
from harness.errors import HilError, UsageError

Shape = Literal["separate", "merged"]
Style = Literal["control", "actuator", "raw"]
Way = Literal["http", "mqtt"]
Record = Mapping[str, Any]

HISTORY_LIMIT = 100
"""So many transitions of a downlink are kept, the newest: a connection may be lost for days."""

_VALUES = ("v", "vb", "vs", "vd")
# The vendor's SDK needs the name before the value in each record (facts §5).
_ORDER = ("bn", "bt", "bu", "n", "u", "t", "v", "vb", "vs", "vd")


class TransitionRefused(HilError):
    """A downlink cannot go from the status it has to the one asked for."""


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

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return not NEXT[self]


NEXT: Mapping[DownlinkStatus, frozenset[DownlinkStatus]] = {
    DownlinkStatus.QUEUED: frozenset({DownlinkStatus.EXECUTING, DownlinkStatus.FAILED}),
    DownlinkStatus.EXECUTING: frozenset(
        {DownlinkStatus.QUEUED, DownlinkStatus.SUCCEEDED, DownlinkStatus.FAILED}
    ),
    DownlinkStatus.SUCCEEDED: frozenset(),
    DownlinkStatus.FAILED: frozenset(),
}
"""What may follow a status (assumed; see the module)."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One moment of a downlink's life. ``before`` is None at its beginning, and equals ``after``
    when something happened that left the status as it was (put into a response, connection lost).

    ``at_ns`` is scenario time since 1970.
    """

    at_ns: int
    before: str | None
    after: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "at": shown_moment(self.at_ns),
            "from": self.before,
            "to": self.after,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Downlink:
    """One downlink as it stands: ``exchange`` is the number of the request whose response it
    travelled in last, ``sent`` how often it was put into a response.

    ``style`` is how it was submitted; ``tag`` a label that its sender gave it. A raw one has its
    bytes in ``raw`` and no records. ``only_by`` is the one way it may go, None for that of the
    next uplink; ``went_by`` the way it went last. ``created_ns``, ``modified_ns``: scenario time
    since 1970.
    ``history`` is oldest first, the newest :data:`HISTORY_LIMIT` of it.
    """

    id: str
    device: str
    records: tuple[Record, ...]
    status: DownlinkStatus
    shape: Shape
    exchange: int | None = None
    sent: int = 0
    created_ns: int = 0
    modified_ns: int = 0
    history: tuple[Transition, ...] = field(default=(), repr=False)
    tag: str = ""
    style: Style = "control"
    raw: bytes | None = None
    only_by: Way | None = None
    went_by: Way | None = None

    def body(self, base_name: str) -> bytes:
        """What the device gets: the SenML pack of this downlink (DL-SENML), without white space; a
        raw one's bytes as they were submitted."""
        if self.raw is not None:
            return self.raw
        records = [dict(record) for record in self.records]
        if self.shape == "separate" or not records:
            records.insert(0, {"bn": base_name})
        else:
            records[0] = {"bn": base_name, **records[0]}
        ordered = [
            {key: record[key] for key in (*_ORDER, *record) if key in record} for record in records
        ]
        return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, as the control API shows it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "device": self.device,
            "status": self.status.value,
            "records": [dict(record) for record in self.records],
            "shape": self.shape,
            "exchange": self.exchange,
            "sent": self.sent,
            "created": shown_moment(self.created_ns),
            "modified": shown_moment(self.modified_ns),
            "style": self.style,
            "tag": self.tag,
            "transitions": [transition.as_dict() for transition in self.history],
        }
        return shown if self.raw is None else shown | {"raw": shown_bytes(self.raw)}


def shown_moment(at_ns: int) -> str:
    """ISO 8601 to the millisecond, UTC."""
    return from_ns(at_ns).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown_bytes(raw: bytes) -> str:
    """Bytes as text: UTF-8 where they are, else one character per byte (latin-1)."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def checked_records(records: Sequence[Record]) -> tuple[Record, ...]:
    """The records of a downlink. Raises :class:`UsageError` for records that are no SenML."""
    checked = tuple(_checked(index, record) for index, record in enumerate(records))
    if not checked:
        raise UsageError("a downlink needs at least one record")
    return checked


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
    for label, content in record.items():
        if not isinstance(label, str) or not isinstance(content, str | int | float | bool):
            raise UsageError(f"{where}: {label!r} is no text, number, true or false")
    try:
        json.dumps(dict(record), ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # of a number, or of half a character
        raise UsageError(f"{where} cannot be written as JSON: {_short(record)}") from None
    return dict(record)


def _short(record: Record) -> str:
    text = repr(dict(record))
    return text if len(text) <= 80 else text[:79] + "…"
