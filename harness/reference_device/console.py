"""The console: one JSON object per line out on stdout, one stimulus per line in on stdin."""

from __future__ import annotations

import json
import os
import select
import sys
from typing import Any


class Console:
    """What a bench sees of the device, and the button it can press."""

    def __init__(self) -> None:
        self.descriptor: int | None = sys.stdin.fileno() if sys.stdin else None
        self._buffer = b""

    def event(self, name: str, **facts: Any) -> None:
        """Print ``{"event": name, …}`` at once."""
        # In one piece: a signal between text and line end would join two events in one line.
        sys.stdout.write(json.dumps({"event": name} | facts, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def error(self, what: str, detail: object) -> None:
        """Print an error event, and the same for human eyes on stderr."""
        self.event("error", what=what, detail=str(detail))
        print(f"reference device: {what}: {detail}", file=sys.stderr, flush=True)

    def lines(self) -> list[str]:
        """Read what is there; at the end of the input, stop listening and carry on."""
        if self.descriptor is None or not select.select([self.descriptor], [], [], 0)[0]:
            return []
        data = os.read(self.descriptor, 65536)
        if not data:
            self.descriptor = None
            data = b"\n"
        *whole, self._buffer = (self._buffer + data).split(b"\n")
        return [text for line in whole if (text := line.decode("utf-8", "replace").strip())]
