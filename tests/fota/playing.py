"""Plays scenarios that a test writes down, and gives their timelines."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from harness.rig.rig import load_rig
from harness.rig.session import RigSession, Unfit
from harness.scenario.load import load_cases
from harness.scenario.play import play
from harness.scenario.verdict import Verdict

ROOT = Path(__file__).parents[2]
Events = list[dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Played:
    """What came of a scenario; ``file`` is its timeline."""

    verdict: Verdict
    events: Events
    file: Path

    def of(self, kind: str) -> Events:
        return [event for event in self.events if event["kind"] == kind]

    def told(self, state: str) -> Events:
        """What the device said of its update."""
        return [event for event in self.of("device.firmware") if event["state"] == state]

    @property
    def ranges(self) -> list[str]:
        """The bytes that were served, in order."""
        return [str(event["range"]) for event in self.of("fota.part")]


def played(
    folder: Path, steps: str, *, rig: str = "firmware.yaml", options: tuple[str, ...] = ()
) -> Played:
    """Play ``steps`` on the first device of a shipped rig that fits, with more ``options`` on the
    command line of its firmware."""
    file = folder / "case.yaml"
    file.write_text(
        f"id: fota.test\ntitle: A scenario of a test\nverifies: [FOTA-RANGE]\nsteps:\n{steps}"
    )
    (case,) = load_cases(file)
    loaded = load_rig(ROOT / "rigs" / rig)
    device = loaded.devices[0]
    if device.firmware is not None:
        command = [*device.firmware.command, *options]
        firmware = device.firmware.model_copy(update={"command": command})
        loaded = dataclasses.replace(
            loaded, devices=(dataclasses.replace(device, firmware=firmware),)
        )
    session = RigSession(loaded, folder)
    try:
        chosen = session.choose(case.needs)
        assert not isinstance(chosen, Unfit), chosen.reason
        result = play(session, chosen, case, "case")
    finally:
        session.close()
    assert result.timeline is not None
    path = folder / result.timeline
    events = [json.loads(line) for line in path.read_bytes().splitlines()]
    return Played(result.verdict, events, path)
