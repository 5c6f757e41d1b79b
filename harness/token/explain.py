"""Why a token is wrong: candidates are tried, and the one that matches is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.token.form import ALGORITHM_BY_LENGTH, Form, read_form
from harness.token.formula import compute, verify
from harness.token.search import Found, Material, search
from harness.token.show import Pieces, first_difference, shown

Verdict = Literal["verified", "explained", "unexplained"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a token turned out to be. No field ever holds a secret.

    ``verdict``: ``verified`` (exactly as documented), ``explained`` (a named mistake gives this
    token) or ``unexplained``. ``code`` is stable, for filtering: ``ok``, ``upper-case``,
    ``trailing-nul`` … ``requirement`` is the ID that is broken (TOKEN-HEADER, TOKEN-FORMULA,
    TOKEN-EXACT), empty when verified. ``expected_shown`` and ``candidate_shown`` are what should
    have been hashed and what was, for display side by side; ``first_difference`` is the index of
    the first byte in which the hashed strings differ, or None; ``expected_mark`` and
    ``candidate_mark`` are where that byte stands in the two shown texts (start and end).
    """

    verdict: Verdict
    code: str
    sentence: str
    hint: str = ""
    requirement: str = ""
    expected_shown: str = ""
    candidate_shown: str = ""
    first_difference: int | None = None
    expected_mark: tuple[int, int] | None = None
    candidate_mark: tuple[int, int] | None = None

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
    right: Pieces = (("body", body), ("secret", secret.encode()))
    if verify(body, secret, token):
        return Explanation(
            "verified", "ok", "the token is that of this body and secret", requirement=""
        )
    form = read_form(token)
    if form is None:
        return _not_a_digest(body, secret, token)
    material = Material(body, secret, other_secrets or {}, previous_bodies, head)
    known = (secret, *material.other_secrets.values())
    for algorithm in ALGORITHM_BY_LENGTH[len(form.digest)]:
        found = search(form.digest, algorithm, material)
        if found is not None:
            return _explained(found, form, algorithm, right, known)
    return Explanation(
        "unexplained",
        "unknown",
        "the token is that of no known mistake: another body or another secret was hashed",
        "compare secret and registration, and hash exactly the bytes that are sent",
        "TOKEN-FORMULA",
        shown(right, None, known).text,
    )


def _explained(
    found: Found, form: Form, algorithm: str, right: Pieces, known: tuple[str, ...]
) -> Explanation:
    codes, sentences, hints = [], [], []
    if found.code != "ok":
        codes.append(found.code)
        verb = "is" if found.code in ("hmac", "hmac-swapped", "byte-order") else "is the hash over"
        sentences.append(f"the token {verb} {found.words}")
        hints.append(found.hint)
    if algorithm != "sha256":
        codes.append(algorithm.replace("_", "-"))
        sentences.append(f"the digest is {algorithm.upper()}, not SHA-256")
        hints.append("use SHA-256")
    if form.code:
        codes.append(form.code)
        sentences.append(f"the token is written with {form.words}")
        hints.append("write it as 64 lower-case hex characters")
    difference = first_difference(right, found.hashed)
    exact = found.code != "ok" and algorithm == "sha256" and not _formula(found.code)
    expected, hashed = (shown(pieces, difference, known) for pieces in (right, found.hashed))
    return Explanation(
        "explained",
        "+".join(codes),
        "; ".join(sentences),
        "; ".join(dict.fromkeys(hints)),
        "TOKEN-HEADER" if codes == [form.code] else "TOKEN-EXACT" if exact else "TOKEN-FORMULA",
        expected.text,
        hashed.text,
        difference,
        expected.mark,
        hashed.mark,
    )


def _formula(code: str) -> bool:
    """Whether a mistake is about the secret or the construction, rather than the body's bytes."""
    return any(part.startswith(_FORMULA) for part in code.split("+"))


_FORMULA = (
    "secret", "other-device", "separator", "hmac", "double-hash", "hash-of-hash", "byte-order",
)  # fmt: skip


def _not_a_digest(body: bytes, secret: str, token: str) -> Explanation:
    """The text is no digest; it may still be a piece of the right one."""
    right = compute(body, secret)
    bare = token.strip().lower()
    hint = "send 64 lower-case hex characters"
    if not bare:
        return Explanation("explained", "empty", "the token is empty", hint, "TOKEN-HEADER")
    if len(bare) >= 8 and len(bare) < 64 and (right.startswith(bare) or right.endswith(bare)):
        sentence = f"the token is right, but cut to {len(bare)} of its 64 characters"
        return Explanation("explained", "token-cut", sentence, hint, "TOKEN-HEADER")
    if right in bare:
        more = len(bare) - 64
        around = "1 character stands" if more == 1 else f"{more} characters stand"
        sentence = f"the token is right, but {around} around it"
        return Explanation("explained", "token-extended", sentence, hint, "TOKEN-HEADER")
    if bare == secret.lower():
        sentence = "the token is the secret itself, sent in clear"
        hint = "send the hash, and register a new secret: this one was sent in clear"
        return Explanation("explained", "secret-sent", sentence, hint, "TOKEN-FORMULA")
    sentence = f"the token is no hex digest: {len(token)} characters"
    return Explanation("unexplained", "not-a-digest", sentence, hint, "TOKEN-HEADER")
