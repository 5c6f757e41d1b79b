"""What is said of wrong values: the file's own names, a person's words, nothing of the program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import FileError, UsageError
from harness.files import load_document
from harness.rig.rig import load_rig
from harness.scenario.load import load_cases

RIG = """\
rig: r
devices:
  t:
    imei: "356726104408422"
    secret: TrackerPlusSecret0123456789abc
"""
SCENARIO = "id: a.b\ntitle: A title of some length\nverifies: [DL-ONE]\nsteps:\n  - power: on\n"


def said_of(file: Path, change: tuple[str, str]) -> list[str]:
    """What is wrong with a good file after a change to it; no word of it is Python's."""
    kind, text = (load_rig, RIG) if change[0] in RIG else (load_cases, SCENARIO)
    file.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(FileError) as caught:
        kind(file)
    lines = str(caught.value).replace(f"{file}:", "").splitlines()
    for word in ("dictionary", "instance", "[key]", "function", "pattern", "_one", ".str"):
        assert word not in "".join(lines)
    return lines


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("  t:", "  Tracker One:"), "3:3: devices.Tracker One: a name has lower-case letters"),
        (("secret: TrackerPlusSecret0123456789abc", "secret: {env: A, file: b}"),
         "5:13: devices.t.secret: give exactly one of"),
        (("secret: TrackerPlusSecret0123456789abc", "secret: [a]"),
         "5:13: devices.t.secret: a mapping is wanted here"),
        (('imei: "356726104408422"', "dvnuuid: nope"), "a UUID is 32 hex digits"),
        (("rig: r", "rig: r\nnetwork: {kind: lab, bind: here}"), "an IPv4 address and a port"),
        (("id: a.b", "id: A B"), "1:5: id: write lower-case letters and digits"),
        (("power: on", "power"), "5:5: steps: a mapping is wanted here"),
        (("[DL-ONE]", "DL-ONE"), "3:11: verifies: a list is wanted here"),
        (("power: on", "chaos: nope"), "steps.chaos: unknown 'kind' 'nope'; known: 'latency'"),
        (("power: on", "cycle: {on: 5m, every: 5m, times: 1}"), "let on be shorter than every"),
        (("power: on", "response-fault: {kind: late}"), "response fault late needs by"),
        (("power: on", "line-fault: {kind: silence, by: 1h}"), "5:17: steps.line-fault: a line"),
        (("power: on", "expect: {uplinks: x}"), "steps.expect.uplinks: a whole number is wanted"),
    ],
)  # fmt: skip
def test_one_sentence_each(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """One line says where and what."""
    (line,) = said_of(tmp_path / "file.yaml", change)
    assert said in line


def test_long_values_are_cut(tmp_path: Path) -> None:
    """Thousands of characters are not repeated."""
    (line,) = said_of(tmp_path / "file.yaml", ("id: a.b", "id: " + "X" * 5_000))
    assert len(line) < 300


@pytest.mark.parametrize("device", ["/dev/zero", "tty"])
def test_a_device_is_no_file(device: str) -> None:
    """A serial port where a file should be is refused, and not read until it ends."""
    ours, theirs = os.openpty()
    try:
        path = Path(os.ttyname(theirs) if device == "tty" else device)
        with pytest.raises(UsageError, match="it is a device; name a YAML file"):
            load_document(path)
    finally:
        os.close(ours)
        os.close(theirs)
