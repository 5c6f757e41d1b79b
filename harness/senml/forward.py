"""A pack as the platform hands it on: names and times normalised, one of two base shapes.

Facts §4: output always has ``bt``; the base record stands alone (``separate``) or is merged into
the first measurement (``merged``).
"""

from __future__ import annotations

from typing import Any

from harness.senml import base64url
from harness.senml.model import Shape
from harness.senml.resolve import ResolvedPack, ResolvedRecord
from harness.senml.seconds import NS, RELATIVE_BELOW, json_seconds


def forward(pack: ResolvedPack, shape: Shape = "separate") -> list[dict[str, Any]]:
    """The records as JSON-ready mappings, times exact to the nearest double (sub-microsecond).

    Base values stand where they change: alone or merged, by ``shape``. A pack without
    measurements gives its base record alone in both shapes.
    """
    out: list[dict[str, Any]] = []
    in_force: tuple[str, int] | None = None
    for record in pack.records:
        base = (record.bn, record.bt_ns)
        made = _measurement(record)
        if base != in_force:
            in_force = base
            head = _base(*base)
            if shape == "separate":
                out.append(head)
            else:
                made = head | made
        out.append(made)
    return out or [_base(pack.base_name, pack.bt_ns)]


def _base(bn: str, bt_ns: int) -> dict[str, Any]:
    return {"bn": bn, "bt": json_seconds(bt_ns)} if bn else {"bt": json_seconds(bt_ns)}


def _measurement(record: ResolvedRecord) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if record.n:
        made["n"] = record.n
    if record.i_ is not None:
        made["i_"] = record.i_
    if record.u is not None:
        made["u"] = record.u
    # An absolute t without bt becomes an offset from the base time that the platform filled in.
    absolute = record.t_ns >= RELATIVE_BELOW * NS
    offset_ns = record.time_ns - record.bt_ns if absolute else record.t_ns
    if offset_ns:
        made["t"] = json_seconds(offset_ns)
    if record.v is not None:
        made["v"] = record.v
    if record.vb is not None:
        made["vb"] = record.vb
    if record.vs is not None:
        made["vs"] = record.vs
    if record.vd is not None:
        made["vd"] = base64url.encode(record.vd)
    if record.s is not None:
        made["s"] = record.s
    if record.ut is not None:
        made["ut"] = record.ut
    return made
