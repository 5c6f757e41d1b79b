"""The Actuator API of ``hil serve``: its token never stands on a command line."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actuator.serving import COMMAND
from tests.faults.place import ROOT
from tests.platform.bench import SECRET
from tests.ready import facts_of

TOKEN = "Actuator-Token.of_this~bench0123"
DEVICES = f"""devices:
  tracker-1: {{imei: "356726104408422", secret: {SECRET}, iccid: "8931041010654378932",
              msisdn: "+3197012345678", sim: plus}}
"""


def command(folder: Path, *more: str) -> list[str]:
    (folder / "devices.yaml").write_text(DEVICES)
    return [
        sys.executable, "-m", "harness", "serve", "--devices", str(folder / "devices.yaml"), *more,
    ]  # fmt: skip


@contextlib.contextmanager
def serving(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program and its control address."""
    ready = folder / "ready.json"
    process = subprocess.Popen(
        command(
            folder, "--control", "127.0.0.1:0", "--ready", str(ready), "--json", *more
        ),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process, facts_of(process, ready)["control"]
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_examples_of_the_documentation_hold(tmp_path: Path) -> None:
    """Both curl lines are taken as they stand, and listed."""
    text = (ROOT / "docs" / "downlinks-and-actuator.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("curl ")]
    with serving(tmp_path) as (_, control):
        for line in [*lines, "curl http://127.0.0.1:8081/actuator/downlinks?sort=-connectionType"]:
            words = shlex.split(line.replace("127.0.0.1:8081", control))
            done = subprocess.run(
                [*words, "--silent", "--fail"],
                capture_output=True, text=True, timeout=60, check=True,
            )  # fmt: skip
    content = json.loads(done.stdout)["content"]
    assert [(entry["connectionType"], entry["tagValue"]) for entry in content] == [
        ("SMS", "night"),
        ("HTTP", None),
    ]


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
    with serving(tmp_path, *option, "--actuator-prefix", "/things") as (process, control):
        place = f"http://{control}/things/downlinks"
        asked = urllib.request.Request(place, json.dumps(COMMAND).encode())
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=60)
        with refused.value as error:
            assert error.code == 401
        asked.add_header("Authorization", f"Bearer {TOKEN}")
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert answer.status == 201
        process.terminate()
        out, _ = process.communicate(timeout=60)
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
        command(tmp_path, *options), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert TOKEN not in done.stderr
