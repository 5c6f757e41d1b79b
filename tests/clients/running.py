"""Runs programs of others, many at a time: most of them spend their time in pauses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

Fact = TypeVar("Fact")
_LIMIT_S = 60
_SCRIPTS = Path(__file__).parent / "scripts"
_ENVIRONMENT = Path(__file__).parents[2] / ".clients" / "bin" / "python"


def needs(package: str, *programs: str) -> pytest.MarkDecorator:
    """Skip unless they are all installed, and say which package has them."""
    missing = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(
        bool(missing), reason=f"{', '.join(missing)} is not installed (apt: {package})"
    )


def run(*words: str, text: str = "") -> str:
    """What it printed, errors too. Fails the test when its exit code is not 0."""
    done = _done(*words, text=text)
    return done.stdout + done.stderr


def _done(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        words, input=text, capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{words[0]} ended with {done.returncode}:\n{said}"
    return done


def at_once(names: Iterable[str], use: Callable[[str], Fact]) -> dict[str, Fact]:
    """``use`` of each name, all at the same time; a failure says whose it is."""
    names = list(names)
    with ThreadPoolExecutor(len(names)) as pool:
        futures = {name: pool.submit(use, name) for name in names}
    facts: dict[str, Fact] = {}
    failures: list[str] = []
    for name, future in futures.items():
        error = future.exception()
        if error is None:
            facts[name] = future.result()
        else:
            failures.append(f"{name}: {error}")
    assert not failures, "\n\n".join(failures)
    return facts


@cache
def python_with(module: str) -> str | None:
    """An interpreter that can import ``module``, or None.

    ``HIL_CLIENTS_PYTHON`` first, then the clone's ``.clients`` environment, then our own.
    """
    for python in (os.environ.get("HIL_CLIENTS_PYTHON"), str(_ENVIRONMENT), sys.executable):
        if python and shutil.which(python):
            tried = subprocess.run(
                [python, "-c", f"import {module}"],
                capture_output=True,
                timeout=_LIMIT_S,
                check=False,
            )
            if tried.returncode == 0:
                return python
    return None


def need_library(package: str, module: str) -> None:
    """Skip the test unless some interpreter has it; looked for when a test wants it."""
    if python_with(module) is None:
        pytest.skip(f"{package} is not installed (pip: tests/clients/requirements.txt)")


def run_script(module: str, name: str, *words: str) -> Any:
    """What a program in ``scripts`` found, with the interpreter that has its library."""
    python = python_with(module)
    assert python is not None
    return json.loads(_done(python, str(_SCRIPTS / f"{name}.py"), *words).stdout)
