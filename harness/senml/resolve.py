"""From records with base values to resolved records (RFC 8428 §4.6), with the platform's rules.

BT-DEFAULT: without ``bt`` the moment of receipt becomes it. BT-KEPT: a ``bt`` is kept as sent.
BT-RELATIVE: ``t`` counts from ``bt``, without one from the moment of receipt. As in RFC 8428
§4.5.3, a sum below 2**28 s is relative to the moment of receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, NamedTuple

from harness.senml.issues import Issue
from harness.senml.model import Number, Pack, Record
from harness.senml.seconds import NS, RELATIVE_BELOW, moment_of, ns_of, ns_of_moment
from harness.senml.suspicion import bt_suspicion_ns

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_RELATIVE_BELOW_NS = RELATIVE_BELOW * NS


class ResolvedRecord(NamedTuple):
    """One measurement that stands on its own.

    ``name`` is base name and name together; ``bn`` and ``n`` are the two halves. ``time_ns`` is
    when it was measured, in ns since 1970; ``bt_ns`` the base time in force (the moment of receipt
    when the pack gave none) and ``t_ns`` the record's own offset. ``v`` is an int or float, summed
    exactly before it was rounded. ``vd`` is decoded. ``ut`` is seconds.
    """

    name: str
    bn: str
    n: str
    time_ns: int
    bt_ns: int
    t_ns: int
    u: str | None = None
    v: int | float | None = None
    vb: bool | None = None
    vs: str | None = None
    vd: bytes | None = None
    s: int | float | None = None
    ut: int | float | None = None
    i_: int | None = None
    extra: Mapping[str, Any] | None = None

    @property
    def value(self) -> int | float | bool | str | bytes | None:
        """Whichever of the four values there is."""
        for value in (self.v, self.vb, self.vs, self.vd):
            if value is not None:
                return value
        return None

    @property
    def moment(self) -> datetime | None:
        """When it was measured, aware UTC; None outside the years 1 to 9999."""
        return moment_of(self.time_ns)


@dataclass(frozen=True, slots=True)
class ResolvedPack:
    """A pack's measurements, each standing on its own.

    ``base_name`` and ``bt_ns`` are the first of the pack (the device's identity; the moment of
    receipt when there was no ``bt``). ``bt_given`` tells whether the device sent one. ``issues``
    are those that only show when time is resolved (BT-CLOCKLESS, BT-RELATIVE).
    """

    records: tuple[ResolvedRecord, ...]
    base_name: str
    bt_ns: int
    bt_given: bool
    received_ns: int
    issues: tuple[Issue, ...] = ()

    @property
    def bt(self) -> datetime | None:
        """The base time as aware UTC; None outside the years 1 to 9999."""
        return moment_of(self.bt_ns)


def resolve(pack: Pack, received: datetime) -> ResolvedPack:
    """Resolve ``pack`` as received at ``received`` (aware UTC, the scenario clock's now).

    A pack with errors is resolved as far as it goes: records without name and value fall out.
    Raises ValueError when ``received`` has no time zone.
    """
    received_ns = ns_of_moment(received)
    bn, bu = "", None
    bv: Number | None = None
    bs: Number | None = None
    bt_ns, bt_given = received_ns, False
    first_bn: str | None = None
    first_bt_ns: int | None = None
    records: list[ResolvedRecord] = []
    issues: list[Issue] = []
    for index, record in enumerate(pack.records):
        if record.bn is not None:
            bn = record.bn
            if first_bn is None:
                first_bn = bn
        if record.bt is not None:
            bt_ns, bt_given = ns_of(record.bt), True
            if first_bt_ns is None:
                first_bt_ns = bt_ns
            problem = bt_suspicion_ns(bt_ns, received_ns)
            if problem is not None:
                issues.append(Issue("bt-suspicious", "warning", "BT-CLOCKLESS", problem, index))
        if record.bu is not None:
            bu = record.bu
        if record.bv is not None:
            bv = record.bv
        if record.bs is not None:
            bs = record.bs
        if not record.is_measurement:
            continue
        t_ns = 0 if record.t is None else ns_of(record.t)
        if bt_given:
            time_ns = bt_ns + t_ns
            if time_ns < _RELATIVE_BELOW_NS:
                time_ns += received_ns
            if t_ns >= _RELATIVE_BELOW_NS:
                issues.append(_doubled(index))
        elif t_ns >= _RELATIVE_BELOW_NS:
            time_ns = t_ns
        else:
            time_ns = received_ns + t_ns
        records.append(_resolved(record, bn, bu, bv, bs, (time_ns, bt_ns, t_ns)))
    return ResolvedPack(
        tuple(records),
        first_bn or "",
        received_ns if first_bt_ns is None else first_bt_ns,
        first_bt_ns is not None,
        received_ns,
        tuple(issues),
    )


def _resolved(
    record: Record,
    bn: str,
    bu: str | None,
    bv: Number | None,
    bs: Number | None,
    times: tuple[int, int, int],
) -> ResolvedRecord:
    n = record.n or ""
    v = record.v
    if bv is not None and record.vb is None and record.vs is None and record.vd is None:
        # RFC 8428 §4.6: a base value without v counts as v = 0, but not for other values or sums
        if v is not None:
            v = _WIDE.add(Decimal(v), Decimal(bv))
        elif record.s is None:
            v = bv
    s = record.s
    if bs is not None:
        s = bs if s is None else _WIDE.add(Decimal(s), Decimal(bs))
    return ResolvedRecord(
        bn + n,
        bn,
        n,
        *times,
        record.u if record.u is not None else bu,
        None if v is None else natural(v),
        record.vb,
        record.vs,
        record.vd,
        None if s is None else natural(s),
        None if record.ut is None else natural(record.ut),
        record.i_,
        record.extra,
    )


def natural(value: Number) -> int | float:
    """A JSON-ready number: integers stay integers, decimals become the nearest double."""
    return value if isinstance(value, int) else float(value)


def _doubled(index: int) -> Issue:
    return Issue(
        "absolute-t-with-bt",
        "warning",
        "BT-RELATIVE",
        "t looks like an absolute time, but counts from bt: the sum lies decades ahead",
        index,
    )
