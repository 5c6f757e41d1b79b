"""Recorded text with redaction marks: what matches it, and what is said in their place."""

from __future__ import annotations

import re
from functools import lru_cache

from harness.evidence.recording import MARK


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str] | None:
    """None for text without marks, which is compared as it is."""
    if "‹" not in text:
        return None
    literals = MARK.split(text)[::2]
    return re.compile("(.*?)".join(map(re.escape, literals)), re.DOTALL)


class Secrets:
    """What the host sent where the recording has a mark: a mark in an echo becomes the same."""

    def __init__(self) -> None:
        self._by_name: dict[str, str] = {}

    def matches(self, recorded: str, seen: str) -> bool:
        """Whether ``seen`` is what was recorded; a mark matches anything."""
        pattern = _pattern(recorded)
        if pattern is None:
            return recorded == seen
        found = pattern.fullmatch(seen)
        if found is not None:
            self._by_name.update(zip(MARK.findall(recorded), found.groups(), strict=True))
        return found is not None

    def filled(self, recorded: str) -> bytes:
        """Modem bytes; a secret that the host did not send reads ``<name>``."""
        text = MARK.sub(lambda mark: self._by_name.get(mark[1], f"<{mark[1]}>"), recorded)
        return text.encode("latin-1", "replace")
