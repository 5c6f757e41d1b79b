"""Runs beside each other, in parallel, in part, and again: all leave valid reports."""

from __future__ import annotations

import json

import pytest

from tests.faults.place import Place


def test_two_runs_at_once(place: Place) -> None:
    """Both are fine, each has its own folder, and ``latest`` points to one of them."""
    for name in ("a", "b"):
        place.good(name)
    first, second = place.start("scenarios"), place.start("scenarios")
    for ended in (place.ended(first), place.ended(second)):
        assert ended.code == 0, ended.text
    runs = [path for path in (place.folder / "reports").glob("2*") if path.is_dir()]
    assert len(runs) == 2
    assert place.latest in [run.resolve() for run in runs]
    for run in runs:
        summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
        assert summary["counts"] == {"passed": 2}
        assert (run / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "passed"),
    [
        (["-n", "2"], 3),
        (["-k", "fault.a or fault.b"], 2),
        (["-m", "TOKEN-FORMULA"], 3),
        (["-x"], 3),
    ],
    ids=["parallel", "keyword", "requirement", "stop-early"],
)
def test_pytests_own_options(place: Place, words: list[str], passed: int) -> None:
    """They reach pytest through ``--``, and the report holds what ran."""
    if words[0] == "-n":
        pytest.importorskip("xdist")
    for name in ("a", "b", "c"):
        place.good(name)
    ended = place.run("scenarios", "--", *words)
    assert ended.code == 0, ended.text
    assert place.summary()["counts"] == {"passed": passed}


def test_stop_at_the_first_failure_and_run_it_again(place: Place) -> None:
    """``-x`` ends after the first failure; ``--lf`` runs only that one; the folder stays usable."""
    place.good("a")
    place.scenario("power: on\nexpect: {uplinks: 1}", "b")
    place.good("c")
    ended = place.run("scenarios", "--", "-x", "-p", "no:randomly")
    assert ended.code == 1, ended.text
    assert place.summary()["counts"] == {"passed": 1, "failed": 1}
    ended = place.run("scenarios", "--", "--lf", "-p", "no:randomly")
    assert ended.code == 1, ended.text
    assert place.summary()["counts"] == {"failed": 1}
    place.good("b")
    ended = place.run("scenarios")
    assert ended.code == 0, ended.text
    assert len(list((place.folder / "reports").glob("2*"))) == 3
