"""A folder of its own with rigs and scenarios, and `hil run` as a process with a deadline."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.clock import Deadline, pause
from harness.evidence import Event, read_timeline

ROOT = Path(__file__).parents[2]
MARK = "HIL_FAULT_TEST"
RUN_WITHIN_S = 150.0

SIM = (ROOT / "rigs" / "sim.yaml").read_text(encoding="utf-8")

GOOD = """\
id: {id}
title: The device reports once
verifies: [TOKEN-FORMULA]
steps:
  - power: on
  - report: {{}}
  - expect: {{uplink: {{outcome: accepted}}}}
"""


CASE = "id: a.case\ntitle: What one test needs\nverifies: [RESP-ROBUST]\nsteps:\n"


def case_file(folder: Path, *steps: str) -> Path:
    """A scenario with these steps, each on one line: the first is line 5."""
    path = folder / "case.yaml"
    path.write_text(CASE + "".join(f"  - {step}\n" for step in steps), encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended; ``text`` is all it printed."""

    code: int
    text: str


class Place:
    """Rigs, scenarios and reports of one test. Everything it starts carries a mark."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        (folder / "rigs").mkdir()
        (folder / "scenarios").mkdir()
        self.rig(SIM)

    def rig(self, text: str, name: str = "sim") -> Path:
        """Write a rig file."""
        path = self.folder / "rigs" / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def scenario(self, steps: str, name: str = "case", *, head: str = "") -> Path:
        """Write a scenario with these steps, one per line."""
        lines = "".join(f"  - {step}\n" for step in steps.strip().splitlines())
        return self.raw_scenario(
            f"id: fault.{name}\ntitle: What a fault test needs\nverifies: [RESP-ROBUST]\n"
            f"{head}steps:\n{lines}",
            name,
        )

    def raw_scenario(self, text: str, name: str = "case") -> Path:
        """Write a scenario file as it is."""
        path = self.folder / "scenarios" / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def good(self, name: str) -> Path:
        """Write a scenario that passes on any device."""
        return self.raw_scenario(GOOD.format(id=f"fault.{name}"), name)

    def start(
        self, *words: str, env: dict[str, str] | None = None, through: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        """Start ``hil run`` in this folder, as the leader of a session of its own."""
        return subprocess.Popen(
            [*through, sys.executable, "-m", "harness", "run", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), MARK: self.mark, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def ended(self, process: subprocess.Popen[str], within_s: float = RUN_WITHIN_S) -> Ended:
        """Wait for a run to end. A run that does not end is killed, and fails the test."""
        try:
            text, _ = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, _ = process.communicate()
            raise AssertionError(f"the run did not end within {within_s:g} s:\n{text}") from None
        return Ended(process.returncode, text)

    def run(
        self, *words: str, env: dict[str, str] | None = None, through: Sequence[str] = ()
    ) -> Ended:
        """``hil run`` from start to end."""
        return self.ended(self.start(*words, env=env, through=through))

    def marked(self, what: str = "") -> list[int]:
        """Processes that a run of this place started and that still live."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                environment = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"{MARK}={self.mark}".encode() in environment and what in command:
                found.append(int(entry.name))
        return found

    def await_marked(self, what: str, within_s: float = 20.0) -> int:
        """The process of this place whose command line holds ``what``, once there is one."""
        deadline = Deadline.after(within_s)
        while not deadline.expired:
            found = self.marked(what)
            if found:
                return found[0]
            pause(0.02)
        raise AssertionError(f"no process {what!r} within {within_s:g} s")

    def await_nothing_left(self, within_s: float = 10.0) -> list[int]:
        """What still lives of this place's processes after at most ``within_s``."""
        deadline = Deadline.after(within_s)
        while self.marked() and not deadline.expired:
            pause(0.05)
        return self.marked()

    def await_event(self, kind: str, within_s: float = 30.0, text: str = "") -> None:
        """Wait until some timeline of this place holds an event of this kind."""
        deadline = Deadline.after(within_s)
        while not deadline.expired:
            for path in self.folder.glob("reports/*/timelines/*.jsonl"):
                if any(e.kind == kind and text in e.to_line() for e in read_timeline(path)):
                    return
            pause(0.02)
        raise AssertionError(f"no event {kind} within {within_s:g} s")

    @property
    def latest(self) -> Path:
        """The folder of the newest run."""
        return (self.folder / "reports" / "latest").resolve(strict=True)

    def timelines(self) -> dict[str, list[Event]]:
        """All timelines of all runs, by file name."""
        found = self.folder.glob("reports/2*/timelines/*.jsonl")
        return {path.stem: list(read_timeline(path)) for path in found}

    def summary(self) -> dict[str, Any]:
        """The newest run's summary."""
        found: dict[str, Any] = json.loads((self.latest / "summary.json").read_text("utf-8"))
        return found
