"""ModemManager: a modem daemon's whole start-up and registration, with the vendors' plugins.

It needs no udev and no system bus: its test interface takes a socket for a port.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.clock import Deadline, pause
from tests.clients.bridge import Bridge
from tests.clients.conftest import Make
from tests.clients.modems import ALL, STORING
from tests.clients.running import at_once, needs

pytestmark = [
    pytest.mark.external,
    needs("modemmanager", "ModemManager", "mmcli"),
    needs("dbus", "dbus-daemon"),
    needs("libglib2.0-bin", "gdbus"),
]
NAME = "org.freedesktop.ModemManager1"
_PATIENT = ("mmcli", "--test-session", "--timeout=120")  # its own patience is 30 s
TO = "+31612345678"
PLUGINS = {
    "3gpp": "generic", "nordic": "generic", "quectel": "quectel", "sierra": "sierra",
    "simcom": "simtech", "telit": "telit", "ublox": "u-blox",
}  # fmt: skip
OTHER_PLUGIN = {"ublox-sara-r5": "generic"}  # the u-blox one of 1.20 hangs at models it lacks


def plugin(family: str) -> str:
    """The vendor's, where there is one that knows the modules."""
    return OTHER_PLUGIN.get(family, PLUGINS[family.partition("-")[0]])


class Daemon:
    """ModemManager on a bus of its own."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "log").open("w+")
        self._bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address"],
            stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip
        assert self._bus.stdout is not None
        address = self._bus.stdout.readline().strip()
        self._environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": address}
        self._daemon = subprocess.Popen(
            ["ModemManager", "--test-session", "--test-enable", "--test-no-udev", "--debug",
             "--no-auto-scan", "--test-no-suspend-resume", "--test-no-qrtr"],
            env=self._environment, stdout=self._log, stderr=self._log,
        )  # fmt: skip
        self._run("gdbus", "wait", "--session", "--timeout", "20", NAME)

    def close(self) -> None:
        for process in (self._daemon, self._bus):
            process.terminate()
            process.wait(60)
        if self._bus.stdout is not None:
            self._bus.stdout.close()
        self._log.close()

    def add(self, name: str, maker: str) -> None:
        """A modem at the socket ``abstract:NAME``, for the plugin of a maker."""
        self._run(
            "gdbus", "call", "--session", "--dest", NAME, "--object-path", f"/{NAME}".replace(
                ".", "/"), "--method", f"{NAME}.Test.SetProfile", name, maker,
            f"['abstract:{name}']",
        )  # fmt: skip

    def ask(self, *words: str) -> Any:
        return json.loads(self._run("mmcli", *_PATIENT, *words, "-J"))

    def order(self, *words: str) -> str:
        return self._run("mmcli", *_PATIENT, *words)

    def modems(self, count: int) -> dict[str, str]:
        """Path of each modem by its IMEI, when there are so many that can be used."""
        deadline = Deadline.after(120)
        while True:
            found = {}
            for path in self.ask("-L")["modem-list"]:
                about = self.ask("-m", path)["modem"]["generic"]
                if about["state"] == "disabled":
                    found[about["equipment-identifier"]] = path
            if len(found) == count:
                return found
            assert not deadline.expired, f"only {found}\n{self.log()}"
            pause(0.3)

    def state(self, path: str, wanted: str) -> Any:
        """All about a modem once it is in a state."""
        deadline = Deadline.after(60)
        while (about := self.ask("-m", path)["modem"])["generic"]["state"] != wanted:
            assert not deadline.expired, f"{about['generic']}\n{self.log()}"
            pause(0.1)
        return about

    def log(self) -> str:
        self._log.seek(0)
        return "".join(line for line in self._log if "<warn>" in line)

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            words, env=self._environment, capture_output=True, text=True, timeout=150, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stderr}\n{self.log()}"
        return done.stdout


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    one = Daemon(tmp_path)
    yield one
    one.close()


def test_modemmanager_registers_reads_and_sends(modem: Make, daemon: Daemon) -> None:
    """Probed, enabled, registered at the home network; an SMS read, one sent in PDU mode.

    An nRF91 tells its registration by +CEREG alone, which ModemManager does not ask there, and
    keeps no SMS: it is enabled, and sends one.
    """
    modems = {family: modem(family) for family in ALL}
    bridges = []
    try:
        for family, one in modems.items():
            if family in STORING:
                one.deliver("Hello {5277}")
            name = f"hil-{os.getpid()}-{family}"
            bridges.append(Bridge(one.path, name))
            daemon.add(name, plugin(family))
        paths = daemon.modems(len(modems))

        def use(family: str) -> None:
            one, path = modems[family], paths[modems[family].imei]
            daemon.order("-m", path, "--enable")
            about = daemon.state(path, "registered" if family in STORING else "enabled")
            assert about["generic"]["manufacturer"] == one.manufacturer
            assert about["generic"]["plugin"] == plugin(family)
            assert about["3gpp"]["imei"] == one.imei
            if family in STORING:
                assert about["3gpp"]["registration-state"] == "home"
                assert about["3gpp"]["operator-code"] == "20408"
                assert about["3gpp"]["operator-name"] == "KPN NL"
                [sms] = daemon.ask("-m", path, "--messaging-list-sms")["modem.messaging.sms"]
                content = daemon.ask("-s", sms)["sms"]["content"]
                assert (content["number"], content["text"]) == ("5277", "Hello {5277}")
            order = f"--messaging-create-sms=text='hoi @ €',number='{TO}'"
            made = daemon.order("-m", path, order).split()[-1]
            daemon.order("-s", made, "--send")
            assert one.sent() == [(TO, "hoi @ €")]

        at_once(modems, use)
    finally:
        for bridge in bridges:
            bridge.close()
