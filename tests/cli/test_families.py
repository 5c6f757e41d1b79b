"""hil families: the table of what modem families can do, and the page made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.families import families, page
from harness.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "modem-families.md"


def test_the_page_is_true() -> None:
    """The documentation's page is what the data say."""
    assert PAGE.read_text() == page(), "run: hil families --write docs/modem-families.md"


def test_every_family_says_where_its_facts_come_from() -> None:
    """Both sides of each family name their sources."""
    for both in families():
        assert both.driver.abilities.sources, both.name
        assert both.virtual.sources, both.name


def test_table_one_family_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    """All in a table, one in detail, and both as JSON."""
    assert main(["families"]) == 0
    assert "quectel-bg" in capsys.readouterr().out
    assert main(["families", "quectel-bg"]) == 0
    told = capsys.readouterr().out
    assert "AT+QPOWD" in told
    assert "assumed, driver" in told
    assert main(["families", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["quectel-bg"]["sockets"]["count"] == 12
    assert facts["3gpp"]["http"] is None
    assert facts["3gpp"]["tls"] is None
    assert facts["ublox-sara-u2"]["tls"] == {"names_server": False, "cannot_see": []}
    assert facts["simcom-7600"]["tls"] == {"names_server": True, "cannot_see": ["wrong-name"]}
    assert (facts["telit-me910"]["http"]["tls"], facts["ublox-sara-u2"]["http"]["tls"]) == (
        True,
        False,
    )


def test_a_family_that_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    """One clear line and exit code 2."""
    assert main(["families", "nokia"]) == 2
    assert "no modem family 'nokia'" in capsys.readouterr().err


def test_a_page_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason, and exit code 2."""
    assert main(["families", "--write", str(tmp_path / "no" / "page.md")]) == 2
    assert "No such file" in capsys.readouterr().err
