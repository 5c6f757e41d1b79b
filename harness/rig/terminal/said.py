"""What a terminal shows: one line or a few bytes, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from harness.at.codes import CME, CMS, error_number
from harness.evidence.timeline import isoformat

_ROW = 16


class Kind(StrEnum):
    """``code`` is unsolicited; ``remark`` is the terminal's own."""

    SENT = "sent"
    ECHO = "echo"
    INFO = "info"
    RESULT = "result"
    CODE = "code"
    PROMPT = "prompt"
    BYTES = "bytes"
    NOISE = "noise"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class Said:
    """``ok`` only of results; ``meaning`` explains an error; ``took_s`` since the command."""

    kind: Kind
    text: str
    at: datetime
    ok: bool | None = None
    meaning: str = ""
    took_s: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: what is None or empty is left out."""
        fields: dict[str, Any] = {
            "at": isoformat(self.at), "kind": self.kind.value, "text": self.text,
            "ok": self.ok, "meaning": self.meaning or None,
            "took_s": None if self.took_s is None else round(self.took_s, 3),
        }  # fmt: skip
        return {name: value for name, value in fields.items() if value is not None}


def meaning_of(result: str) -> str:
    """The words of an error number (27.007 §9.2, 27.005 §3.2.5); "" when it has none here."""
    for prefix, table in (("+CME ERROR:", CME), ("+CMS ERROR:", CMS)):
        if result.startswith(prefix):
            text = table.get(error_number(result, table) or 0, "")
            return "" if text and text.lower() in result.lower() else text
    return ""


def legible(data: bytes) -> str:
    """Bytes as text, with what cannot be printed as ``\\x1b``, ``\\r``."""
    return "".join(
        chr(byte)
        if 32 <= byte < 127
        else {10: r"\n", 13: r"\r", 9: r"\t"}.get(byte, f"\\x{byte:02x}")
        for byte in data
    )


def hex_rows(data: bytes) -> list[str]:
    """``0000  41 54 0d …  AT.`` in rows of sixteen bytes."""
    rows = []
    for start in range(0, len(data), _ROW):
        row = data[start : start + _ROW]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        rows.append(f"{start:04x}  {row.hex(' '):<{3 * _ROW - 1}}  {shown}")
    return rows
