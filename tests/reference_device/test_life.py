"""Beginnings, restarts and ends of the process."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import harness.reference_device
from harness.reference_device.faults import FAULTS, Faults, UnknownFault

from .conftest import IMEI, SECRET, DeviceProcess
from .scripted_modem import ScriptedModem
from .scripted_platform import ScriptedPlatform

Start = Callable[..., DeviceProcess]
SOURCES = sorted(Path(harness.reference_device.__file__).parent.glob("*.py"))


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    command = [sys.executable, "-m", "harness.reference_device", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_it_imports_pyserial_and_the_standard_library_only(source: Path) -> None:
    """No module of the firmware imports anything of the harness that judges it."""
    imported = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= 1
            imported |= set() if node.level else {str(node.module).partition(".")[0]}
    assert imported <= sys.stdlib_module_names | {"serial"}


def test_ping_is_answered(start: Start) -> None:
    """A pong tells that the main loop runs."""
    device = start()
    device.say("ping")
    device.wait("pong")


def test_quit_and_sigterm_end_it_cleanly(start: Start, modem: ScriptedModem) -> None:
    """Both ways out give a stopped event and exit code 0, also one after the other on one port."""
    first = start()
    first.wait("ready")
    first.say("quit")
    first.wait("stopped")
    assert first.ended() == 0
    second = start()
    second.wait("ready")
    second.process.terminate()
    second.wait("stopped")
    assert second.ended() == 0


def test_sigterm_ends_it_in_the_middle_of_an_uplink(
    start: Start, platform: ScriptedPlatform
) -> None:
    """Waiting for a response does not delay the end."""
    platform.scripts.append(["hold"])
    device = start()
    device.say("report")
    platform.wait_for(1)
    device.process.terminate()
    assert device.ended(5) == 0


def test_a_port_that_goes_away_is_exit_code_3(start: Start, modem: ScriptedModem) -> None:
    """Unplugging gives an error event, a message for humans, and exit code 3."""
    device = start()
    device.wait("ready")
    modem.unplug()
    device.wait("error", what="port")
    assert device.ended() == 3
    device._readers[1].join(5)
    assert "serial port is gone" in device.errors


def test_a_port_that_is_not_there_is_exit_code_3(tmp_path: Path) -> None:
    """The message names the port."""
    port = str(tmp_path / "nothing")
    done = run("--port", port, "--imei", IMEI, "--secret", SECRET, "--apn", "a")
    assert done.returncode == 3
    assert port in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--imei", IMEI, "--secret", "s", "--apn", "a"], "--port"),
        (["--port", "p", "--imei", "123", "--secret", "s", "--apn", "a"], "15 digits"),
        (["--port", "p", "--imei", IMEI, "--apn", "a"], "secret"),
        (
            ["--port", "p", "--imei", IMEI, "--apn", "a", "--secret-env", "NOT_SET_AT_ALL"],
            "NOT_SET",
        ),
        (["--port", "p", "--imei", IMEI, "--apn", "a", "--secret-file", "/nope"], "/nope"),
        (["--port", "p", "--imei", IMEI, "--apn", "a", "--secret", "s", "--faults", "x"], "'x'"),
    ],
)
def test_wrong_use_is_exit_code_2(options: list[str], word: str) -> None:
    """The message names what is wrong."""
    done = run(*options)
    assert done.returncode == 2
    assert word in done.stderr


def test_a_secret_file_may_end_with_a_newline(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem, tmp_path: Path
) -> None:
    """The line end of the secret file is no part of the secret."""
    (tmp_path / "secret").write_text(SECRET + "\n")
    options = ["--imei", IMEI, "--secret-file", str(tmp_path / "secret"), "--apn", "kpnthings2.m2m"]
    command = [sys.executable, "-m", "harness.reference_device", "--port", modem.path, *options]
    done = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert done.stdin is not None
        done.stdin.write("report\n")
        done.stdin.flush()
        named = platform.wait_for(1)[0].header("Things-Message-Token")
    finally:
        done.terminate()
        done.communicate(timeout=60)
    device = start()
    device.say("report")
    assert platform.wait_for(2)[1].header("Things-Message-Token") == named


def test_a_brown_out_while_idle_is_survived(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """RDY out of the blue leads to a new attach, and the next uplink is accepted."""
    device = start()
    device.wait("ready", attach=1)
    modem.brown_out()
    device.wait("error", what="modem")
    device.wait("ready", attach=2)
    device.say("report")
    device.wait("uplink", result="accepted", attempt=1)


def test_a_brown_out_in_mid_flight_is_survived(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """A restart while waiting for the response counts as no response; the retry delivers."""
    platform.scripts.append([modem.brown_out, "hold"])
    device = start()
    device.say("report")
    device.wait("uplink", result="no-response", attempt=1)
    device.wait("ready", attach=2)
    device.wait("uplink", result="accepted", attempt=2)
    first, second = platform.wait_for(2)
    assert first == second


def test_a_lost_context_is_activated_again(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """When the context is gone without a word, the failed try leads to a new attach."""
    device = start()
    device.wait("ready")
    modem.active = False
    device.say("report")
    device.wait("uplink", result="no-response", attempt=1)
    device.wait("ready", attach=2)
    device.wait("uplink", result="accepted", attempt=2)


def test_a_modem_that_fell_silent_is_found_again(
    start: Start, platform: ScriptedPlatform, modem: ScriptedModem
) -> None:
    """Silence is an error on the console; the device probes until the modem is back."""
    modem.mute = True
    device = start("--boot-timeout", "0.3")
    device.wait("error", what="attach")
    modem.mute = False
    device.wait("ready", attach=1)
    device.say("report")
    device.wait("uplink", result="accepted")


@pytest.mark.parametrize(
    ("attribute", "value", "word"),
    [
        ("sim", "+CME ERROR: 10", "SIM"),
        ("sim", "SIM PIN", "SIM PIN"),
        ("registered", "3", "regist"),
    ],
)
def test_what_keeps_it_from_attaching_is_told(
    start: Start, modem: ScriptedModem, attribute: str, value: str, word: str
) -> None:
    """No SIM, a PIN and no network are named; when it is mended, the device gets ready."""
    good = getattr(modem, attribute)
    setattr(modem, attribute, value)
    device = start("--attach-timeout", "0.1")
    assert word in device.wait("error", what="attach")["detail"]
    setattr(modem, attribute, good)
    device.wait("ready")


def test_the_list_of_faults_names_each_with_its_requirement() -> None:
    """--list-faults prints a line per fault, with IDs of the requirements' table."""
    lines = run("--list-faults").stdout.splitlines()
    assert len(lines) == len(FAULTS) >= 15
    for line, fault in zip(lines, FAULTS.values(), strict=True):
        assert line.startswith(fault.name)
        assert fault.requirement in line
        assert line.endswith(fault.sentence)


def test_a_misspelt_fault_is_refused_everywhere() -> None:
    """Neither switching on nor asking for an unknown fault goes unnoticed."""
    with pytest.raises(UnknownFault):
        Faults(["wrong-hots"])
    with pytest.raises(UnknownFault):
        "wrong-hots" in Faults()  # noqa: B015  the question itself must raise
    with pytest.raises(UnknownFault):
        Faults(["sleeps-through-retries=5:10"])


def test_every_fault_is_wired_in_the_code() -> None:
    """Each name occurs in a module other than the list: no fault is without effect."""
    code = "".join(path.read_text() for path in SOURCES if path.name != "faults.py")
    window = {"sleeps-through-retries"}  # asked for by Faults.radio_window
    assert {name for name in FAULTS if f'"{name}"' not in code} == window
