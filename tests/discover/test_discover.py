"""``hil discover``: on scripted ports, on a modem process, and on the names a system gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cli.main import main
from harness.errors import UsageError
from harness.modem import open_modem
from harness.rig.discover import FoundModem, SerialPort, discover, serial_ports
from harness.rig.discover.modems import grouped
from harness.rig.discover.ports import named_port
from harness.rig.registration import leave_secret
from harness.rig.rig import load_rig
from tests.discover.ports import MODEM, FakePort, ScriptedModem, nmea
from tests.virtual_modem.served import serve


def nothing() -> list[SerialPort]:
    """A machine without serial ports."""
    return []


def test_a_modem_process_becomes_a_rig_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual modem that is named by its link is printed as a rig file that `hil check` takes."""
    monkeypatch.chdir(tmp_path)
    with serve(tmp_path, "--imei", "356726104408505", "--iccid", "8931041010654370194") as modem:
        assert main(["discover", modem.path]) == 0
    printed = capsys.readouterr()
    path = tmp_path / "bench.yaml"
    path.write_text(printed.out, encoding="utf-8")
    (device,) = load_rig(path, leave_secret).devices
    assert (device.registration.imei, device.registration.iccid) == (
        "356726104408505", "8931041010654370194",
    )  # fmt: skip
    assert (device.modem.port, device.modem.family) == (modem.path, "quectel-bg")
    assert "# yaml-language-server: $schema=" in printed.out
    assert "# sim:" in printed.out
    assert main(["check", str(path)]) == 0


def test_a_radio_that_is_off_stays_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An nRF91 boots with its radio off: it is found, nothing is switched on, and that is said."""
    with serve(tmp_path, "--family", "nordic-slm") as modem:
        assert main(["discover", "--json", modem.path]) == 0
        assert modem.get("/state")["registered"] is False
    (found,) = json.loads(capsys.readouterr().out)["modems"]
    assert (found["family"], found["iccid"]) == ("nordic-slm", "")
    assert "the radio is off (AT+CFUN=0)" in " ".join(found["remarks"])


def test_stored_settings_stay(tmp_path: Path) -> None:
    """The port of an EC25's codes, which it keeps without power, is not what discovery sets."""
    with serve(tmp_path, "--family", "quectel-ec") as modem:
        assert main(["discover", modem.path]) == 0
        with open_modem("quectel-ec", modem.path) as driver:
            driver.greet(timeout_s=20)
            assert driver.line('AT+QURCCFG="urcport"').endswith('"uart1"')


def test_a_shell_can_set_the_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The variable that is to hold a secret begins with a letter, also when the name does not."""
    answers = {**MODEM, "AT+CGMM": "3GPP|OK"}
    with FakePort(ScriptedModem(answers), link=tmp_path / "modem") as modem:
        assert main(["discover", modem.path]) == 0
    printed = capsys.readouterr()
    assert "3gpp-8422:" in printed.out
    assert "secret: {env: DEVICE_3GPP_8422_SECRET}" in printed.out
    assert "DEVICE_3GPP_8422_SECRET" in printed.err.replace("\n", "")


def test_the_json_says_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json ports, modems and the rig's text are one object."""
    with (
        FakePort(ScriptedModem(MODEM), link=tmp_path / "modem") as modem,
        FakePort(unasked=nmea("GPTXT,01,01,02,hello"), link=tmp_path / "gnss") as gnss,
    ):
        assert main(["discover", "--json", modem.path, gnss.path]) == 0
    found = json.loads(capsys.readouterr().out)
    kinds = {entry["path"]: entry["kind"] for entry in found["ports"]}
    assert kinds == {modem.path: "at", gnss.path: "nmea"}
    (only,) = found["modems"]
    assert (only["family"], only["model"], only["revision"]) == ("3gpp", "Rocket 9", "1.2.3")
    assert found["rig"]["text"].count("imei:") == 1


def test_nothing_found_is_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A port without a modem gives no rig file, and says what was heard."""
    with FakePort(unasked=nmea("GPTXT,01,01,02,hello"), link=tmp_path / "gnss") as gnss:
        assert main(["discover", gnss.path]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "no modem found" in printed.err
    assert "nmea" in printed.err


def test_a_port_that_does_not_exist_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the port; exit 2."""
    assert main(["discover", "/dev/no-such-port"]) == 2
    assert "there is no port /dev/no-such-port" in capsys.readouterr().err


