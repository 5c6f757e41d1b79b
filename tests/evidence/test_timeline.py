"""The timeline: complete, ordered, redacted, and never in the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.clock import VirtualClock
from harness.evidence import Event, Redactor, Timeline, read_timeline
from harness.evidence.timeline import EvidenceLost, _Together
from tests.interleaved import at_every_line

CLOCK = VirtualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
SECRET = "S3cret" * 6


def test_events_come_back_in_order(tmp_path: Path) -> None:
    """What was recorded by many threads is read back whole, each with a number of its own."""
    timeline = Timeline(tmp_path / "t.jsonl", CLOCK)

    def write(name: str) -> None:
        for number in range(100):
            timeline.record(name, "note", number=number, bytes=b"\xff\r\n\x85")

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    timeline.close()
    events = list(read_timeline(tmp_path / "t.jsonl"))
    assert [event.seq for event in events] == list(range(1, 401))
    assert all(event.data["bytes"] == "\xff\r\n\x85" for event in events)
    for name in ("w0", "w1", "w2", "w3"):
        assert [e.data["number"] for e in events if e.source == name] == list(range(100))


def test_killed_run_keeps_whole_lines(tmp_path: Path) -> None:
    """After kill -9 every event that was recorded is a whole line."""
    code = (
        "import sys, pathlib, datetime\n"
        "from harness.clock import RealClock\n"
        "from harness.evidence import Timeline\n"
        "t = Timeline(pathlib.Path(sys.argv[1]), RealClock())\n"
        "for n in range(10**7):\n"
        "    t.record('me', 'note', n=n)\n"
        "    if n == 500: print('ready', flush=True)\n"
    )
    path = tmp_path / "t.jsonl"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(signal.SIGKILL)
        child.wait(30)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) > 500
    assert [json.loads(line)["n"] for line in lines if line.endswith(b"\n")][:501] == [*range(501)]


def test_cut_last_line_is_left_out(tmp_path: Path) -> None:
    """A last line cut in the middle of a character costs that line only."""
    path = tmp_path / "t.jsonl"
    timeline = Timeline(path, CLOCK)
    for text in ("één", "twee", "drieë"):
        timeline.record("me", "note", text=text)
    timeline.close()
    path.write_bytes(path.read_bytes()[:-4])
    assert [event.data["text"] for event in read_timeline(path)] == ["één", "twee"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (SECRET, "‹secret›"),
        (f"x{SECRET}y".encode(), "x‹secret›y"),
        ({"deep": [{"er": SECRET}]}, {"deep": [{"er": "‹secret›"}]}),
        (ValueError(SECRET), "‹secret›"),
        ('AT+CPIN="1234"\r', "AT+CPIN=‹pin›\r"),
        ('at+Cpin="12345678","1234"\r', "at+Cpin=‹pin›\r"),
        ('AT+CLCK="SC",1,"1234"\r', 'AT+CLCK="SC",1,‹pin›\r'),
        ("AT+CPIN?\r", "AT+CPIN?\r"),
        (b"Authorization: Bearer abc.def\r\nA: b", "Authorization: ‹x›\r\nA: b"),
        ({"Authorization": "Bearer abc.def"}, {"Authorization": "Bearer ‹bearer›"}),
        ("AUTHORIZATION: BEARER abc", "AUTHORIZATION: BEARER ‹bearer›"),
        (float("nan"), "nan"),
    ],
)
def test_secrets_never_reach_the_file(tmp_path: Path, value: object, shown: object) -> None:
    """Secrets, PINs and bearer tokens are replaced wherever they stand."""
    timeline = Timeline(tmp_path / "t.jsonl", CLOCK, Redactor([("secret", SECRET)]))
    event = timeline.record("me", "note", value=value)
    timeline.close()
    if isinstance(shown, str):
        shown = shown.replace("‹x›", "Bearer ‹bearer›")
    assert event.data["value"] == shown
    assert SECRET not in (tmp_path / "t.jsonl").read_text(encoding="utf-8")


def test_full_disk_is_told_and_stops_nobody() -> None:
    """When nothing can be written, recording goes on in memory and check() says what is lost."""
    timeline = Timeline(Path("/dev/full"), CLOCK)
    timeline.record("me", "note", text="one")
    timeline.record("me", "note", text="two")
    assert [event.data["text"] for event in timeline.events()] == ["one", "two"]
    with pytest.raises(EvidenceLost, match="No space left"):
        timeline.check()
    timeline.close()


def test_failing_listener_is_recorded_and_dropped() -> None:
    """A listener that fails is named on the timeline and does not disturb who records."""
    timeline = Timeline(None, CLOCK)
    timeline.listen(lambda event: 1 / 0)
    timeline.record("me", "note", text="one")
    timeline.record("me", "note", text="two")
    texts = [event.data["text"] for event in timeline.events()]
    assert texts[0::2] == ["one", "two"]
    assert "ZeroDivisionError" in texts[1]


def test_a_field_cannot_overwrite_the_head(tmp_path: Path) -> None:
    """A field named like one of the head's keeps a name of its own."""
    timeline = Timeline(tmp_path / "t.jsonl", CLOCK)
    timeline.record("me", "note", seq=99, at="later")
    timeline.close()
    (event,) = read_timeline(tmp_path / "t.jsonl")
    assert (event.seq, event.data) == (1, {"seq_": 99, "at_": "later"})


