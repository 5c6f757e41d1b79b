"""SenML base names: ``urn:dev:<TYPE>:<identifier>:`` (SENML-BN-M2M, SENML-BN-IP)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from harness.errors import HilError
from harness.urn.identifiers import imei_problem, uuid_advice, uuid_problem


class UrnError(HilError):
    """A base name from which no device identifier can be read."""


class UrnKind(StrEnum):
    """The identifier types the platform knows (facts §4)."""

    IMEI = "IMEI"
    DVNUUID = "DVNUUID"
    DEVEUI = "DEVEUI"


@dataclass(frozen=True, slots=True)
class UrnIssue:
    """One remark about a base name.

    ``code``: ``missing-colon``, ``case``, ``suffix``, ``identifier`` or ``uuid-version``.
    ``severity``: ``error`` when the documented form is broken, ``warning`` for advice.
    """

    code: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class BaseName:
    """A base name as read: its type, its identifier (UUIDs in lower case), and remarks.

    ``rest`` is what follows the identifier's colon (a sub-device or name prefix), usually empty.
    """

    kind: UrnKind
    identifier: str
    rest: str = ""
    issues: tuple[UrnIssue, ...] = ()

    def __str__(self) -> str:
        """The documented form, with the trailing colon."""
        return f"urn:dev:{self.kind}:{self.identifier}:"


_FORM = re.compile(r"(urn):(dev):([A-Za-z0-9]+):([^:]*)(:?)(.*)", re.IGNORECASE | re.DOTALL)


def parse_base_name(text: str) -> BaseName:
    """Read a base name leniently, with a remark for everything that is not as documented.

    Raises :class:`UrnError` when it is no ``urn:dev:`` of a known type with an identifier.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise UrnError(f"not a base name of the form urn:dev:<TYPE>:<id>: ({text[:80]!r})")
    urn, dev, type_, identifier, colon, rest = found.groups()
    try:
        kind = UrnKind(type_.upper())
    except ValueError:
        raise UrnError(
            f"unknown identifier type {type_!r}: the platform knows IMEI, DVNUUID and DEVEUI"
        ) from None
    if not identifier:
        raise UrnError(f"the base name has no identifier: {text[:80]!r}")
    issues: list[UrnIssue] = []
    if (urn, dev, type_) != ("urn", "dev", kind.value):
        issues.append(
            UrnIssue(
                "case",
                "error",
                f"the documented spelling is urn:dev:{kind}: — not {urn}:{dev}:{type_}:",
            )
        )
    if not colon:
        issues.append(
            UrnIssue("missing-colon", "error", f"the colon after the {kind} at the end is missing")
        )
    if rest:
        issues.append(
            UrnIssue("suffix", "warning", f"after the {kind} and its colon follows {rest[:40]!r}")
        )
    if kind is UrnKind.DVNUUID:
        identifier = identifier.lower()
    issues += _identifier_issues(kind, identifier)
    return BaseName(kind, identifier, rest, tuple(issues))


def _identifier_issues(kind: UrnKind, identifier: str) -> list[UrnIssue]:
    problem = None
    if kind is UrnKind.IMEI:
        problem = imei_problem(identifier)
    elif kind is UrnKind.DVNUUID:
        problem = uuid_problem(identifier)
        advice = uuid_advice(identifier)
        if advice is not None:
            return [UrnIssue("uuid-version", "warning", advice)]
    elif re.fullmatch(r"[0-9a-fA-F]{16}", identifier) is None:
        problem = f"a DEVEUI is 16 hex digits, not {identifier[:40]!r}"
    return [] if problem is None else [UrnIssue("identifier", "error", problem)]


def imei_base_name(imei: str) -> str:
    """``urn:dev:IMEI:<imei>:``."""
    return f"urn:dev:IMEI:{imei}:"


def dvnuuid_base_name(dvnuuid: str) -> str:
    """``urn:dev:DVNUUID:<uuid>:``."""
    return f"urn:dev:DVNUUID:{dvnuuid}:"
