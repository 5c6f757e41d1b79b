"""Base values, times and the platform's rules about them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.senml import (
    Record,
    ResolvedPack,
    SenmlError,
    bt_suspicion,
    dump,
    encode,
    forward,
    parse,
    resolve,
)

BN = "urn:dev:IMEI:356726104408422:"
NOW = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)
NOW_S = 1772366400.123


def resolved(*records: dict[str, object], at: datetime = NOW) -> ResolvedPack:
    return resolve(parse(json.dumps(records).encode()), at)


def test_without_bt_the_moment_of_receipt_becomes_it() -> None:
    """BT-DEFAULT, equal to the millisecond and beyond."""
    pack = resolved({"bn": BN, "n": "a", "v": 1})
    assert (pack.bt, pack.bt_given, pack.records[0].moment) == (NOW, False, NOW)
    assert forward(pack)[0] == {"bn": BN, "bt": NOW_S}


def test_a_given_bt_is_kept() -> None:
    """BT-KEPT, also in the past and with a fraction."""
    pack = resolved({"bn": BN, "bt": 1750000000.25, "n": "a", "v": 1})
    assert (pack.bt_given, pack.bt_ns) == (True, 1_750_000_000_250_000_000)
    assert forward(pack)[0]["bt"] == 1750000000.25


@pytest.mark.parametrize(("bt", "t", "expected"), [
    (1750000000, -60, 1749999940), (1750000000, 0.125, 1750000000.125),
    (None, -5, NOW_S - 5), (None, 1750000000, 1750000000), (None, 2**28, 2**28),
])  # fmt: skip
def test_t_counts_from_bt_or_from_receipt(bt: float | None, t: float, expected: float) -> None:
    """BT-RELATIVE, and absolute from 2**28 on (RFC 8428 §4.5.3)."""
    base = {"bn": BN} if bt is None else {"bn": BN, "bt": bt}
    record = resolved({**base, "n": "a", "t": t, "v": 1}).records[0]
    assert record.moment == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=expected)


def test_a_small_bt_is_relative_to_receipt_and_still_kept() -> None:
    """RFC 8428: -5 means five seconds ago; BT-KEPT: it is handed on as sent."""
    pack = resolved({"bn": BN, "bt": -5, "n": "a", "v": 1})
    assert pack.records[0].moment == NOW - timedelta(seconds=5)
    assert forward(pack)[0]["bt"] == -5


def test_base_values_hold_from_their_record_on_until_changed() -> None:
    """RFC 8428 §4.6: any record may set them."""
    pack = resolved(
        {"n": "0", "v": 1},
        {"bn": "a:", "bt": 1750000000, "bu": "V", "bv": 20.1, "bs": 100},
        {"n": "1", "v": 0.2, "s": 1},
        {"n": "2", "u": "A", "vs": "text"},
        {"bn": "b:", "bt": 1750000060, "n": "3"},
    )
    assert [(r.name, r.u, r.value, r.s) for r in pack.records] == [
        ("0", None, 1, None),
        ("a:1", "V", 20.3, 101),
        ("a:2", "A", "text", 100),
        ("b:3", "V", 20.1, 100),
    ]
    assert [r.bt_ns // 10**9 for r in pack.records] == [
        1772366400,
        1750000000,
        1750000000,
        1750000060,
    ]
    assert pack.base_name == "a:"


@pytest.mark.parametrize("shape", ["separate", "merged"])
def test_both_shapes_carry_the_same_measurements(shape: str) -> None:
    """What is handed on resolves to the same again, whichever shape."""
    pack = resolved(
        {"bn": BN, "bt": 1750000000, "n": "a", "v": 1.5, "t": -60},
        {"n": "b", "vb": False},
        {"n": "c", "vd": "aGk", "u": "x"},
    )
    out = forward(pack, "separate" if shape == "separate" else "merged")
    assert len(out) == (4 if shape == "separate" else 3)
    assert resolve(parse(dump(out)), NOW + timedelta(days=9)).records == pack.records


def test_an_absolute_t_without_bt_is_handed_on_at_its_own_time() -> None:
    """The base time filled in must not move it."""
    pack = resolved({"bn": BN, "n": "a", "v": 1, "t": 1750000000})
    again = resolve(parse(dump(forward(pack))), NOW + timedelta(days=1))
    assert again.records[0].time_ns == 1_750_000_000_000_000_000


def test_a_base_only_pack_is_handed_on_as_its_base() -> None:
    """Nothing measured: name and time remain."""
    assert forward(resolved({"bn": BN})) == [{"bn": BN, "bt": NOW_S}]


@given(st.integers(-30 * 366 * 86_400 * 10**6, 70 * 366 * 86_400 * 10**6))
def test_every_frozen_instant_survives_to_the_microsecond(offset_us: int) -> None:
    """Receipt to forwarded JSON and back: midnight, leap days and 2038 included."""
    at = NOW + timedelta(microseconds=offset_us)
    again = resolve(parse(dump(forward(resolved({"bn": BN, "n": "a", "v": 1}, at=at)))), NOW)
    shown = again.records[0].moment
    assert shown is not None
    assert abs(shown - at) <= timedelta(microseconds=1)
    millisecond = at.replace(microsecond=at.microsecond // 1000 * 1000)
    exact = resolve(
        parse(dump(forward(resolved({"bn": BN, "n": "a", "v": 1}, at=millisecond)))), NOW
    )
    assert exact.records[0].moment == millisecond


def test_a_moment_without_time_zone_is_refused() -> None:
    """Receipt is aware UTC, or an error."""
    with pytest.raises(ValueError, match="time zone"):
        resolved({"bn": BN, "n": "a", "v": 1}, at=datetime(2026, 3, 1))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("bt", "words"),
    [
        (12345, "1970"),
        (315964800 + 60, "1980"),
        (946684800 + 60, "2000"),
        (NOW_S * 1000, "milliseconds"),
        (NOW_S * 1_000_000, "microseconds"),
        (NOW_S - 315964800, "GPS"),
        (NOW_S - 946684800, "1 January 2000"),
        (NOW_S + 3 * 86400, "3 days in the future"),
        (-5, "negative"),
        (NOW_S - 20 * 366 * 86400, "ten years"),
        (1e14, "9999"),
        (NOW_S * 1e9, "nanoseconds"),
    ],
)
def test_a_wrong_clock_is_recognised(bt: float, words: str) -> None:
    """BT-CLOCKLESS: which wrong clock, in words; also a warning of the resolved pack."""
    assert words in (bt_suspicion(bt, NOW) or "")
    issues = resolved({"bn": BN, "bt": bt, "n": "a", "v": 1}).issues
    assert [(issue.severity, issue.requirement) for issue in issues] == [
        ("warning", "BT-CLOCKLESS")
    ]


@pytest.mark.parametrize("bt", [NOW_S, NOW_S - 86400 * 300, NOW_S + 3600, Decimal("1750000000.5")])
def test_a_plausible_bt_raises_no_suspicion(bt: float) -> None:
    """Now, stored readings of last year, a clock an hour ahead."""
    assert bt_suspicion(bt, NOW) is None


def test_a_scenario_that_lives_near_an_epoch_raises_no_suspicion() -> None:
    """Frozen in 2000, a bt of 2000 is right."""
    assert bt_suspicion(946684860, datetime(2000, 1, 1, 0, 5, tzinfo=UTC)) is None


def test_an_absolute_t_on_top_of_bt_is_remarked_on() -> None:
    """Both absolute: the sum lies decades ahead."""
    issues = resolved({"bn": BN, "bt": 1772366400, "n": "a", "t": 1772366400, "v": 1}).issues
    assert [issue.code for issue in issues] == ["absolute-t-with-bt"]


def test_encoding_in_both_shapes() -> None:
    """Base record alone or merged, name before value, no white space."""
    records = [Record(n="led", vb=True), {"n": "raw", "vd": "AAE"}]
    assert encode(records, bn=BN, bt=1750000000, shape="separate") == (
        b'[{"bn":"urn:dev:IMEI:356726104408422:","bt":1750000000},'
        b'{"n":"led","vb":true},{"n":"raw","vd":"AAE"}]'
    )
    assert encode(records, bn=BN, bt=NOW, style="spaced") == (
        b'[{"bn": "urn:dev:IMEI:356726104408422:", "bt": 1772366400.123, "n": "led", "vb": true}, '
        b'{"n": "raw", "vd": "AAE"}]'
    )


def test_records_that_are_none_are_refused() -> None:
    """A downlink's records are checked before they are queued."""
    with pytest.raises(SenmlError, match="v is a number"):
        encode([{"n": "a", "v": "1"}], bn=BN)


MILLIONTHS = st.decimals(
    allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9
)


@given(MILLIONTHS, MILLIONTHS)
def test_sums_do_not_drift(base: Decimal, own: Decimal) -> None:
    """bv + v is the decimal sum, rounded once."""
    body = f'[{{"bn":"a:","bv":{base:f},"n":"x","v":{own:f}}}]'.encode()
    assert resolve(parse(body), NOW).records[0].v == float(base + own)