def test_secret_beyond_ascii_is_found_in_wire_bytes(tmp_path: Path) -> None:
    """A secret with an accent is replaced as text and as the bytes of its UTF-8."""
    secret = "pässwörd" * 4
    timeline = Timeline(tmp_path / "t.jsonl", CLOCK, Redactor([("secret", secret)]))
    event = timeline.record("me", "note", text=secret, wire=secret.encode())
    timeline.close()
    assert event.data == {"text": "‹secret›", "wire": "‹secret›"}


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 1, 12, tzinfo=UTC),
        datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 1, 0, 0, 0, 1_000, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    ],
)
def test_moments_are_written_to_the_millisecond(moment: datetime) -> None:
    """Scenario time reads as ISO 8601 in UTC, cut to the millisecond, before and after a step."""
    clock = VirtualClock(moment)
    timeline = Timeline(None, clock)
    timeline.record("me", "note")
    clock.advance(0.25)
    timeline.record("me", "note")
    expected = [
        shown.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for shown in (moment, clock.now())
    ]
    assert [event.at for event in timeline.events()] == expected


def test_line_is_the_json_of_the_event(tmp_path: Path) -> None:
    """Each line is one JSON object: the head in its order, then the fields, whatever their text."""
    timeline = Timeline(tmp_path / "t.jsonl", CLOCK)
    fields = {
        "text": 'a"b\\c\n\x00é€\ud800',
        "n": -1,
        "x": 0.5,
        "none": None,
        "deep": [{"a": True}],
    }
    event = timeline.record('me"', "note", **fields)
    bare = timeline.record("me", "note")
    timeline.close()
    lines = (tmp_path / "t.jsonl").read_bytes().decode("utf-8", "surrogatepass").splitlines()
    assert lines == [event.to_line(), bare.to_line()]
    read = json.loads(lines[0])
    assert list(read) == ["seq", "host", "wall", "at", "source", "kind", *fields]
    assert {key: read[key] for key in fields} == fields
    assert read["source"] == 'me"'
    assert list(json.loads(lines[1])) == ["seq", "host", "wall", "at", "source", "kind"]


def test_memory_is_bounded_by_what_events_say(tmp_path: Path) -> None:
    """The newest stay, as many as fit; the file has them all."""
    timeline = Timeline(tmp_path / "t.jsonl", CLOCK, keep=5, keep_characters=100)
    for size in (40, 40, 40, 0, 0, 0, 0, 0, 99, 1):
        timeline.record("bench", "note", text="x" * size)
    timeline.record_prepared("bench", [("note", f'"text":"{number}"') for number in range(3)])
    timeline.close()
    kept = [event.seq for event in timeline.events()]
    assert kept == [10, 11, 12, 13]
    timeline.record("bench", "note", text="x" * 70)
    assert [event.seq for event in timeline.events()] == [14]
    assert [event.seq for event in read_timeline(tmp_path / "t.jsonl")] == list(range(1, 14))


