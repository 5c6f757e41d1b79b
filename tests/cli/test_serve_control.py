"""The options of ``hil serve`` that say who may talk to the control address."""

from __future__ import annotations

import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.platform.test_serve import command
from tests.ready import facts_of

TOKEN = "Bench-Control_Token.0123"


def refused(folder: Path, *more: str) -> str:
    """What is said to a wrong use."""
    done = subprocess.run(
        command(folder, *more), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("address", ["0.0.0.0:0", "192.0.2.1:8081", "bench.example:8081"])
def test_beyond_loopback_a_token_is_demanded(tmp_path: Path, address: str) -> None:
    """Before anything listens, with the options to add."""
    said = refused(tmp_path, "--control", address)
    assert "--control-token-env NAME or --control-token-file FILE" in said


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--control-token-env", "HIL_NO_SUCH_TOKEN"), "HIL_NO_SUCH_TOKEN is not set"),
        (("--control-token-file", "/nonexistent/token"), "cannot read /nonexistent/token"),
        (("--control-token-env", "HIL_SHORT_TOKEN"), "16 to 200"),
        (("--control-token-env", "HIL_GOOD_TOKEN"), "add --control HOST:PORT"),
        (("--control-name", "bench.lab"), "add --control HOST:PORT"),
        (("--control-name", "http://bench.lab"), "is no host name"),
    ],
)
def test_a_token_that_is_not_there_or_no_good_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], reason: str
) -> None:
    """One sentence; the value itself is never repeated."""
    monkeypatch.setenv("HIL_SHORT_TOKEN", "hush")
    monkeypatch.setenv("HIL_GOOD_TOKEN", TOKEN)
    with_control = () if reason.startswith("add") else ("--control", "127.0.0.1:0")
    said = refused(tmp_path, *with_control, *options)
    assert reason in said
    assert "hush" not in said
    assert TOKEN not in said


def test_the_token_never_stands_on_the_command_line(tmp_path: Path) -> None:
    """There is no option that takes it."""
    done = subprocess.run(
        command(tmp_path, "--control-token", TOKEN),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2


def test_with_a_token_other_machines_may_order_and_it_is_never_shown(tmp_path: Path) -> None:
    """By the name given; neither output nor events hold the token, whoever sends it."""
    ready, file = tmp_path / "ready.json", tmp_path / "token"
    file.write_text(TOKEN + "\n")
    process = subprocess.Popen(
        command(tmp_path, "--control", "0.0.0.0:0", "--control-token-file", str(file),
                "--control-name", "Bench.Lab", "--ready", str(ready)),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        bound = facts_of(process, ready)
        base = "http://127.0.0.1:" + bound["control"].rpartition(":")[2]
        with pytest.raises(urllib.error.HTTPError) as locked:
            urllib.request.urlopen(f"{base}/api/uplinks", timeout=60)
        with locked.value as answer:
            assert answer.code == 401
        borne = {"Authorization": f"Bearer {TOKEN}", "Host": "bench.lab"}
        for path in ("/api/uplinks", f"/api/uplinks?token={TOKEN}x", "/openapi.json"):
            asked = urllib.request.Request(base + path, headers=borne)
            with urllib.request.urlopen(asked, timeout=60) as taken:
                assert TOKEN not in taken.read().decode()
        plain = urllib.request.Request(f"http://{bound['http']}/{TOKEN}", method="POST", data=b"x")
        with pytest.raises(urllib.error.HTTPError) as odd:
            urllib.request.urlopen(plain, timeout=60)
        odd.value.close()
        asked = urllib.request.Request(f"{base}/api/uplinks", headers=borne)
        with urllib.request.urlopen(asked, timeout=60) as taken:
            shown = taken.read().decode()
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=60)
    assert "‹control token›" in shown
    assert TOKEN not in shown
    assert process.returncode == 0
    assert TOKEN not in out
