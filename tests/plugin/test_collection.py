"""Scenario files as pytest items, through pytest's public interface."""

from __future__ import annotations

import pytest

PLUGINS = ("-p", "fixtures.rig", "-p", "fixtures.scenarios")
GOOD = """\
id: {id}
title: A scenario for this test
verifies: [{requirement}]
steps:
  - note: hello
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with two scenarios, a plain test and YAML that is nobody's business."""
    folder = pytester.mkdir("scenarios")
    (folder / "a.yaml").write_text(GOOD.format(id="token.a", requirement="TOKEN-FORMULA"))
    (folder / "b.yaml").write_text(GOOD.format(id="sms.b", requirement="SMS-PLUS"))
    pytester.mkdir("other").joinpath("compose.yaml").write_text("services: {}\n")
    pytester.makepyfile(test_plain="def test_plain(): pass")
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    return pytester


def collected(project: pytest.Pytester, *words: str) -> list[str]:
    """The node IDs that a run with these words collects."""
    done = project.runpytest_subprocess(
        *PLUGINS, "--collect-only", "-q", "--strict-markers", *words
    )
    return sorted(line for line in done.outlines if "::" in line)


A, B, PLAIN = "scenarios/a.yaml::token.a", "scenarios/b.yaml::sms.b", "test_plain.py::test_plain"


@pytest.mark.parametrize(
    ("words", "items"),
    [
        (["scenarios"], [A, B]),
        (["scenarios", "-k", "token"], [A]),
        (["scenarios", "-m", "SMS-PLUS"], [B]),
        (["scenarios/a.yaml"], [A]),
        ([A], [A]),
        (["."], [A, B, PLAIN]),
        (["test_plain.py"], [PLAIN]),
        (["other"], []),
    ],
)
def test_selection(project: pytest.Pytester, words: list[str], items: list[str]) -> None:
    """Scenarios are selected by path, name and requirement as tests are, and nothing else is."""
    assert collected(project, *words) == items


def test_error_is_one_line_without_our_traceback(project: pytest.Pytester) -> None:
    """A broken file is reported as file:line:column, without a Python traceback."""
    (project.path / "scenarios" / "c.yaml").write_text(
        GOOD.format(id="c", requirement="SMS-PLUS") + "colour: red\n"
    )
    done = project.runpytest_subprocess(*PLUGINS, "--collect-only", "scenarios")
    done.stdout.fnmatch_lines(["*scenarios/c.yaml:6:1: unknown key 'colour'"])
    done.stdout.no_fnmatch_line("*harness/*.py*")
    assert done.ret == pytest.ExitCode.INTERRUPTED


def test_without_the_plugin_nothing_is_collected(project: pytest.Pytester) -> None:
    """The plugin can be switched off."""
    done = project.runpytest_subprocess("-p", "no:fixtures.scenarios", "--collect-only", "-q", ".")
    assert [line for line in done.outlines if "::" in line] == [PLAIN]
