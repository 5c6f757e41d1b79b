"""Is this rig fit to run on? The checks of ``hil doctor``, made before a session too."""

from __future__ import annotations

from harness.rig.doctor.examine import examine
from harness.rig.doctor.findings import DeviceHealth, Finding, RigHealth, State
from harness.rig.doctor.settings import DoctorSettings

__all__ = ["DeviceHealth", "DoctorSettings", "Finding", "RigHealth", "State", "examine"]
