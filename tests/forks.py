"""A child process at the moment of its start: it has its parent's descriptors until it is another
program, be they ever so much marked to be closed then."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def about_to_start(path: Path) -> Iterator[None]:
    """Such a child has what this process has open of ``path``."""
    wanted = os.path.realpath(path)
    copies: list[int] = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # that of the folder itself
            if os.readlink(f"/proc/self/fd/{name}") == wanted:
                copies.append(os.dup(int(name)))
    assert copies
    try:
        yield
    finally:
        for copy in copies:
            os.close(copy)
