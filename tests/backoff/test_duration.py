"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.backoff import DurationError, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5400), ("90s", 90), ("250ms", 0.25), ("2d", 172800), ("00:05:00", 300), ("0", 0),
     ("1.5h", 5400), ("1h 30m", 5400), ("49:05:00", 176700), ("5min", 300), ("00:00:01.5", 1.5),
     ("1us", 1e-6)],
)  # fmt: skip
def test_usual_spellings_are_read(text: str, seconds: float) -> None:
    """Units, clock form and fractions give the exact duration."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "words"),
    [("90", "no unit"), ("-5s", "not negative"), ("1:30", "hours or minutes"), ("", "not a"),
     ("5 parsecs", "unknown unit"), ("1m1h", "largest first"), ("1s1s", "once"),
     ("200000d", "100 years"), ("0.0000001s", "microsecond"), ("12:60:00", "not a duration"),
     ("٣s", "not a duration")],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    """Every refusal names its reason, as an error of file or command line."""
    with pytest.raises(DurationError, match=words):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=36_000)))
def test_formatting_reads_back_exactly(duration: timedelta) -> None:
    """What is printed is the duration, to the microsecond."""
    assert parse_duration(format_duration(duration)) == duration


@given(st.text(max_size=20))
def test_any_text_gives_a_duration_or_a_duration_error(text: str) -> None:
    """No text makes the parser fail in another way."""
    try:
        duration = parse_duration(text)
    except DurationError:
        return
    assert duration >= timedelta(0)
