"""``hil serve --store`` as a process of its own, started, killed and started again."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.platform.bench import SECRET
from tests.platform.test_serve import Served
from tests.ready import facts_of

DEVICES = f"""devices:
  tracker-1: {{imei: "356726104408422", secret: {SECRET}, iccid: "8931041010654378930",
              msisdn: "+3197012345678", sim: plus}}
"""


def command(folder: Path, *more: str) -> list[str]:
    devices = folder / "devices.yaml"
    devices.write_text(DEVICES)
    return [sys.executable, "-m", "harness", "serve", "--devices", str(devices), "--plain", *more]


@contextlib.contextmanager
def serving(folder: Path, *more: str, store: Path | None = None) -> Iterator[Served]:
    """A running server; whatever is left of it at the end is killed, not asked."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    file = store or folder / "platform.db"
    process = subprocess.Popen(
        command(folder, "--control", "127.0.0.1:0", "--store", str(file), "--ready", str(ready),
                "--json", *more),
        stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield Served(process, facts_of(process, ready))
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """``kill -9``: nothing of the process gets to say goodbye."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait(60)


def asked_to_end(server: Served) -> int:
    """SIGTERM; the exit code."""
    server.process.terminate()
    return server.process.wait(60)
