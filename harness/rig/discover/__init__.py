"""Which modems hang on this machine: ports, polite probes, identities, and a rig file of them."""

from __future__ import annotations

from harness.rig.discover.modems import Discovery, FoundModem, PortReport, discover
from harness.rig.discover.ports import SerialPort, serial_ports
from harness.rig.discover.probe import BAUDS, Probe, probe
from harness.rig.discover.sound import Sound, recognise_sound

__all__ = [
    "BAUDS", "Discovery", "FoundModem", "PortReport", "Probe", "SerialPort", "Sound", "discover",
    "probe", "recognise_sound", "serial_ports",
]  # fmt: skip
