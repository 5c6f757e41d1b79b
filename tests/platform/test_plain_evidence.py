"""The quick way of writing the evidence of an uplink, against the long one."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from harness.clock import NO_WORK, VirtualClock
from harness.evidence import Redactor, Timeline, read_timeline
from harness.platform.evidence import Evidence
from harness.platform.ingestion import Ingestion
from harness.platform.registry import Registration, Registry
from harness.platform.settings import PlatformSettings
from harness.platform.wire import Limits, Request, RequestReader

IMEI, SECRET = "356726104408422", "TrackerPlusSecret0123456789abc"
NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
NUMBERS = st.one_of(
    st.integers(-(10**9), 10**9).map(str),
    st.decimals(-(10**6), 10**6, places=3, allow_nan=False).map(lambda d: f"{d:f}"),
)
RECORDS = st.builds(
    '"n":"{}"{},{}{}'.format,
    st.from_regex(r"[a-z][A-Za-z0-9:./_-]{0,20}", fullmatch=True),
    st.sampled_from(["", ',"u":"Cel"', ',"u":"%RH"']),
    st.one_of(
        NUMBERS.map('"v":{}'.format),
        st.sampled_from(['"vb":true', '"vs":""', '"vs":"{5277} [a] \'b\', c"']),
    ),
    st.sampled_from(["", "", ',"t":-5', ',"t":0.25']),
)
BODIES = st.builds(
    lambda bt, merged, records: (
        f'[{{"bn":"urn:dev:IMEI:{IMEI}:"{bt}'
        + ("," + records[0] + "}" if merged else "},{" + records[0] + "}")
        + "".join(f",{{{record}}}" for record in records[1:])
        + "]"
    ),
    st.sampled_from(["", ',"bt":1772366400', ',"bt":1772366400.5']),
    st.booleans(),
    st.lists(RECORDS, min_size=1, max_size=4),
)


def recorded(
    body: bytes, *, quick: bool, redactor: Redactor | None = None
) -> list[dict[str, object]]:
    clock = VirtualClock(NOON)
    timeline = Timeline(None, clock, redactor)
    evidence = Evidence(timeline)
    if not quick:
        evidence._plain = None
    registry = Registry([Registration("tracker", imei=IMEI, secret=SECRET)])
    ingestion = Ingestion(registry, PlatformSettings(), clock, NO_WORK, evidence)
    token = hashlib.sha256(body + SECRET.encode()).hexdigest()
    text = (
        "POST /ingestion/m2m/senml/v1 HTTP/1.1\r\nHost: m.m\r\nContent-Type: application/json\r\n"
        f"Things-Message-Token: {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    for event in RequestReader(Limits()).feed(text.encode() + body):
        assert isinstance(event, Request)
        ingestion.answer("10.0.0.2:40000", event)
    clock.close()
    return [json.loads(event.to_line()) for event in timeline.events()]


def comparable(events: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{k: v for k, v in event.items() if k not in ("host", "wall")} for event in events]


@given(BODIES)
def test_both_ways_write_the_same(body: str) -> None:
    """Field by field, in the same order, whatever a documented pack holds."""
    quick = comparable(recorded(body.encode(), quick=True))
    slow = comparable(recorded(body.encode(), quick=False))
    assert quick == slow
    assert [list(event) for event in quick] == [list(event) for event in slow]
    assert [event["kind"] for event in quick] == ["http.request", "uplink", "http.response"]


def test_a_secret_in_a_body_is_not_written() -> None:
    """A device that sends its own secret: it is redacted as ever."""
    body = f'[{{"bn":"urn:dev:IMEI:{IMEI}:"}},{{"n":"key","vs":"{SECRET}"}}]'.encode()
    events = recorded(body, quick=True, redactor=Redactor([("secret of tracker", SECRET)]))
    assert SECRET not in json.dumps(events)
    assert "‹secret of tracker›" in json.dumps(events, ensure_ascii=False)


def test_events_written_at_once(tmp_path: Path) -> None:
    """They have a number each, listeners get each, and the file holds what memory holds."""
    timeline = Timeline(tmp_path / "t.jsonl", VirtualClock(NOON))
    heard: list[tuple[int, str, object]] = []
    timeline.listen(lambda event: heard.append((event.seq, event.kind, event.data.get("a"))))
    timeline.record("x", "first", a=1)
    timeline.record_prepared("x", [("second", '"a":2'), ("third", '"a":"3","b":[4]')])
    timeline.record("x", "fourth")
    timeline.close()
    assert heard == [(1, "first", 1), (2, "second", 2), (3, "third", "3"), (4, "fourth", None)]
    written = list(read_timeline(tmp_path / "t.jsonl"))
    assert [(e.seq, e.kind, dict(e.data)) for e in written] == [
        (e.seq, e.kind, dict(e.data)) for e in timeline.events()
    ]
