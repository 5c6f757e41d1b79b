"""How patient and how strict the examination is; each value an assumption with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class DoctorSettings:
    """Times in seconds, sizes in bytes.

    ``registration_s``: a modem whose radio was off may take a minute on LTE-M (assumed).
    ``disk_unfit`` holds a short run's evidence, ``disk_low`` a long one's with captures (assumed).
    ``answer_s``: the wait for an answer to one AT of five; of three at rates not in the rig file.
    ``lock_wait_s``: how long another run may keep a device before it counts as in use.
    ``clock_s``: beyond it the modem's clock is remarked on.
    """

    reports: Path = Path("reports")
    lock_wait_s: float = 0.0
    answer_s: float = 0.4
    ready_s: float = 10.0
    registration_s: float = 60.0
    connect_s: float = 60.0
    clock_s: float = 5.0
    disk_unfit: int = 50 * MEGABYTE
    disk_low: int = 500 * MEGABYTE
