"""Rig and devices files: checked, with secrets from outside, errors at their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import FileError
from harness.rig.registration import load_registrations
from harness.rig.rig import load_rig

IMEI, OTHER = "356726104408422", "490154203237518"
SECRET = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6"


def write(tmp_path: Path, device: str, *, more: str = "") -> Path:
    path = tmp_path / "r.yaml"
    path.write_text(f"rig: bench\ndevices:\n  one: {device}\n{more}", encoding="utf-8")
    return path


def test_secret_from_a_file_beside_the_rig(tmp_path: Path) -> None:
    """The newline that editors add to a secret file is not part of the secret."""
    (tmp_path / "s").write_text(SECRET + "\n")
    rig = load_rig(write(tmp_path, f'{{imei: "{IMEI}", secret: {{file: s}}}}'))
    assert rig.registrations[0].secret == SECRET
    assert SECRET not in repr(rig)
    assert rig.redactor()(f"x{SECRET}") == "x‹secret of one›"


def test_secret_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret comes from the variable the file names; without it, the error names it too."""
    path = write(tmp_path, f"{{imei: {IMEI}, secret: {{env: HIL_TEST_SECRET}}}}")
    monkeypatch.setenv("HIL_TEST_SECRET", SECRET)
    assert load_rig(path).registrations[0].secret == SECRET
    monkeypatch.delenv("HIL_TEST_SECRET")
    with pytest.raises(FileError, match="HIL_TEST_SECRET is not set"):
        load_rig(path)


@pytest.mark.parametrize(
    ("device", "where", "message"),
    [
        ("{imei: 356726104408423}", "3:15", "last digit should be 2, not 3"),
        (f"{{imei: {IMEI}, iccid: 1234}}", "3:39", "an ICCID starts with 89"),
        (f"{{imei: {IMEI}, colour: red}}", "3:32", "unknown key 'colour'"),
        ("{sim: plus}", "3:8", "exactly one of imei"),
        (f"{{imei: {IMEI}, sim: esim}}", "3:37", "'regular'"),
        (f"{{imei: {IMEI}, secret: tooshort}}", "3:40", "30 to 100 characters; this one has 8"),
        (f'{{imei: {IMEI}, secret: "{SECRET}\\n"}}', "3:40", "white space around it"),
        (
            f"{{imei: {IMEI}, secret: {SECRET}, modem: {{port: /dev/x}}}}",
            "3:40",
            "only for virtual",
        ),
        (f"{{imei: {IMEI}, secret: {{env: A, file: b}}}}", "3:40", "exactly one of {env: NAME}"),
        (f"{{imei: {IMEI}, sim: }}", "3:32", "'sim' has no value"),
        (f"{{imei: {IMEI}}}\n  two: {{imei: {IMEI}}}", "4:15", "two and one have the same imei"),
    ],
)
def test_wrong_devices_have_their_place(
    tmp_path: Path, device: str, where: str, message: str
) -> None:
    """Each mistake is named where it was made, and no secret is repeated."""
    with pytest.raises(FileError) as caught:
        load_rig(write(tmp_path, device))
    assert str(caught.value).startswith(f"{tmp_path}/r.yaml:{where}: ")
    assert message in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "where", "message"),
    [
        ("network: {bind: 10.0.0.1:99999}", "4:17", "a port is 0 to 65535, not 99999"),
        ("network: {bind: 10.0.300.1:80}", "4:17", "10.0.300.1 is no IPv4 address"),
        ("firmware: {command: [x], ready: '(a'}", "4:33", "no regular expression"),
    ],
)
def test_a_wrong_bench_is_refused(tmp_path: Path, more: str, where: str, message: str) -> None:
    """What could only fail later, when the bench is set up, is found in the file."""
    with pytest.raises(FileError) as caught:
        load_rig(write(tmp_path, f"{{imei: {IMEI}}}", more=more))
    assert str(caught.value).startswith(f"{tmp_path}/r.yaml:{where}: ")
    assert message in str(caught.value)


def test_devices_file_refuses_twins(tmp_path: Path) -> None:
    """Two devices with one IMEI are refused in a devices file too."""
    path = tmp_path / "d.yaml"
    path.write_text(f"devices:\n  a: {{imei: {IMEI}}}\n  b: {{imei: {IMEI}}}\n")
    with pytest.raises(FileError, match=r"d\.yaml:3:13: b and a have the same imei"):
        load_registrations(path)
    path.write_text(f"devices:\n  a: {{imei: {IMEI}}}\n  b: {{imei: {OTHER}}}\n")
    assert [known.name for known in load_registrations(path)] == ["a", "b"]


def test_a_device_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    """Nothing is silently left out when the devices of a rig file are served."""
    with pytest.raises(FileError, match="a mapping is wanted here"):
        load_registrations(write(tmp_path, f"{{imei: {IMEI}}}", more="  two: nonsense\n"))
