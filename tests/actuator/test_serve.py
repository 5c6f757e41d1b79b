"""The Actuator API of ``hil serve``: its token never stands on a command line."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from harness.clock import Deadline, pause
from tests.actuator.serving import COMMAND
from tests.platform.bench import SECRET

TOKEN = "Actuator-Token.of_this~bench0123"
DEVICES = f'devices:\n  tracker-1: {{imei: "356726104408422", secret: {SECRET}}}\n'


def command(folder: Path, *more: str) -> list[str]:
    (folder / "devices.yaml").write_text(DEVICES)
    return [
        sys.executable, "-m", "harness", "serve", "--devices", str(folder / "devices.yaml"), *more,
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["environment", "file"])
def test_the_token_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """With it a downlink is taken, without it 401; the output does not show it."""
    monkeypatch.setenv("BENCH_ACTUATOR", TOKEN)
    (tmp_path / "token").write_text(TOKEN + "\n")
    option = (
        ("--actuator-token-env", "BENCH_ACTUATOR")
        if source == "environment"
        else ("--actuator-token-file", str(tmp_path / "token"))
    )
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        command(
            tmp_path, "--control", "127.0.0.1:0", "--ready", str(ready), "--json", *option,
            "--actuator-prefix", "/things",
        ),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        deadline = Deadline.after(30)
        while not ready.exists():
            assert process.poll() is None
            assert not deadline.expired
            pause(0.02)
        place = f"http://{json.loads(ready.read_text())['control']}/things/downlinks"
        asked = urllib.request.Request(place, json.dumps(COMMAND).encode())
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=10)
        with refused.value as error:
            assert error.code == 401
        asked.add_header("Authorization", f"Bearer {TOKEN}")
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert answer.status == 201
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=10)
    assert TOKEN not in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--actuator-token-env", "NOT_SET_ANYWHERE", "--control", "127.0.0.1:0"), "is not set"),
        (("--actuator-token-file", "/dev/null", "--control", "127.0.0.1:0"), "16 to 4096"),
        (("--actuator-token-env", "BENCH_ACTUATOR"), "add --control"),
        (("--actuator-prefix", "/api"), "prefix"),
    ],
)
def test_wrong_options_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], says: str
) -> None:
    """One clear sentence, nothing is started."""
    monkeypatch.setenv("BENCH_ACTUATOR", TOKEN)
    done = subprocess.run(
        command(tmp_path, *options), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert TOKEN not in done.stderr
