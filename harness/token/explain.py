"""Why a token is wrong: candidates are tried, and the one that matches is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.token.formula import verify

Verdict = Literal["verified", "explained", "unexplained"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a token turned out to be. No field ever holds a secret.

    ``verdict``: ``verified`` (exactly as documented), ``explained`` (a named mistake gives this
    token) or ``unexplained``. ``code`` is stable, for filtering: ``ok``, ``upper-case``,
    ``trailing-nul`` … ``requirement`` is the ID that is broken (TOKEN-HEADER, TOKEN-FORMULA,
    TOKEN-EXACT), empty when verified. ``expected_shown`` and ``candidate_shown`` are what should
    have been hashed and what was, for display side by side; ``first_difference`` is the index of
    the first byte in which the hashed strings differ, or None.
    """

    verdict: Verdict
    code: str
    sentence: str
    hint: str = ""
    requirement: str = ""
    expected_shown: str = ""
    candidate_shown: str = ""
    first_difference: int | None = None

    @property
    def verified(self) -> bool:
        return self.verdict == "verified"


def explain(
    body: bytes,
    secret: str,
    token: str,
    *,
    other_secrets: Mapping[str, str] | None = None,
    previous_bodies: Sequence[bytes] = (),
    head: bytes = b"",
) -> Explanation:
    """Explain ``token``.

    ``other_secrets``: secrets of other devices by name. ``previous_bodies``: bodies that the device
    sent before, newest last. ``head``: the request's raw head, blank line included.
    """
    if verify(body, secret, token):
        return Explanation("verified", "ok", "the token is that of this body and secret")
    return Explanation(
        "unexplained", "unknown", "no known mistake gives this token", requirement="TOKEN-FORMULA"
    )
