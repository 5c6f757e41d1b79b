"""What a started command tells in the file of its ``--ready``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from harness.clock import Deadline, pause


def facts_of(process: subprocess.Popen[Any], ready: Path) -> dict[str, Any]:
    """The facts, once they are there (not in an empty file); fails when the process ends before."""
    deadline = Deadline.after(60)
    while not ready.exists() or not ready.stat().st_size:
        assert process.poll() is None, "it ended before it was ready"
        assert not deadline.expired, "it did not get ready"
        pause(0.01)
    found: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
    return found
