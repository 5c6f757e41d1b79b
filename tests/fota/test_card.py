"""Firmware over the air in reports."""

from __future__ import annotations

from pathlib import Path

from harness.report.card import card_html
from harness.report.model import load_scenario
from harness.report.moments import rows_of
from tests.fota.playing import played


def test_an_update_on_the_card(tmp_path: Path) -> None:
    """Runs of good parts are one row; what was spoilt has its own, and a line in a table."""
    done = played(
        tmp_path,
        """
  - power: on
  - firmware: {version: 1.1.0, size: 2000}
  - firmware-fault: {kind: wrong-crc, after: 3}
  - report: {}
  - expect: {firmware: {reported: 1.1.0, clean: true}, within: 15s}
""",
    )
    assert done.verdict.outcome == "passed", done.verdict
    report = load_scenario(done.file)
    texts = [row.text for row in rows_of(report)]
    assert "firmware 1.1.0 offered, 2000 bytes" in texts
    assert "3 parts of firmware, bytes 0-767" in texts
    assert "firmware 768-1023: 206, fault: wrong-crc" in texts
    assert "5 parts of firmware, bytes 768-1999" in texts
    assert texts.index("firmware 1.1.0 fetched") < texts.index("reported: firmware 1.1.0")
    card = card_html(report)
    assert "9 requests on 2 connections, all bytes fetched, version 1.1.0 reported" in card
    assert "fault: wrong-crc" in card
