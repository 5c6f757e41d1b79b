"""What others sent, made fit for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """``text`` with nothing in it that a terminal would act on; each such character is a space."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
