"""Comparing records: expected labels against labels seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.scenario.report_model import RecordModel


def labels_of(record: RecordModel) -> dict[str, object]:
    """The labels an expectation names."""
    return {name: getattr(record, name) for name in record.model_fields_set}


def same_records(expected: Sequence[RecordModel], seen: Sequence[Mapping[str, object]]) -> bool:
    """True when there are as many records and each has at least the labels expected of it."""
    return len(expected) == len(seen) and all(
        _holds(labels_of(want), have) for want, have in zip(expected, seen, strict=True)
    )


def _holds(want: Mapping[str, object], have: Mapping[str, object]) -> bool:
    return all(_same(value, have.get(name)) for name, value in want.items())


def _same(want: object, have: object) -> bool:
    if isinstance(want, bool) or isinstance(have, bool):
        return want is have
    if isinstance(want, int | float) and isinstance(have, int | float):
        return float(want) == float(have)
    return want == have


def show(records: Sequence[Mapping[str, object]]) -> str:
    """Records in one line, for messages."""
    if not records:
        return "no records"
    return "; ".join(
        " ".join(f"{name}={value!r}" for name, value in record.items()) for record in records
    )


def show_expected(records: Sequence[RecordModel]) -> str:
    """The same for expected records."""
    return show([labels_of(record) for record in records])


def measurements(pack: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """The measurements of a forwarded pack: records that are more than base values."""
    return [record for record in pack if set(record) - {"bn", "bt", "bu", "bv", "bs", "bver"}]


def record_times(pack: Sequence[Mapping[str, object]]) -> list[float]:
    """The moment of each measurement of a forwarded pack, in seconds since 1970."""
    base, times = 0.0, []
    for record in pack:
        bt, t = record.get("bt", base), record.get("t", 0)
        assert isinstance(bt, int | float)
        assert isinstance(t, int | float)
        base = float(bt)
        if record in measurements([record]):
            times.append(base + t)
    return times
