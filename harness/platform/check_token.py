"""Checks of the token header against body and secret, with an explanation when it is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from harness.platform.findings import Finding, Outcome, error, info, warning
from harness.platform.head import Head
from harness.platform.registry import Registration, Registry
from harness.platform.settings import TOKEN_HEADER
from harness.platform.uplink import TokenVerdict
from harness.token import explain, secret_problem, verify

_HEX = re.compile(r"[0-9a-fA-F]{64}")
NOT_CHECKED = TokenVerdict("unchecked", "no registered device is known whose secret could be used")
VERIFIED = TokenVerdict("verified", "the token is that of this body and secret")
_NOT_CARRIED = TokenVerdict("unchecked", "no token travels with it, as configured")


class Carried(NamedTuple):
    """The token that came along, and the words for its place. ``head`` are the bytes before the
    body, for explanations; ``expected`` says whether a token has a place at all."""

    token: str | None
    where: str = f"the header {TOKEN_HEADER}"
    head: bytes = b""
    expected: bool = True

    @classmethod
    def in_head(cls, head: Head, raw: bytes) -> Carried:
        """As the documents have it (TOKEN-HEADER)."""
        return cls(head.first(TOKEN_HEADER), head=raw)


def check_token(
    carried: Carried,
    body: bytes,
    device: Registration | None,
    registry: Registry,
    previous: Sequence[bytes],
) -> tuple[list[Finding], TokenVerdict, Outcome]:
    """Findings about the token, what it turned out to be, and the outcome it alone would give.

    ``previous`` are earlier bodies of the device, oldest first.
    """
    token, where = carried.token, carried.where
    findings: list[Finding] = []
    if not carried.expected:
        return findings, _NOT_CARRIED, Outcome.ACCEPTED
    malformed: list[Finding] = []
    if token is not None and _HEX.fullmatch(token) is None:
        seen = f"it has {len(token)}: {token[:70]!r}"
        malformed = [error("TOKEN-HEADER", f"{where} has to be 64 hex characters; {seen}")]
    if device is None:
        return malformed, NOT_CHECKED, Outcome.ACCEPTED
    if device.secret is None:
        findings += malformed
        if token is not None:
            findings.append(
                info(
                    "TOKEN-OPTIONAL", "a token was sent, but the device has no secret: not checked"
                )
            )
        return findings, TokenVerdict("not-required", "the device has no secret"), Outcome.ACCEPTED
    problem = secret_problem(device.secret)
    if problem is not None:
        findings.append(warning("TOKEN-SECRET", problem))
    if token is None:
        findings.append(error("TOKEN-HEADER", f"{where} is missing"))
        missing = TokenVerdict("missing", f"{where} is missing")
        return findings, missing, Outcome.MALFORMED
    if verify(body, device.secret, token):
        return findings, VERIFIED, Outcome.ACCEPTED
    if verify(body, device.secret, token.lower()):
        findings.append(
            warning(
                "TOKEN-HEADER",
                "the token is in upper case; whether the platform takes that is not known",
            )
        )
        return findings, VERIFIED, Outcome.ACCEPTED
    others = {name: key for name, key in registry.secrets().items() if name != device.name}
    former = registry.former_secret(device.name)
    if former is not None:
        others = {f"{device.name} before it was changed": former, **others}
    reason = explain(
        body,
        device.secret,
        token,
        other_secrets=others,
        previous_bodies=previous,
        head=carried.head,
    )
    sentence = reason.sentence + (f" ({reason.hint})" if reason.hint else "")
    explained = [error(reason.requirement or "TOKEN-FORMULA", sentence)]
    if malformed and reason.requirement == "TOKEN-HEADER":  # the same said twice: the better one
        findings += malformed if reason.code == "not-a-digest" else explained
    else:
        findings += malformed + explained
    verdict = TokenVerdict(reason.verdict, sentence, reason)
    return findings, verdict, Outcome.UNVERIFIED
