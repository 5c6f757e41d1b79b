"""Every requirement that the platform meets is named by a scenario, and the page says which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.cli.requirements import coverage, page, without
from harness.scenario.requirements import requirements

ROOT = Path(__file__).parents[2]
ONE = """\
id: one
title: One step of its own
verifies: [NET-APN, MQTT-INGEST]
steps:
  - power: on
"""


@pytest.fixture
def at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("at_root")
@pytest.mark.parametrize("name", [r.id for r in requirements().values() if "plat" in r.sides])
def test_what_the_platform_does_has_a_scenario(name: str) -> None:
    """At least one of the shipped scenarios verifies it."""
    (row,) = [row for row in coverage([Path("scenarios")]) if row.requirement.id == name]
    assert row.scenarios


@pytest.mark.usefixtures("at_root")
def test_the_page_is_up_to_date() -> None:
    """docs/requirements.md is what the scenarios give."""
    made = page(coverage([Path("scenarios")]), Path("docs"))
    assert (ROOT / "docs" / "requirements.md").read_text() == made, (
        "run: hil requirements scenarios --write docs/requirements.md"
    )


def test_sides_are_known() -> None:
    """Whose a requirement is: device, platform or rig, and never nobody's."""
    assert {side for item in requirements().values() for side in item.sides} == {
        "dev",
        "plat",
        "rig",
    }


def test_a_folder_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rig files are passed over; what is missing is named, and the exit code says so."""
    (tmp_path / "one.yaml").write_text(ONE)
    (tmp_path / "rig.yaml").write_text("rig: sim\ndevices: {}\n")
    assert main(["requirements", str(tmp_path), "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows["NET-APN"]["scenarios"]) == ["one"]
    assert rows["DL-RESPONSE"] == rows["DL-RESPONSE"] | {"who": ["plat", "dev"], "scenarios": {}}
    assert main(["requirements", str(tmp_path), "--every", "plat"]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("no scenario for TOKEN-TAMPER, ")
    assert "MQTT-INGEST" not in last
    assert "DEST-TLS" in without(coverage([tmp_path]), "plat")


@pytest.mark.parametrize("words", [["nowhere"], [".", "--write", "no/page.md"]])
def test_wrong_use(tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing folder, a page that cannot be written: one sentence, exit code 2."""
    monkeypatch.chdir(tmp_path)
    assert main(["requirements", *words]) == 2
