"""What the README tells a user to type: a shell, sha256sum and curl against ``hil serve``."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ready import facts_of

ROOT = Path(__file__).parents[2]
_PROGRAMS = ("sh", "curl", "sha256sum")
pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(
        not all(map(shutil.which, _PROGRAMS)),
        reason=f"{', '.join(p for p in _PROGRAMS if not shutil.which(p))} is not installed (apt)",
    ),
]


class Served:
    """A platform started as the README starts it, on free ports."""

    def __init__(self, process: subprocess.Popen[str], bound: dict[str, str], folder: Path) -> None:
        self.process = process
        self.bound = bound
        self.folder = folder

    def type(self, script: str) -> str:
        """Run a part of the README in a shell, in the folder with ``ca.pem``; what it printed."""
        for documented, name in (("127.0.0.1:8080", "http"), ("127.0.0.1:8443", "https")):
            script = script.replace(documented, self.bound[name])
        done = subprocess.run(
            ["sh", "-eu", "-c", script], cwd=self.folder, capture_output=True, text=True,
            timeout=60, check=False, env={"PATH": "/usr/bin:/bin", "no_proxy": "*"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> list[dict[str, Any]]:
        """The uplinks as ``--json`` told of them, once the platform has ended."""
        self.process.terminate()
        out, _ = self.process.communicate(timeout=60)
        said = [json.loads(line) for line in out.splitlines()]
        return [line for line in said if line["event"] == "uplink"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "serve", "--devices", str(ROOT / "rigs" / "sim.yaml"),
         "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--ca-out", str(tmp_path / "ca.pem"),
         "--ready", str(ready), "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield Served(process, facts_of(process, ready), tmp_path)
    if process.poll() is None:
        process.terminate()
        process.communicate(timeout=60)


def readme(first: str) -> str:
    """The block of shell in the README that begins with this line."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(first)]
    return str(found)


def test_an_m2m_uplink_as_the_readme_types_it(served: Served) -> None:
    """Token by printf and sha256sum, request by curl: accepted, and there is nothing to say."""
    assert served.type(readme("secret=")).startswith("HTTP/1.1 202 ")
    (uplink,) = served.stop()
    assert (uplink["device"], uplink["outcome"]) == ("tracker-plus", "accepted")
    assert uplink["findings"] == []


def test_an_internet_uplink_as_the_readme_types_it(served: Served) -> None:
    """HTTPS with the bench's authority and the platform's own name: accepted without a remark."""
    assert served.type(readme("# an Internet device")).startswith("HTTP/1.1 202 ")
    (uplink,) = served.stop()
    assert (uplink["device"], uplink["outcome"]) == ("probe-internet", "accepted")
    assert uplink["findings"] == []


def test_a_file_with_its_line_end(served: Served) -> None:
    """The classic: echo ends the line, -d @file drops line ends, --data-binary does not."""
    body = """'[{"bn":"urn:dev:IMEI:356726104408422:","n":"x","v":1}]'"""
    script = readme("secret=").replace('--data-binary "$body"', "{sent}")
    head = re.sub(r"body=.*", lambda _: f'body={body}\necho "$body" > pack.json', script)
    assert served.type(head.replace("{sent}", "-d @pack.json")).startswith("HTTP/1.1 202 ")
    kept = served.type(head.replace("{sent}", "--data-binary @pack.json"))
    assert kept.startswith("HTTP/1.1 401 ")
    by_file = re.sub(
        r"token=.*",
        'token=$( (cat pack.json; printf %s "$secret") | sha256sum | cut -d" " -f1)',
        head,
    )
    kept = served.type(by_file.replace("{sent}", "--data-binary @pack.json"))
    assert kept.startswith("HTTP/1.1 202 ")
    first, second, third = (
        {(f["requirement"], f["severity"]) for f in uplink["findings"]} for uplink in served.stop()
    )
    assert first == set()
    assert second == {("SENML-PACK", "warning"), ("TOKEN-EXACT", "error")}
    assert third == {("SENML-PACK", "warning")}
