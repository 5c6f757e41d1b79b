"""Rigs with virtual modems behind real ports, and the doctor on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.clock import RealClock
from harness.evidence.timeline import Timeline
from harness.network.loop import LoopThread
from harness.rig.doctor import DeviceHealth, DoctorSettings, Finding, RigHealth, examine
from harness.rig.rig import load_rig
from harness.rig.session import RigSession
from harness.virtual_modem import (
    ModemIdentity,
    ModemNetwork,
    ModemSettings,
    Subscription,
    VirtualModem,
)
from tests.ports import reserved_port

SECRET = "TrackerPlusSecret0123456789abc"
IMEIS = ("356726104408422", "356726104408505")
ICCIDS = ("8931041010654378930", "8931041010654370194")
PATIENT = DoctorSettings()
QUICK = DoctorSettings(answer_s=0.1, registration_s=1.0, connect_s=5.0, ready_s=3.0)
"""For what is waited for in vain."""


@dataclass
class Lab:
    """A rig on a lab network, its file, and the way to examine it."""

    folder: Path
    port: int

    def write(self, **devices: str) -> Path:
        """A rig file with these devices, each given as the rest of its mapping."""
        path = self.folder / "lab.yaml"
        lines = [f"  {name}: {{secret: {{env: LAB_SECRET}}, {rest}}}" for name, rest in
                 ((name.replace("_", "-"), rest) for name, rest in devices.items())]  # fmt: skip
        path.write_text(
            "rig: lab\n"
            f"network: {{kind: lab, bind: '127.0.0.1:{self.port}'}}\n"
            "devices:\n" + "\n".join(lines) + "\n",
            encoding="utf-8",
        )
        return path

    def device(self, number: int, port: str, more: str = "") -> str:
        """The mapping of a device with the numbers of :meth:`modem`."""
        return f"imei: '{IMEIS[number]}', iccid: '{ICCIDS[number]}', modem: {{port: {port}}}{more}"

    def examine(self, settings: DoctorSettings = PATIENT) -> RigHealth:
        """What the doctor finds on the rig file that was written last."""
        rig = load_rig(self.folder / "lab.yaml")
        session = RigSession(rig, self.folder / "out")
        try:
            return examine(session, settings)
        finally:
            session.close()


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setenv("LAB_SECRET", SECRET)
    with reserved_port() as port:
        yield Lab(tmp_path, port)


MakeModem = Callable[..., VirtualModem]


@pytest.fixture
def modem(lab: Lab) -> Iterator[MakeModem]:
    """Makes powered virtual modems on PTYs of their own: ``modem(number, subscription=…)``.

    Their network leads 10.151.236.157:80 to the lab's platform address.
    """
    loop, clock = LoopThread("test-modems"), RealClock()
    made: list[VirtualModem] = []

    def make(
        number: int = 0,
        *,
        family: str = "quectel-bg",
        subscription: Subscription | None = None,
        iccid: str | None = None,
        settings: ModemSettings | None = None,
        route: int | None = None,
    ) -> VirtualModem:
        identity = ModemIdentity(imei=IMEIS[number], iccid=iccid or ICCIDS[number])
        target = ("127.0.0.1", route or lab.port)
        one = VirtualModem(
            f"modem-{number}", family, identity=identity, subscription=subscription, clock=clock,
            recorder=Timeline(None, clock), loop=loop, settings=settings,
            network=ModemNetwork(routes={("10.151.236.157", 80): target}),
        )  # fmt: skip
        made.append(one)
        one.start()
        return one

    yield make
    for one in made:
        one.close()
    loop.close()
    clock.close()


def row(health: RigHealth | DeviceHealth, check: str) -> Finding:
    """The row of this name, of the only device."""
    device = health.devices[0] if isinstance(health, RigHealth) else health
    return next(finding for finding in device.findings if finding.check == check)
