"""Capabilities: what a rig offers, in words."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from harness.rig.capabilities import EXPLAINED, Capability
from harness.rig.rig import load_rig

ROOT = Path(__file__).parents[2]


def test_every_capability_is_explained() -> None:
    """A skip says what is missing in words, so each capability has some."""
    assert set(EXPLAINED) == set(get_args(Capability))


def test_what_the_simulated_devices_offer() -> None:
    """Only the device with the plus SIM can get SMS; neither is a firmware program."""
    plus, regular, internet = load_rig(ROOT / "rigs" / "sim.yaml").devices
    assert plus.capabilities - regular.capabilities == {"sms", "sim-plus"}
    assert regular.capabilities - plus.capabilities == {"sim-regular"}
    assert "firmware" not in plus.capabilities | regular.capabilities
    assert internet.capabilities - regular.capabilities == {"internet"}
    assert regular.capabilities - internet.capabilities == {"m2m", "firmware-update"}


def test_a_firmware_program_cannot_be_made_to_err() -> None:
    """The harness does not play that device, so scripted uplinks are not on offer."""
    (device,) = load_rig(ROOT / "rigs" / "firmware.yaml").devices
    assert {"firmware", "uplink", "chosen-records", "observed", "sms"} <= device.capabilities
    assert not {"scripted-uplink", "radio", "http-client"} & device.capabilities
