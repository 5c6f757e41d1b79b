"""What the doctor says of the rig as a whole, on the command line, and of virtual devices."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.rig.doctor import DoctorSettings, State
from tests.doctor.conftest import Lab, MakeModem

SIM = Path(__file__).parents[2] / "rigs" / "sim.yaml"


def test_virtual_devices_are_started_and_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The simulated rig is fit, its modems having registered and reached the platform.

    The way of an Internet device leads through the Internet, which is not examined.
    """
    assert main(["doctor", "--rig", str(SIM), "--json", "--reports", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fit"] is True
    for device in found["devices"]:
        rows = {finding["check"]: finding for finding in device["findings"]}
        platform = rows.pop("platform")
        assert {finding["state"] for finding in rows.values()} == {"ok"}
        if device["name"] == "probe-internet":
            assert platform["state"] == "not checked"
        else:
            assert "reached 10.151.236.157:80" in platform["seen"]


def test_one_device_only(capsys: pytest.CaptureFixture[str]) -> None:
    """--device leaves the others out; an unknown name is wrong use."""
    assert main(["doctor", "--rig", str(SIM), "--device", "tracker-regular", "--json"]) == 0
    assert [d["name"] for d in json.loads(capsys.readouterr().out)["devices"]] == [
        "tracker-regular"
    ]
    assert main(["doctor", "--rig", str(SIM), "--device", "nobody"]) == 2
    assert "it has tracker-plus, tracker-regular" in capsys.readouterr().err


def test_an_unfit_rig_is_exit_3(
    lab: Lab,
    modem: MakeModem,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The table names check, what was seen and what to do, without colours for a pipe."""
    monkeypatch.setenv("COLUMNS", "100")
    path = lab.write(good=lab.device(0, modem().path), gone=lab.device(1, "/dev/no-such-port"))
    assert main(["doctor", "--rig", str(path), "--patience", "2"]) == 3
    out = capsys.readouterr().out
    assert "not fit: 1 of 2 devices fit" in out
    assert "/dev/no-such-port: No such file or directory" in out
    assert "→ check cable and power" in out
    assert "\x1b[" not in out


def test_a_missing_secret_is_a_row(
    lab: Lab,
    modem: MakeModem,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other checks are made all the same."""
    path = lab.write(tracker=lab.device(0, modem().path))
    monkeypatch.delenv("LAB_SECRET")
    assert main(["doctor", "--rig", str(path), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["devices"][0]["fit"] is True
    (secrets,) = [finding for finding in found["bench"] if finding["check"] == "secrets"]
    assert "LAB_SECRET is not set" in secrets["seen"]


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        (DoctorSettings(disk_unfit=1 << 62), State.UNFIT),
        (DoctorSettings(disk_unfit=0, disk_low=1 << 62), State.WARNING),
        (DoctorSettings(disk_unfit=0, disk_low=0), State.OK),
    ],
)
def test_a_full_disk(lab: Lab, settings: DoctorSettings, state: State) -> None:
    """Free space is judged against both thresholds."""
    lab.write(gone=lab.device(0, "/dev/no-such-port"))
    health = lab.examine(settings)
    (disk,) = [finding for finding in health.bench if finding.check == "disk"]
    assert disk.state is state
    assert health.bench_fit is (state is not State.UNFIT)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights(lab: Lab, tmp_path: Path) -> None:
    """Reports that cannot be written are found out before the run."""
    lab.write(gone=lab.device(0, "/dev/no-such-port"))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    (disk,) = [
        finding
        for finding in lab.examine(DoctorSettings(reports=closed / "reports")).bench
        if finding.check == "disk"
    ]
    assert "cannot be written to" in disk.seen


def test_a_platform_address_that_is_taken(lab: Lab, modem: MakeModem) -> None:
    """Another program on the address makes the rig unfit; the device's own row is not checked."""
    lab.write(tracker=lab.device(0, modem().path))
    with socket.create_server(("127.0.0.1", lab.port)):
        health = lab.examine()
    (platform,) = [finding for finding in health.bench if finding.check == "platform"]
    assert platform.state is State.UNFIT
    assert "another program is listening there" in platform.seen
    assert health.devices[0].fit
    assert not health.fit


def test_a_wrong_rig_file_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2 with the place, before any port is touched."""
    path = tmp_path / "rig.yaml"
    path.write_text("rig: a\nnonsense: 1\n", encoding="utf-8")
    assert main(["doctor", "--rig", str(path)]) == 2
    assert "rig.yaml:" in capsys.readouterr().err
