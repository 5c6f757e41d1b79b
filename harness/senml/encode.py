"""Packs to bytes: for a scripted device's uplinks and the platform's downlinks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from harness.senml import base64url
from harness.senml.issues import SenmlError
from harness.senml.model import Number, Record, Shape
from harness.senml.parse import pack_from
from harness.senml.resolve import natural
from harness.senml.seconds import json_seconds, ns_of, ns_of_moment

Style = Literal["compact", "spaced"]
_SEPARATORS = {"compact": (",", ":"), "spaced": (", ", ": ")}


def encode(
    records: Iterable[Record | Mapping[str, Any]],
    *,
    bn: str | None = None,
    bt: Number | datetime | None = None,
    bu: str | None = None,
    bver: int | None = None,
    shape: Shape = "merged",
    style: Style = "compact",
) -> bytes:
    """The pack's bytes. Records may be mappings of SenML labels; they are checked.

    The base values given here go into the first record (``merged``) or into one of their own before
    it (``separate``). ``bt``: seconds since 1970, or an aware moment. ``style``: without white
    space (TOKEN-SPACE), or with a space after commas and colons. Raises
    :class:`~harness.senml.issues.SenmlError` for mappings that are no SenML record.
    """
    labels = [_labels(record) for record in _checked(records)]
    base: dict[str, Any] = {}
    if bn is not None:
        base["bn"] = bn
    if bt is not None:
        base["bt"] = json_seconds(ns_of_moment(bt) if isinstance(bt, datetime) else ns_of(bt))
    if bu is not None:
        base["bu"] = bu
    if bver is not None:
        base["bver"] = bver
    return dump(placed(base, labels, shape), style)


def placed(
    base: Mapping[str, Any], records: list[dict[str, Any]], shape: Shape
) -> list[dict[str, Any]]:
    """``records`` with ``base`` before them or merged into the first; both JSON-ready."""
    if not base:
        return records
    if shape == "separate" or not records:
        return [dict(base), *records]
    return [{**base, **records[0]}, *records[1:]]


def dump(pack: list[dict[str, Any]], style: Style = "compact") -> bytes:
    """JSON-ready records as UTF-8 bytes; keys keep their order."""
    return json.dumps(
        pack, ensure_ascii=False, allow_nan=False, separators=_SEPARATORS[style]
    ).encode()


def _checked(records: Iterable[Record | Mapping[str, Any]]) -> list[Record]:
    made: list[Record] = []
    for record in records:
        if isinstance(record, Record):
            made.append(record)
            continue
        pack = pack_from([record])
        errors = [issue for issue in pack.issues if issue.code in _BROKEN]
        if errors:
            raise SenmlError(*errors)
        made += pack.records
    return made


_BROKEN = frozenset({"label-type", "data-broken", "many-values", "empty-record"})


def _labels(record: Record) -> dict[str, Any]:
    labels: dict[str, Any] = {}
    for label in _ORDER:
        value = getattr(record, label)
        if value is None:
            continue
        if isinstance(value, bytes):
            value = base64url.encode(value)
        elif not isinstance(value, str | bool):
            value = natural(value)
        labels[label] = value
    return labels | dict(record.extra or {})


_ORDER = (
    "bn", "bt", "bu", "bv", "bs", "bver", "n", "i_", "u", "t", "ut", "v", "vb", "vs", "vd", "s"
)  # fmt: skip
"""Base values first and the name before the value: the platform's SDK reads no other order."""
