"""What holds for the whole tree: layers, and a light start."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_imports_point_downwards() -> None:
    """import-linter keeps the layers apart."""
    beside = Path(sys.executable).with_name("lint-imports")
    linter = str(beside) if beside.exists() else shutil.which("lint-imports")
    if linter is None:
        pytest.skip("import-linter is not installed")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "from harness.cli.main import main; main(['--help'])",
        "import pytest; pytest.main(['-q', '--collect-only', '-p', 'fixtures.rig',"
        " '-p', 'fixtures.scenarios'])",
    ],
)
def test_start_is_light(code: str, tmp_path: Path) -> None:
    """Neither help nor a collection without scenarios imports anything heavy."""
    wrapped = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit: pass\n"
        "print([m for m in ('scapy', 'pydantic', 'starlette', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", wrapped], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
