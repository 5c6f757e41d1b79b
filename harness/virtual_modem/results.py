"""Error results (27.007 §9.2, 27.005 §3.2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from harness.at.codes import CME, CMS

_NONE: Mapping[int, str] = MappingProxyType({})


class AtError(Exception):
    """Ends a command with an error result; plain ``ERROR`` when there is no ``code``."""

    def __init__(self, code: int | None = None, kind: str = "CME") -> None:
        super().__init__(code)
        self.code = code
        self.kind = kind

    def result(self, cmee: int, vendor: Mapping[int, str] = _NONE) -> str:
        """The final result by AT+CMEE. SMS errors keep their number when CMEE is 0.

        ``vendor`` has the texts of a family's own numbers.
        """
        if self.code is None or (cmee == 0 and self.kind == "CME"):
            return "ERROR"
        texts = {**vendor, **CME} if self.kind == "CME" else CMS
        shown = texts.get(self.code, "unknown") if cmee == 2 else self.code
        return f"+{self.kind} ERROR: {shown}"


class Finished(AtError):
    """Ends a command with a final result of its own, such as ``SEND OK``; "" for none at all."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def result(self, cmee: int, vendor: Mapping[int, str] = _NONE) -> str:
        return self._text


def cms(code: int) -> AtError:
    return AtError(code, "CMS")


class Unknown(Exception):
    """The modem does not know the command, this form of it, or this value of a selector."""
