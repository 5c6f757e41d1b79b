"""Paths on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path


def file_path(word: str) -> Path:
    """The type of an option that names a file; "" and "/" name none."""
    path = Path(word)
    if not path.name:
        why = (
            f"{word} is a folder" if word else "names no file; is a variable of the shell not set?"
        )
        raise argparse.ArgumentTypeError(why)
    return path
