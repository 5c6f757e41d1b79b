"""One redaction list, applied where events are born."""

from __future__ import annotations

import re
from collections.abc import Iterable

# AT+CPIN="1234" and AT+CPIN="puk","1234" (27.007 §8.3), AT+CLCK="SC",1,"1234" (§7.4)
_PIN_COMMANDS = re.compile(
    r"(AT\+CPIN\s*=\s*|\+CLCK\s*=\s*\"SC\",[0-2],|\+CPWD\s*=\s*\"SC\",)[^\r\n;]+", re.IGNORECASE
)
# RFC 6750 §2.1: as a header line, or as the header's value on its own
_BEARER = re.compile(r"((?:Authorization:\s*|^)Bearer\s+)[^\s\"]+", re.IGNORECASE)


class Redactor:
    """Replaces secrets in text. Thread-safe for reading; add secrets before the run starts.

    Each secret becomes ``‹name›``, so that evidence still says *which* secret stood there.
    """

    def __init__(self, secrets: Iterable[tuple[str, str]] = ()) -> None:
        self._secrets: list[tuple[str, str]] = []
        for name, value in secrets:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Never write ``value`` again; it reads ``‹name›`` instead. Empty values are ignored."""
        if value:
            self._secrets.append((value, f"‹{name}›"))
            self._secrets.sort(key=lambda pair: -len(pair[0]))

    def __call__(self, text: str) -> str:
        for value, shown in self._secrets:
            if value in text:
                text = text.replace(value, shown)
        lowered = text.lower()
        if "cpin" in lowered or '"sc"' in lowered:
            text = _PIN_COMMANDS.sub(r"\1‹pin›", text)
        if "bearer" in lowered:
            text = _BEARER.sub(r"\1‹bearer›", text)
        return text
