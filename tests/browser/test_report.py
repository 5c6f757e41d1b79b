"""The report of a run in a browser: on screens of all widths and on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.report.replay import remake
from tests.report.played import Play

LONG = "token.parametrized[name=" + "x" * 160 + "]"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with one failure, of a scenario with a long parameter."""
    folder = tmp_path_factory.mktemp("run")
    with Play(folder, LONG, "A scenario with a long parameter", ["TOKEN-EXACT"]) as play:
        play.step("  - expect: {uplink: {outcome: accepted}}", "failed", "it was refused")
        play.verdict("failed", "it was refused", ("TOKEN-EXACT",), "device")
    page, _ = remake(folder)
    return page


@pytest.mark.parametrize(
    ("width", "media"), [(400, "screen"), (1280, "screen"), (720, "print"), (1280, "print")]
)
def test_a_long_name_hides_neither_verdict_nor_reason(
    browser: Any, report: Path, width: int, media: str
) -> None:
    """Every cell of the summary is within the page: what has to be scrolled to is lost on paper."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    try:
        page = context.new_page()
        page.goto(report.as_uri())
        page.emulate_media(media=media)
        page.get_by_role("heading", name="What went wrong").wait_for()
        right = page.evaluate(
            "Math.max(...[...document.querySelectorAll('.h-summary .h-stack td')]"
            ".map(cell => cell.getBoundingClientRect().right))"
        )
        assert 0 < right <= width
    finally:
        context.close()
