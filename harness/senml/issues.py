"""What can be wrong with a pack, as values: code, severity, requirement, sentence, record."""

from __future__ import annotations

from typing import Literal, NamedTuple

from harness.errors import HilError

IssueSeverity = Literal["error", "warning", "info"]


class Issue(NamedTuple):
    """One remark about a pack.

    ``error``: RFC 8428 or a platform requirement is broken. ``warning``: accepted, but nobody knows
    whether the real platform does, or it is probably not meant. ``info``: worth knowing.
    ``record`` counts from 0; None when the remark is about the whole pack.
    """

    code: str
    severity: IssueSeverity
    requirement: str
    message: str
    record: int | None = None

    def __str__(self) -> str:
        where = "" if self.record is None else f"record {self.record}: "
        return f"{self.severity} {self.requirement}: {where}{self.message}"


class SenmlError(HilError):
    """The bytes are no SenML JSON pack at all, or one that cannot be resolved.

    ``issues`` says why, at least one of them with severity ``error``.
    """

    def __init__(self, *issues: Issue) -> None:
        super().__init__("; ".join(issue.message for issue in issues))
        self.issues = issues


def refused(code: str, message: str) -> SenmlError:
    """The error for bytes that are no pack (SENML-PACK)."""
    return SenmlError(Issue(code, "error", "SENML-PACK", message))