def test_events_written_late(tmp_path: Path) -> None:
    """Their texts are made once, when somebody looks, and at once where there is a file."""
    asked: list[str] = []

    def write(what: str) -> list[str]:
        asked.append(what)
        return [f'"text":"{what} {number}"' for number in range(2)]

    timeline = Timeline(None, CLOCK)
    timeline.record("bench", "note", text="first")
    timeline.record_late("bench", ("one", "two"), write, "memory", size=40, at_ns=CLOCK.now_ns())
    timeline.record("bench", "note", text="last")
    assert asked == []
    shown = [(event.seq, event.kind, event.data["text"]) for event in timeline.events()]
    assert shown == [
        (1, "note", "first"), (2, "one", "memory 0"), (3, "two", "memory 1"), (4, "note", "last"),
    ]  # fmt: skip
    assert [event.kind for event in timeline.events("two")] == ["two"]
    assert asked == ["memory"]

    heard: list[Event] = []
    timeline.listen(heard.append)
    timeline.record_late("bench", ("one", "two"), write, "unread", size=40, at_ns=CLOCK.now_ns())
    assert [event.seq for event in heard] == [5, 6]
    assert asked == ["memory"]

    filed = Timeline(tmp_path / "t.jsonl", CLOCK)
    filed.record_late("bench", ("one", "two"), write, "file", size=40, at_ns=CLOCK.now_ns())
    assert asked == ["memory", "file"]
    filed.close()
    assert [event.data["text"] for event in read_timeline(filed.path or tmp_path)] == [
        "file 0", "file 1",
    ]  # fmt: skip


def test_what_is_kept_together_goes_together() -> None:
    """The number and the size of what is kept are bounded with late texts, too."""
    timeline = Timeline(None, CLOCK, keep=3, keep_characters=100)

    def say(number: int, size: int) -> None:
        timeline.record_late(
            "bench", ("one", "two"), lambda n: [f'"n":{n}'] * 2, number, size=size, at_ns=0
        )

    for number in range(9):
        say(number, 10)
    assert [event.data["n"] for event in timeline.events("one")] == [6, 7, 8]
    say(9, 95)
    assert [event.data["n"] for event in timeline.events("one")] == [9]


def test_two_threads_may_look_at_the_same_late_event() -> None:
    """Whoever comes between any two steps of the other: both read the texts."""
    read: list[str] = []

    def make() -> tuple[Callable[[], object], Callable[[], object]]:
        timeline = Timeline(None, CLOCK)
        timeline.record_late("me", ("note",), lambda n: (f'"n":{n + 1}',), 1, size=1, at_ns=0)
        (event,) = timeline.events()
        read.clear()
        return lambda: read.append(event.to_line()), lambda: read.append(event.to_line())

    texts = _Together.texts.fget
    assert texts is not None
    for _ in at_every_line(texts, make):
        assert read[0] == read[1]
        assert '"n":2' in read[0]
    assert len(read) == 1  # nobody came in between: that was all of it


def test_two_threads_may_meet_a_listener_that_fails() -> None:
    """Each goes on, whatever becomes of the listener: it is told of once, and off then."""
    timeline = Timeline(None, CLOCK)
    both = threading.Barrier(2)

    def fails(event: Event) -> None:
        both.wait(60)
        raise ValueError("no more")

    timeline.listen(fails)
    raised: list[BaseException] = []

    def record() -> None:
        try:
            timeline.record("me", "note")
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=record) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert raised == []
    told = [event for event in timeline.events() if "listener" in event.data.get("text", "")]
    assert len(told) == 1
