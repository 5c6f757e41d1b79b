"""``Range`` is read as RFC 9110 §14 has it, and sets of bytes add up."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.platform.fota.ranges import (
    Asked,
    Coverage,
    RangeProblem,
    RangeRefused,
    Span,
    read_range,
    shown,
)

HUGE = "9" * 60


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bytes=0-255", Asked(Span(0, 255), "closed")),
        ("bytes=256-511", Asked(Span(256, 511), "closed")),
        ("bytes=7-7", Asked(Span(7, 7), "closed")),
        ("bytes=768-4000", Asked(Span(768, 999), "closed")),
        (f"bytes=768-{HUGE}", Asked(Span(768, 999), "closed")),
        ("bytes=900-", Asked(Span(900, 999), "open")),
        ("bytes=-100", Asked(Span(900, 999), "suffix")),
        (f"bytes=-{HUGE}", Asked(Span(0, 999), "suffix")),
        ("BYTES=000000000000000000000001-2", Asked(Span(1, 2), "closed")),
        ("bytes= ,0-1\t, ", Asked(Span(0, 1), "closed")),
    ],
)
def test_one_range_is_read(value: str, expected: Asked) -> None:
    """Every valid form gives its bytes, cut to what is there."""
    assert read_range(value, 1000) == expected


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", RangeProblem.MALFORMED),
        ("0-255", RangeProblem.MALFORMED),
        ("bytes", RangeProblem.MALFORMED),
        ("bytes=", RangeProblem.MALFORMED),
        ("bytes=,", RangeProblem.MALFORMED),
        ("bytes = 0-1", RangeProblem.MALFORMED),
        ("bytes=5-4", RangeProblem.MALFORMED),
        ("bytes=-", RangeProblem.MALFORMED),
        ("bytes=a-b", RangeProblem.MALFORMED),
        ("bytes=0 - 1", RangeProblem.MALFORMED),
        ("bytes=0-1;q=1", RangeProblem.MALFORMED),
        ("bytes=+0-1", RangeProblem.MALFORMED),
        ("bytes=٣-٤", RangeProblem.MALFORMED),
        ("lines=0-1", RangeProblem.UNIT),
        ("bytes=0-1,3-4", RangeProblem.SEVERAL),
        ("bytes=0-1,-1", RangeProblem.SEVERAL),
        ("bytes=1000-1001", RangeProblem.UNSATISFIABLE),
        (f"bytes={HUGE}-", RangeProblem.UNSATISFIABLE),
        ("bytes=-0", RangeProblem.UNSATISFIABLE),
    ],
)
def test_everything_else_is_refused_by_name(value: str, problem: RangeProblem) -> None:
    """The problem is told from the others."""
    with pytest.raises(RangeRefused) as caught:
        read_range(value, 1000)
    assert caught.value.problem is problem


@given(st.text(max_size=80) | st.from_regex(r"bytes=[0-9,\- ]{0,60}", fullmatch=True))
def test_no_text_gets_past(value: str) -> None:
    """Whatever comes, it is bytes within the representation, or refused."""
    with contextlib.suppress(RangeRefused):
        span, _ = read_range(value, 50)
        assert 0 <= span.first <= span.last < 50


@given(st.integers(1, 10**6), st.data())
def test_a_part_reads_back(total: int, data: st.DataObject) -> None:
    """The bytes written are the bytes read."""
    first = data.draw(st.integers(0, total - 1))
    last = data.draw(st.integers(first, total - 1))
    span, form = read_range(f"bytes={Span(first, last)}", total)
    assert (span, form, span.size) == (Span(first, last), "closed", last - first + 1)


SPANS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 40), st.integers(0, 12)).map(
        lambda item: (item[0], Span(item[1], item[1] + item[2]))
    ),
    max_size=12,
)


@given(SPANS)
def test_coverage_is_a_set_of_bytes(steps: list[tuple[bool, Span]]) -> None:
    """Adding and removing runs does what it does to a plain set; runs are apart and in order."""
    coverage, plain = Coverage(), set[int]()
    for add, span in steps:
        numbers = set(range(span.first, span.last + 1))
        (coverage.add if add else coverage.remove)(span)
        plain = plain | numbers if add else plain - numbers
    covered = [number for span in coverage.spans for number in range(span.first, span.last + 1)]
    gaps = [number for span in coverage.missing(60) for number in range(span.first, span.last + 1)]
    assert covered == sorted(plain)
    assert gaps == sorted(set(range(60)) - plain)
    assert coverage.size == len(plain)
    ends = [span.last + 1 for span in coverage.spans[:-1]]
    assert all(end < span.first for end, span in zip(ends, coverage.spans[1:], strict=True))


def test_gaps_are_shown_shortly() -> None:
    """Three runs, then how many more."""
    assert shown([Span(0, 1), Span(4, 4)]) == "0-1, 4-4"
    assert shown([Span(n, n) for n in range(5)]) == "0-0, 1-1, 2-2 and 2 more"