def test_a_port_that_another_process_holds_is_left_alone() -> None:
    """The holder is named, and the port gets not one byte."""
    with FakePort(ScriptedModem(MODEM)) as port:
        holder = subprocess.Popen(
            [sys.executable, "-c",
             f"import os; os.open({port.path!r}, os.O_RDWR); print(flush=True); input()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            # The process at the master end is this one, as it is with `hil modem`.
            (report,) = discover([port.path], listed=nothing).ports
        finally:
            holder.communicate(b"\n", timeout=60)
        assert (report.kind, port.heard) == ("in use", b"")
        assert f"process {holder.pid}" in report.says


def test_ports_of_one_module_are_one_modem(tmp_path: Path) -> None:
    """Two AT ports with the same IMEI are one device; the other is listed with it."""
    with (
        FakePort(ScriptedModem(MODEM), link=tmp_path / "usb-Acme-if03") as second,
        FakePort(ScriptedModem(MODEM), link=tmp_path / "usb-Acme-if02") as first,
    ):
        (modem,) = discover([second.path, first.path], listed=nothing).modems
    assert modem.port.path == first.path
    assert modem.other_ports == (second.path,)


def found_on(path: str, interface: int | None, imei: str = "356726104408422") -> FoundModem:
    port = SerialPort(path, path, interface=interface)
    return FoundModem(port, 115_200, "3gpp", "Acme", "R", "1", imei, "")


def test_the_lowest_interface_is_the_best_port() -> None:
    """By number, not by the order of names; ports without a number come last."""
    best = grouped([found_on("/dev/a", None), found_on("/dev/b", 3), found_on("/dev/z", 2)])
    assert [(modem.port.path, modem.other_ports) for modem in best] == [
        ("/dev/z", ("/dev/b", "/dev/a"))
    ]


def test_a_modem_without_a_sim_is_found(tmp_path: Path) -> None:
    """It has an IMEI and a remark instead of an ICCID, and its echo is as it was."""
    no_sim = {**MODEM, "AT+CCID": "|+CME ERROR: 10", "AT+CPIN?": "|+CME ERROR: 10"}
    script = ScriptedModem(no_sim)
    with FakePort(script, link=tmp_path / "modem") as port:
        (modem,) = discover([port.path], listed=nothing).modems
    assert (modem.imei, modem.iccid) == ("356726104408422", "")
    assert any("SIM cannot be read" in remark for remark in modem.remarks)
    assert not any(command.startswith("AT+CFUN=") for command in script.commands)


def test_what_is_no_modem_by_its_looks_is_not_asked() -> None:
    """Without --all a mere adapter is listed and left alone; with it, it is asked."""
    with FakePort(ScriptedModem(MODEM)) as port:
        adapter = SerialPort(port.path, port.device, description="FT232R USB UART")
        (report,) = discover(listed=lambda: [adapter]).ports
        assert (report.kind, port.heard) == ("not asked", b"")
        assert "--all" in report.says
        assert len(discover(every=True, listed=lambda: [adapter]).modems) == 1


def listing(device: str, vid: int | None = None, **more: object) -> SimpleNamespace:
    """A port as pyserial lists it."""
    plain = {"pid": 0x0125, "manufacturer": None, "product": None, "location": None,
             "description": "n/a"}  # fmt: skip
    return SimpleNamespace(device=device, vid=vid, **{**plain, **more})


def test_names_that_last_are_preferred(tmp_path: Path) -> None:
    """The by-id link is the port's name, and says its interface."""
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    with FakePort() as port:
        link = by_id / "usb-Quectel_EG25-G-if02-port0"
        link.symlink_to(port.device)
        (found,) = serial_ports(lambda: [listing(port.device, 0x2C7C)], by_id)
        assert (found.path, found.interface, found.maker) == (str(link), 2, "Quectel")
        assert named_port(port.device, [found], by_id).path == str(link)
        assert named_port(str(link), [found], by_id).path == str(link)


@pytest.mark.parametrize(
    ("facts", "likely"),
    [
        (listing("/dev/ttyUSB0", 0x2C7C), True),
        (listing("/dev/ttyUSB0", 0x1E0E, location="1-1.2:1.2"), True),
        (listing("/dev/ttyACM0", 0x1366, product="Nordic Thingy:91"), True),
        (listing("/dev/ttyUSB0", 0x0403, product="FT232R USB UART"), False),
        (listing("/dev/ttyS0"), False),
    ],
)
def test_a_modem_is_known_by_its_looks(
    facts: SimpleNamespace, likely: bool, tmp_path: Path
) -> None:
    """USB vendors that make modems, and telling product names, are asked; adapters are not."""
    (found,) = serial_ports(lambda: [facts], tmp_path)
    assert bool(found.likeness) is likely
    assert found.interface == (2 if facts.location else None)


def test_a_named_port_must_exist() -> None:
    """The error lists what the machine has."""
    with pytest.raises(UsageError, match="there is no port"):
        discover(["/dev/ttyNothing"], listed=nothing)


def test_an_unreadable_process_list_changes_nothing(tmp_path: Path) -> None:
    """A port that only we have open counts as free."""
    with FakePort(ScriptedModem(MODEM)) as port:
        fd = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
        try:
            assert discover([port.path], listed=nothing).ports[0].kind == "at"
        finally:
            os.close(fd)
