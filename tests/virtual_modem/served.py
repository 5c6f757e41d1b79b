"""``hil modem`` as a process, and its control API."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.clock import Deadline, pause
from tests.ready import facts_of


@dataclass(frozen=True)
class Served:
    """A running modem: its process, port and control address."""

    process: subprocess.Popen[str]
    path: str
    control: str

    def post(self, path: str, order: object) -> Any:
        request = urllib.request.Request(
            f"http://{self.control}{path}", json.dumps(order).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://{self.control}{path}", timeout=60) as answer:
            return json.load(answer)

    def sent(self) -> list[dict[str, Any]]:
        """What the client gave to the network."""
        return list(self.get("/sms"))

    def deliver(self, text: str) -> None:
        """Until it is registered."""
        deadline = Deadline.after(60)
        while self.post("/sms", {"sender": "5277", "text": text}) != {"delivered": True}:
            assert not deadline.expired
            pause(0.01)


@contextmanager
def serve(folder: Path, *options: str) -> Iterator[Served]:
    """``hil modem --link FOLDER/modem`` with a control API, killed at the end."""
    ready = folder / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "modem", "--link", str(folder / "modem"),
         "--ready", str(ready), "--control", "127.0.0.1:0", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        facts = facts_of(process, ready)
        yield Served(process, facts["path"], facts["control"])
    finally:
        process.kill()
        process.communicate(timeout=60)
