"""The report's parts, each on its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence import Event
from harness.report.backoff import backoff_html
from harness.report.card import KNOWN_KINDS, card_html
from harness.report.model import load_scenario
from harness.report.moments import rows_of
from harness.report.run import run_outcome
from harness.report.share import Mask
from harness.report.text import esc, prose, span, visible
from harness.report.transcript import dialogue
from tests.report import played
from tests.report.test_page import check


def serial(*chunks: tuple[str, str]) -> tuple[Event, ...]:
    return tuple(
        Event(n, n / 1000, "", "2026-03-01T12:00:00.000Z", "line:x", "serial",
              {"dir": way, "bytes": text})
        for n, (way, text) in enumerate(chunks, 1)
    )  # fmt: skip


@given(st.integers(1, 7))
def test_transcript_does_not_depend_on_chunks(size: int) -> None:
    """However the bytes were cut into reads, the lines are the same."""
    answer = "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"
    chunks = [("rx", answer[at : at + size]) for at in range(0, len(answer), size)]
    lines = dialogue(serial(("tx", "AT+CSQ\r"), *chunks))
    assert [line.text.strip() for line in lines] == ["AT+CSQ", "+CSQ: 20,99", "OK"]


@given(st.text())
def test_text_is_always_escaped(text: str) -> None:
    """Whatever stood on the wire, no mark-up comes of it."""
    for shown in (esc(text), visible(text, breaks=False), prose(text)):
        bare = shown.replace('<span class="h-ctl">', "").replace("</span>", "")
        bare = bare.replace("<code>", "").replace("</code>", "")
        assert "<" not in bare
        assert '"' not in bare


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "40 ms"), (12.5, "12.5 s"), (60, "1 min"), (90, "1 min 30 s"), (14_700, "4 h 05 min")],
)
def test_durations_read_as_words(seconds: float, words: str) -> None:
    """Durations are written as people say them."""
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("counts", "code"),
    [({"passed": 3, "skipped": 1}, 0), ({"failed": 1, "rig error": 1}, 1), ({"rig error": 2}, 3),
     ({"harness error": 1}, 1), ({}, 0)],
)  # fmt: skip
def test_exit_code_of_a_run(counts: dict[str, int], code: int) -> None:
    """0 all good, 1 something failed, 3 nothing worse than rig errors."""
    assert run_outcome({"counts": counts}) == code


def test_backoff_shows_every_attempt(tmp_path: Path) -> None:
    """Made attempts, planned ones, on-windows and the discard are all drawn."""
    play = played.sms_backoff(tmp_path, delivered_at=24)
    drawing = backoff_html(load_scenario(tmp_path / play.file, tmp_path))
    check(drawing)
    assert "24 attempts of 32, delivered after" in drawing
    assert drawing.count("unreachable</title>") == 23
    assert drawing.count("planned at") == 8
    assert drawing.count("device on from") == 12
    assert "discard 48h" in drawing


def test_attempts_in_a_row_are_one_row(tmp_path: Path) -> None:
    """Attempts that reach nobody are drawn as one arrow until something else happens."""
    play = played.sms_backoff(tmp_path, delivered_at=99)
    rows = rows_of(load_scenario(tmp_path / play.file, tmp_path))
    grouped = [row for row in rows if row.text.startswith("attempts 1–12 unreachable")]
    assert [row.count for row in grouped] == [12]


def test_long_transcripts_are_folded(tmp_path: Path) -> None:
    """Thousands of lines stay a small card that says how many there were."""
    play = played.chatty(tmp_path, lines=5_000)
    card = card_html(load_scenario(tmp_path / play.file, tmp_path))
    check(card)
    assert "AT transcript, 10000 lines" in card
    assert "9600 lines in between" in card
    assert "8100 more lines are in the timeline only" in card
    assert len(card) < 600_000


def test_empty_and_missing_timelines(tmp_path: Path) -> None:
    """A card of nothing says that there is nothing."""
    (tmp_path / "empty.jsonl").touch()
    for name, remark in (("empty", "the timeline is empty"), ("gone", "cannot be read")):
        card = card_html(load_scenario(tmp_path / f"{name}.jsonl", tmp_path))
        check(card)
        assert remark in card


def test_events_with_odd_fields_do_not_break_a_card(tmp_path: Path) -> None:
    """Fields of the wrong kind, or none at all, leave a card that can be read."""
    from harness.report.card import KNOWN_KINDS

    lines = []
    for seq, kind in enumerate([*sorted(KNOWN_KINDS), "some.day"] * 2, 1):
        extra = '"device":7,"findings":3,"pack":{"a":1},"bytes":5,' if seq % 2 else ""
        lines.append(
            f'{{"seq":{seq},"host":{seq},"wall":"x","at":"y","source":"s",{extra}"kind":"{kind}"}}\n'
        )
    path = tmp_path / "odd.jsonl"
    path.write_text("".join(lines))
    card = card_html(load_scenario(path, tmp_path))
    check(card)
    assert "does not know: some.day" in card


def test_mask_covers_every_form_of_a_number() -> None:
    """As it is, without +, in PDU semi-octets, and numbers nobody registered."""
    mask = Mask([played.IMEI, played.MSISDN])
    assert mask.text(f"+CGSN: {played.IMEI}") == "+CGSN: " + "•" * 12 + "422"
    assert "3197012345678" not in mask.text("to 3197012345678")
    assert "137910325476F8" not in mask.text("0B91137910325476F8")
    assert mask.text("867530901234567") == "•" * 12 + "567"
    assert mask.text("+31612345678 said 202") == "•" * 9 + "678 said 202"


def test_the_page_knows_every_kind_of_event() -> None:
    """What docs/timeline.md describes is nothing that a page remarks on as unknown, and no more."""
    page = Path(__file__).parents[2] / "docs" / "timeline.md"
    rows = [
        row.split("|")[1] for row in page.read_text(encoding="utf-8").splitlines() if "|" in row
    ]
    described = {kind for row in rows for kind in re.findall(r"`([a-z.-]+)`", row)}
    assert described == KNOWN_KINDS
