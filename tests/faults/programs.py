"""Firmware programs that misbehave, each in one way; small scripts of the standard library."""

from __future__ import annotations

import sys
from pathlib import Path

PROGRAMS = {
    "crashes-at-start": "print('boom', flush=True); raise SystemExit(3)",
    "never-ready": "import time\nprint('still thinking', flush=True)\ntime.sleep(600)",
    "ends-before-report": "print('ready', flush=True)\nimport os; os.close(1)",
    "crashes-in-the-middle": (
        "import os, sys\nprint('ready', flush=True)\nsys.stdin.readline()\nos.kill(os.getpid(), 6)"
    ),
    "ignores-sigterm": (
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('ready', flush=True)\n"
        "time.sleep(600)"
    ),
    "forks": (
        "import os, time\nif os.fork() == 0:\n    time.sleep(600)\nprint('ready', flush=True)\n"
        "time.sleep(600)"
    ),
    "floods": (
        "import os, time\nline = b'x' * 99 + b'\\n'\nblock = line * 10000\n"
        "for _ in range(100):\n    view = memoryview(block)\n"
        "    while view:\n        view = view[os.write(1, view):]\n"
        "print('ready', flush=True)\ntime.sleep(600)"
    ),
    "not-utf8": (
        "import os, time\nos.write(1, b'\\xff\\xfe\\x80 caf\\xe9 \\x00\\n')\n"
        "print('ready', flush=True)\ntime.sleep(600)"
    ),
    "no-line-end": (
        "import os, time\nfor _ in range(400):\n    os.write(1, b'y' * 65536)\n"
        "os.write(1, b'\\nready\\n')\ntime.sleep(600)"
    ),
}

RIG = """\
rig: misbehaving
network: {{kind: {network}}}
firmware:
  command: {command}
  report: "report {{order}}"
  ready: "^ready$"
  ready-within: {ready_within}
  stop-within: 500ms
devices:
  victim:
    imei: "356726104408505"
    secret: ReferenceDeviceSecret0123456789
    iccid: "8931041010654370194"
    msisdn: "+3197012345680"
    sim: plus
"""


def rig_of(folder: Path, name: str, *, ready_within: str = "20s", network: str = "loopback") -> str:
    """A rig whose firmware is that program."""
    script = folder / f"{name}.py"
    script.write_text(PROGRAMS[name] + "\n", encoding="utf-8")
    command = f'["{sys.executable}", "-S", "{script}", "{{port}}"]'
    return RIG.format(command=command, ready_within=ready_within, network=network)
