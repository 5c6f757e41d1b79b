"""Clients that nobody here wrote, against ``hil modem`` as a process."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.clock import Deadline, pause
from tests.virtual_modem.served import Served


def _needs(program: str, package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"{program} is not installed (apt: {package})"
    )


def _run(*words: str, text: str = "") -> str:
    done = subprocess.run(
        words, input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.external
@_needs("gammu", "gammu")
def test_gammu_identifies_reads_sends_and_deletes(served: Served, tmp_path: Path) -> None:
    """PDU mode, both stores, a status report asked for."""
    config = tmp_path / "gammurc"
    config.write_text(f"[gammu]\ndevice = {served.path}\nconnection = at\n")
    served.deliver("Hello {5277}")
    identity = _run("gammu", "-c", str(config), "identify")
    assert "Quectel" in identity
    assert "356726104408422" in identity
    listing = _run("gammu", "-c", str(config), "getallsms")
    assert listing.count("Hello {5277}") == 1
    assert '"5277"' in listing
    _run("gammu", "-c", str(config), "sendsms", "TEXT", "+31612345678", "-report", "-text", "hoi")
    assert [(s["recipient"], s["text"]) for s in served.sent()] == [("+31612345678", "hoi")]
    location = listing.split("Location ")[1].split(",")[0]
    _run("gammu", "-c", str(config), "deletesms", "0", location)
    assert "Hello" not in _run("gammu", "-c", str(config), "getallsms")


@pytest.mark.external
@_needs("gnokii", "gnokii-cli")
def test_gnokii_identifies_reads_sends_and_deletes(served: Served, tmp_path: Path) -> None:
    """ATZ at every start, PDU mode, the service centre, the clock."""
    config = tmp_path / "gnokiirc"
    port = os.path.realpath(served.path)  # gnokii cuts a port name at 64 characters
    config.write_text(f"[global]\nport = {port}\nmodel = AT\nconnection = serial\n")

    def gnokii(*words: str, text: str = "") -> str:
        return _run("gnokii", "--config", str(config), *words, text=text)

    served.deliver("Hello {5277}")
    identity = gnokii("--identify")
    assert "356726104408422" in identity
    assert "BG95-M3" in identity
    message = gnokii("--getsms", "ME", "0")
    assert "Sender: 5277 Msg Center: +31653131313" in message
    assert "Hello {5277}" in message
    assert "+31653131313" in gnokii("--getsmsc", "1")
    assert "Date:" in gnokii("--getdatetime")
    gnokii("--sendsms", "+31612345678", "-r", text="hoi\n")
    assert [s["recipient"] for s in served.sent()] == ["+31612345678"]
    gnokii("--deletesms", "ME", "0")


@pytest.mark.external
@_needs("smsd", "smstools")
def test_smstools_joins_a_long_message_and_sends(served: Served, tmp_path: Path) -> None:
    """The daemon finds both parts of an incoming message, and sends with a report asked for."""
    folders = {
        name: tmp_path / name for name in ("outgoing", "checked", "failed", "incoming", "sent")
    }
    for folder in folders.values():
        folder.mkdir()
    config = tmp_path / "smsd.conf"
    config.write_text(
        "devices = GSM1\ndelaytime = 1\nreceive_before_send = yes\n"
        + f"logfile = {tmp_path}/log\ninfofile = {tmp_path}/info\npidfile = {tmp_path}/pid\n"
        + "".join(f"{name} = {folder}\n" for name, folder in folders.items())
        + f"\n[GSM1]\ndevice = {served.path}\nincoming = yes\nmemory_start = 0\n"
        + "primary_memory = ME\ncheck_network = 1\nkeep_open = no\n"
    )
    served.deliver("x" * 170 + " end")
    (folders["outgoing"] / "one").write_text("To: 31612345678\nReport: yes\n\nhello")
    daemon = subprocess.Popen(
        ["smsd", "-t", f"-c{config}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = Deadline.after(40)
        while not (list(folders["incoming"].iterdir()) and list(folders["sent"].iterdir())):
            assert daemon.poll() is None
            assert not deadline.expired, (tmp_path / "log").read_text()[-2000:]
            pause(0.05)
    finally:
        daemon.terminate()
        daemon.wait(20)
    received = next(folders["incoming"].iterdir()).read_text()
    assert received.endswith("x" * 170 + " end")
    assert "From: 5277" in received
    assert [(s["recipient"], s["text"]) for s in served.sent()] == [("+31612345678", "hello")]
