"""``hil check``: what could be better about devices is advice, at its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import main

DEVICES = """devices:
  probe-1:
    dvnuuid: 0b0e1f6e-7c44-1d0c-9f0e-0a5f2f3d9f11
    secret: {env: NOT_SET_ANYWHERE}
    iccid: "8931041010654378930"
    rate-plan: M2M 5 MB
  tracker-1: {imei: "356726104408422", sim: plus}
"""


@pytest.mark.parametrize("rig", [False, True], ids=["devices file", "rig file"])
def test_advice_has_its_place_and_does_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rig: bool
) -> None:
    """UUID version, check digit, SMS without ICCID: told with line and column, exit 0."""
    path = tmp_path / "devices.yaml"
    path.write_text(DEVICES + ("rig: bench\n" if rig else ""))
    assert main(["check", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{path}:3:14: advice: this UUID is version 1")
    assert lines[1].startswith(f"{path}:5:12: advice: the ICCID's last digit should be 2")
    assert lines[2].startswith(f"{path}:7:45: advice: a plus SIM gets SMS")
    assert lines[3].endswith("0 wrong")
    assert main(["check", "--json", str(path)]) == 0
    assert [item["line"] for item in json.loads(capsys.readouterr().out)["advice"]] == [3, 5, 7]


def test_a_wrong_rate_plan_or_number_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What breaks a rule has its place and exits 2."""
    path = tmp_path / "devices.yaml"
    path.write_text(
        'devices:\n  one: {imei: "356726104408422", rate-plan: " "}\n'
        '  two: {imei: "490154203237518", msisdn: "+31 97 012345678"}\n'
    )
    assert main(["check", str(path)]) == 2
    out = capsys.readouterr().out
    assert f"{path}:2:" in out
    path.write_text('devices:\n  two: {imei: "490154203237518", msisdn: "+31 97 012345678"}\n')
    assert main(["check", str(path)]) == 2
    assert "write +3197012345678" in capsys.readouterr().out
