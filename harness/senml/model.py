"""Packs and records as they stand in the bytes.

Records are named tuples, not frozen dataclasses: building one costs a fifth, and a pack is parsed
for every request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from harness.senml.issues import Issue

Number = int | float | Decimal
Shape = Literal["separate", "merged"]


class Record(NamedTuple):
    """One SenML record; fields are named as their JSON labels (RFC 8428 §4). None = absent.

    Numbers read from bytes are ``int`` or :class:`~decimal.Decimal`, so nothing is rounded before
    it has been added up. Times are seconds. ``vd`` is decoded. ``i_`` is the ThingsML index.
    ``extra`` holds labels that RFC 8428 does not know.
    """

    n: str | None = None
    u: str | None = None
    v: Number | None = None
    vb: bool | None = None
    vs: str | None = None
    vd: bytes | None = None
    s: Number | None = None
    t: Number | None = None
    ut: Number | None = None
    bn: str | None = None
    bt: Number | None = None
    bu: str | None = None
    bv: Number | None = None
    bs: Number | None = None
    bver: int | None = None
    i_: int | None = None
    extra: Mapping[str, Any] | None = None

    @property
    def has_base(self) -> bool:
        """Whether the record sets a base value."""
        return self[9:15] != _NO_BASE

    @property
    def is_measurement(self) -> bool:
        """Whether the record is about something measured, be it complete or not."""
        return self[:9] != _NO_MEASUREMENT or self.i_ is not None


_NO_MEASUREMENT = (None,) * 9  # the fields n to ut
_NO_BASE = (None,) * 6  # the fields bn to bver


@dataclass(frozen=True, slots=True)
class Pack:
    """A parsed pack: records in order, and what was remarkable about them."""

    records: tuple[Record, ...]
    issues: tuple[Issue, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether there is no remark of severity ``error``."""
        return not any(issue.severity == "error" for issue in self.issues)

    @property
    def base_names(self) -> tuple[str, ...]:
        """Every ``bn`` of the pack, in order, without repetitions."""
        return tuple(dict.fromkeys(record.bn for record in self.records if record.bn is not None))

    @property
    def base_only(self) -> bool:
        """Whether the pack measures nothing."""
        return not any(record.is_measurement for record in self.records)
