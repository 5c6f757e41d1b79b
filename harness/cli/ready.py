"""The file of ``--ready``: for programs that wait until what they started is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def write_ready(path: Path, facts: Mapping[str, str | None]) -> None:
    """All at once: who waits for the file never reads half of it. Raises OSError."""
    draft = path.with_name(path.name + ".part")
    draft.write_text(json.dumps(facts) + "\n", encoding="utf-8")
    draft.replace(path)
