"""The lines of a step, as a failure shows them."""

from __future__ import annotations

from pathlib import Path

from harness.scenario.load import load_cases

SCENARIO = """\
id: some.thing
title: A scenario with steps of several shapes
verifies: [RESP-ROBUST]
parametrize: {pause: [5m]}
steps:
  - power: on

  # a comment between steps
  - advance: ${pause}
  - expect:
      uplinks: 0
      downlink:
        count: 0
  - report: {spaces: true,
             shape: merged}
"""


def test_a_step_is_shown_with_its_own_lines_only(tmp_path: Path) -> None:
    """Neither the next step nor a comment is shown with it, and parameters are filled in."""
    file = tmp_path / "thing.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    (case,) = load_cases(file)
    shown = [(*case.step_lines(index), case.step_text(index)) for index in range(4)]
    assert shown == [
        (6, 6, "  - power: on"),
        (9, 9, "  - advance: 5m"),
        (10, 13, "  - expect:\n      uplinks: 0\n      downlink:\n        count: 0"),
        (14, 15, "  - report: {spaces: true,\n             shape: merged}"),
    ]
