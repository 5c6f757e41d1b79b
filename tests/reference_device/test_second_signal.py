"""A signal that comes while the device says goodbye."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tty

CODE = """
import os, signal, sys
from harness.reference_device.__main__ import main
from harness.reference_device.console import Console
event = Console.event
def twice(console, name, **facts):
    event(console, name, **facts)
    if name == "stopped":
        os.kill(os.getpid(), signal.SIGINT)
Console.event = twice
sys.exit(main(sys.argv[1:]))
"""


def test_a_second_signal_spoils_no_clean_end() -> None:
    """Ctrl-C twice, or Ctrl-C behind SIGTERM: exit code 0, and no traceback."""
    master, slave = os.openpty()
    tty.setraw(slave)
    words = ["--port", os.ttyname(slave), "--imei", "356726104408422", "--secret", "s" * 30]
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, *words, "--apn", "kpnthings2.m2m"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert select.select([master], [], [], 30)[0]  # it looks for its modem
        process.send_signal(signal.SIGTERM)
        told, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait(60)
        os.close(master)
        os.close(slave)
    assert told.splitlines()[-1] == '{"event": "stopped"}'
    assert (process.returncode, errors) == (0, "")
