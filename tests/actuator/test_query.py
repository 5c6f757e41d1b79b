"""The listing's query: what is found, in which order, page by page, and what is refused."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clock.scenario import to_ns
from harness.platform.actuator.model import Connection, Entry, WrongRequest
from harness.platform.actuator.query import PARAMETERS, Query, read_query

START_NS = to_ns(datetime(2026, 3, 1, 12, tzinfo=UTC))
SECOND = 1_000_000_000
UUIDS = ("0b0e1f6e-7c44-4d0c-9f0e-0a5f2f3d9f11", "f24108fa-d102-40ff-8263-f8d46908a386")


def an_entry(
    number: int = 1, *, connection: Connection = "http", device: int = 0, tag: str = "",
    message: str = "[]", created_s: int = 0, modified_s: int = 0,
) -> Entry:  # fmt: skip
    return Entry(
        connection, number, f"{connection}-{number}", "raw", f"tracker-{device}", UUIDS[device],
        f"urn:dev:IMEI:35672610440842{device}:", tag, message, "EXECUTING",
        START_NS + created_s * SECOND, START_NS + modified_s * SECOND,
    )  # fmt: skip


def read(text: str = "", *, by_device: bool = True) -> Query:
    """A query as it stands in an address, without escapes."""
    pairs = [tuple(pair.split("=", 1)) for pair in text.split("&") if pair]
    return read_query(((name, value) for name, value in pairs), 50, 1000, by_device)


def encoded(held: bytes) -> str:
    return base64.urlsafe_b64encode(held).decode().rstrip("=")


def listed(text: str, *entries: Entry) -> list[int]:
    return [entry.number for entry in read(text).page(entries)[0]]


def test_without_parameters_the_oldest_fifty_come_first() -> None:
    """The documented default of limit, and a cursor for the rest."""
    page, cursor = read().page([an_entry(number, created_s=-number) for number in range(60)])
    assert [entry.number for entry in page] == list(range(59, 9, -1))
    assert cursor is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("q=fleet", [1]),
        ("q=flee", []),
        ("q=Fleet", []),
        ("q=urn:dev:IMEI:356726104408421:", [2]),
        ("q=35672610440842", [1, 2]),
        ("q=reboo", [2]),
        ("q=REBOOT", []),
        (f"deviceId={UUIDS[1]}", [2]),
        (f"deviceId={UUIDS[1].upper()}", []),
    ],
)
def test_what_a_search_finds(text: str, expected: list[int]) -> None:
    """tagValue and deviceId exactly, networkId and message in part, all with regard to case."""
    tagged = an_entry(1, tag="fleet")
    assert listed(text, tagged, an_entry(2, device=1, message="reboot")) == expected


@pytest.mark.parametrize("field", ["created", "modified"])
def test_before_is_before_and_since_is_at_or_after(field: str) -> None:
    """The moment itself belongs to `Since`; any time zone will do."""
    entries = [an_entry(number, created_s=number, modified_s=number) for number in range(4)]
    moment = "2026-03-01T13:00:02+01:00"
    assert listed(f"{field}Before={moment}", *entries) == [0, 1]
    assert listed(f"{field}Since={moment}", *entries) == [2, 3]
    assert listed(f"{field}Since=2026-03-01T12:00:01Z&{field}Before={moment}", *entries) == [1]


def test_sorting_by_several_fields() -> None:
    """Ascending, - for descending, order of submission between equals."""
    entries = [
        an_entry(1, device=0, created_s=5),
        an_entry(2, device=1, created_s=3),
        an_entry(3, device=0, created_s=4),
        an_entry(4, device=1, created_s=3),
    ]
    assert listed("sort=-name,createdAt", *entries) == [2, 4, 3, 1]
    assert listed("sort=name,-createdAt", *entries) == [1, 3, 2, 4]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("limit=0", "from 1 to 1000"),
        ("limit=1001", "from 1 to 1000"),
        ("limit=ten", "'ten'"),
        ("limit=٣", "limit"),
        ("limit=", "empty"),
        ("q=", "empty"),
        ("limit=1&limit=2", "twice"),
        ("Limit=1", "no parameter 'Limit'"),
        ("sort=colour", "no field 'colour'"),
        ("sort=name,-name", "twice"),
        ("sort=name,", "no field ''"),
        ("createdBefore=yesterday", "ISO 8601"),
        ("createdBefore=2026-03-01", "2025-05-01T00:00:00Z"),
        ("createdBefore=2026-03-01T00:00:00", "time zone"),
        ("createdSince=2026-03-01T00:00:00 01:00", "%2B"),
        ("modifiedSince=9999-12-31T23:59:59-12:00", "modifiedSince"),
        ("deviceId=tracker-1", "UUID"),
        ("cursor=!!", "none of ours"),
        ("cursor=e30", "none of ours"),
        ("cursor=" + encoded(b'{"after":[1],"limit":50}'), "none of ours"),
        ("cursor=" + encoded(b'{"after":[],"limit":[]}'), "none of ours"),
        ("cursor=" + encoded(b"[" * 9000), "none of ours"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    """One sentence with the parameter and what would do."""
    with pytest.raises(WrongRequest) as refused:
        read(text)
    assert says in str(refused.value)


def test_the_actuator_style_listing_has_no_device_id() -> None:
    """deviceId belongs to the connection-specific listings."""
    with pytest.raises(WrongRequest, match="deviceId"):
        read(f"deviceId={UUIDS[0]}", by_device=False)


def test_a_cursor_holds_the_whole_query() -> None:
    """Alone it goes on; with the same query too; with another one it is refused."""
    entries = [an_entry(number, tag="fleet", created_s=number) for number in range(5)]
    asked = "q=fleet&sort=-createdAt&createdSince=2026-03-01T12:00:01Z&limit=2"
    page, cursor = read(asked).page(entries)
    assert [entry.number for entry in page] == [4, 3]
    assert listed(f"cursor={cursor}", *entries) == [2, 1]
    assert listed(f"cursor={cursor}&{asked}", *entries) == [2, 1]
    assert listed(f"cursor={cursor}&limit=1", *entries) == [2]
    with pytest.raises(WrongRequest, match="another query"):
        read(f"cursor={cursor}&q=other")


ENTRIES = st.lists(
    st.builds(
        an_entry,
        st.integers(0, 50),
        connection=st.sampled_from(["http", "sms"]),
        device=st.integers(0, 1),
        tag=st.sampled_from(["", "x", "ü"]),
        message=st.text(max_size=3),
        created_s=st.integers(-3, 3),
        modified_s=st.integers(-3, 3),
    ),
    unique_by=lambda entry: entry.id,
    max_size=25,
)
SORTS = st.lists(
    st.sampled_from(["createdAt", "modifiedAt", "name", "tagValue", "id", "connectionType"]),
    unique=True,
    max_size=3,
).map(tuple)


@given(ENTRIES, SORTS, st.lists(st.booleans(), min_size=3, max_size=3), st.integers(1, 7))
def test_pages_together_are_the_listing(
    entries: list[Entry], names: tuple[str, ...], down: list[bool], limit: int
) -> None:
    """Whatever is sorted how: cut into pages nothing is lost, doubled or out of order."""
    sort = tuple(zip(names, down, strict=False))
    whole, end = Query(1000, sort).page(entries)
    assert end is None
    assert sorted(entry.id for entry in whole) == sorted(entry.id for entry in entries)
    seen: list[Entry] = []
    page, cursor = Query(limit, sort).page(entries)
    while True:
        seen += page
        if cursor is None:
            break
        assert len(page) == limit
        page, cursor = read_query([("cursor", cursor)], 50, 1000, by_device=False).page(entries)
    assert seen == whole


@given(ENTRIES, ENTRIES)
def test_paging_is_not_disturbed_by_new_downlinks(old: list[Entry], new: list[Entry]) -> None:
    """What was there at the first page is seen exactly once, whatever comes meanwhile."""
    page, cursor = Query(3).page(old)
    ids = {entry.id for entry in old}
    later = [*old, *(entry for entry in new if entry.id not in ids)]
    seen = list(page)
    while cursor is not None:
        page, cursor = read_query([("cursor", cursor)], 50, 1000, by_device=True).page(later)
        seen += page
    assert sorted(entry.id for entry in seen if entry.id in ids) == sorted(ids) if old else not seen


@given(
    st.lists(st.tuples(st.sampled_from(list(PARAMETERS)), st.text(max_size=30)), max_size=4)
    | st.lists(st.tuples(st.text(max_size=10), st.text(max_size=30)), max_size=3)
)
def test_whatever_is_asked_is_answered_or_refused(pairs: list[tuple[str, str]]) -> None:
    """No other error than the one that says what is wrong."""
    with contextlib.suppress(WrongRequest):
        query = read_query(pairs, 50, 1000, by_device=True)
        assert len(query.page([an_entry()])[0]) <= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*PARAMETERS, "after", "more"]), JSON, max_size=6))
def test_a_forged_cursor_is_read_or_refused(held: dict[str, object]) -> None:
    """However a cursor was tampered with, it does no harm."""
    with contextlib.suppress(WrongRequest):
        pairs = [("cursor", encoded(json.dumps(held).encode()))]
        query = read_query(pairs, 50, 1000, by_device=True)
        assert len(query.page([an_entry()])[0]) <= 1
