"""Checks of a body that SenML itself does not make: white space, trailing bytes, base names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.platform.findings import Finding, error, warning
from harness.platform.registry import Registration, Registry
from harness.senml import other_coding
from harness.urn import BaseName, UrnError, UrnKind, parse_base_name

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_WHITE = re.compile(rb"[ \t\r\n]")
_SALVAGE = re.compile(rb"urn:dev:(IMEI|DVNUUID):([0-9A-Za-z-]{1,40})", re.IGNORECASE)


def check_bytes(body: bytes) -> tuple[list[Finding], bytes]:
    """Findings about white space and trailing bytes, and the body without the latter."""
    findings: list[Finding] = []
    if other_coding(body):
        return findings, body  # its bytes are no characters
    trimmed = body.rstrip(b"\x00\r\n")
    rest = body[len(trimmed) :]
    if b"\x00" in rest:
        findings.append(
            warning(
                "SENML-PACK",
                f"the body ends in {repr(rest)[1:]}: is the terminator of a C string sent along?",
            )
        )
    elif rest:
        findings.append(warning("SENML-PACK", f"the body ends in {repr(rest)[1:]}"))
    if _WHITE.search(trimmed) and _WHITE.search(_STRING.sub(b'""', trimmed)):
        findings.append(
            warning("TOKEN-SPACE", "the body has white space between its tokens: strip it")
        )
    return findings, trimmed


def check_base_names(
    names: Sequence[str], endpoint: str, registry: Registry
) -> tuple[list[Finding], Registration | None]:
    """Findings about the pack's base names, and the registered device they name.

    ``endpoint`` is ``m2m`` or ``ip``.
    """
    requirement = "SENML-BN-IP" if endpoint == "ip" else "SENML-BN-M2M"
    wanted = UrnKind.DVNUUID if endpoint == "ip" else UrnKind.IMEI
    findings: list[Finding] = []
    found: list[BaseName] = []
    for name in names:
        try:
            found.append(parse_base_name(name))
        except UrnError as problem:
            findings.append(error(requirement, str(problem)))
    if not names:
        findings.append(error(requirement, f"the pack has no base name urn:dev:{wanted}:<id>:"))
    for base in found:
        if base.kind is not wanted:
            findings.append(
                error(
                    requirement,
                    f"the base name is one of type {base.kind}; on this path it has to be {wanted}",
                )
            )
        for issue in base.issues:
            make = error if issue.severity == "error" else warning
            findings.append(make(requirement, issue.message))
    if len({(base.kind, base.identifier) for base in found}) > 1:
        both = ", ".join(str(base) for base in found)
        findings.append(error(requirement, f"the pack speaks for several devices: {both}"))
    device = look_up(found[0], registry) if found else None
    if found and device is None:
        findings.append(
            error(
                requirement, f"no device is registered with {found[0].kind} {found[0].identifier}"
            )
        )
    return findings, device


def look_up(base: BaseName, registry: Registry) -> Registration | None:
    if base.kind is UrnKind.IMEI:
        return registry.by_imei(base.identifier)
    return registry.by_dvnuuid(base.identifier) if base.kind is UrnKind.DVNUUID else None


def salvage_device(body: bytes, registry: Registry) -> Registration | None:
    """The device that a body names that cannot be read as a pack: so its token can be explained."""
    found = _SALVAGE.search(body)
    if found is None:
        return None
    identifier = found[2].decode("ascii")
    if found[1].upper() == b"IMEI":
        return registry.by_imei(identifier)
    return registry.by_dvnuuid(identifier)
