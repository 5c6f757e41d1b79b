"""What a start of ``hil serve`` loads: only what was asked for, because it is started all day."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"fastapi", "uvicorn", "starlette", "rich", "cryptography", "sqlite3", "amqtt", "scapy",
         "prompt_toolkit", "pytest", "serial"}  # fmt: skip


@pytest.mark.parametrize(
    "module",
    ["harness.cli.serve", "harness.cli.serve_control", "harness.cli.serve_https",
     "harness.cli.serve_store", "harness.cli.serve_mqtt"],
)  # fmt: skip
def test_nothing_heavy_is_loaded_before_it_is_needed(module: str) -> None:
    """HTTP server, TLS, database, broker and table come with their options."""
    code = f"import {module}, sys; print(*sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []
