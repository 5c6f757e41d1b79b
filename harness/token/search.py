"""Finding the mistake that gives a digest, at bounded cost.

Bodies are hashed once each and the hash state copied for every secret, so the cost is about that of
hashing the body 60 times, plus one step per truncation tried.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from harness.token.candidates import Variant, body_variants, secret_variants

FULL_SEARCH = 64 * 1024
"""Bodies longer than this many bytes get the simple candidates only."""

_EVERY_LENGTH = 4 * 1024  # beyond it, truncations are tried near both ends and at multiples of 64
_PADDING = 1024


class Found(NamedTuple):
    """The mistake: ``body`` and ``secret`` are the two halves as hashed, in the order hashed."""

    code: str
    words: str
    hint: str
    hashed: tuple[tuple[str, bytes], ...]
    """What was hashed, piece by piece: the role (``body`` or ``secret``) and the bytes."""


class Material(NamedTuple):
    """All that a token may have been made of."""

    body: bytes
    secret: str
    other_secrets: Mapping[str, str]
    previous_bodies: Sequence[bytes]
    head: bytes


def search(digest: bytes, algorithm: str, of: Material) -> Found | None:
    """The first known mistake whose digest this is, or None. ``ok``: none was made."""
    own = of.secret.encode()
    base = hashlib.new(algorithm, of.body)
    if _finish(base, own) == digest:
        return Found("ok", "the body and the secret", "", (("body", of.body), ("secret", own)))
    secrets = tuple(secret_variants(of.secret, of.other_secrets))
    for variant in secrets:
        if _finish(base, variant.data) == digest:
            return _with_secret(of.body, variant)
    found = _other_construction(digest, algorithm, of.body, own)
    if found is not None or len(of.body) > FULL_SEARCH:
        return found
    tried = {of.body}
    for body in body_variants(of.body, of.previous_bodies, of.head):
        if body.data in tried:
            continue
        tried.add(body.data)
        with_body = _for_body(digest, algorithm, body, own, secrets)
        if with_body is not None:
            return with_body
    return _by_length(digest, algorithm, of.body, own)


def _for_body(
    digest: bytes, algorithm: str, body: Variant, own: bytes, secrets: Sequence[Variant]
) -> Found | None:
    state = hashlib.new(algorithm, body.data)
    if _finish(state, own) == digest:
        return Found(body.code, body.words, body.hint, (("body", body.data), ("secret", own)))
    for variant in secrets:
        if variant.code != "secret-cut" and _finish(state, variant.data) == digest:
            mixed = _with_secret(body.data, variant)
            words = f"{body.words}, with {variant.words}"
            return mixed._replace(code=f"{body.code}+{variant.code}", words=words)
    found = _other_construction(digest, algorithm, body.data, own)
    if found is None:
        return None
    return found._replace(code=f"{body.code}+{found.code}", words=f"{body.words}: {found.words}")


def _with_secret(body: bytes, variant: Variant) -> Found:
    hashed = (("body", body), ("secret", variant.data))
    return Found(variant.code, f"the body, with {variant.words}", variant.hint, hashed)


def _other_construction(digest: bytes, algorithm: str, body: bytes, own: bytes) -> Found | None:
    """Body and secret are right, but not put together as documented."""
    for code, words, hint, made, hashed in _constructions(algorithm, body, own):
        if made == digest:
            return Found(code, words, hint, hashed)
    return None


def _constructions(
    algorithm: str, body: bytes, own: bytes
) -> Iterator[tuple[str, str, str, bytes, tuple[tuple[str, bytes], ...]]]:
    def over(*parts: bytes) -> bytes:
        return hashlib.new(algorithm, b"".join(parts)).digest()

    b, s = ("body", body), ("secret", own)
    order = "hash the body first and the secret after it"
    yield "secret-first", "the secret and then the body", order, over(own, body), (s, b)
    yield ("secret-both-sides", "the secret, the body and the secret again", order,
           over(own, body, own), (s, b, s))  # fmt: skip
    plain = "use plain SHA-256 over body and secret, not an HMAC"
    yield ("hmac", "an HMAC of the body with the secret as its key", plain,
           hmac.digest(own, body, algorithm), (s, b))  # fmt: skip
    yield ("hmac-swapped", "an HMAC of the secret with the body as its key", plain,
           hmac.digest(body, own, algorithm), (b, s))  # fmt: skip
    once = "hash once, over the body followed by the secret"
    right = over(body, own)
    yield "double-hash", "the digest of the right digest", once, over(right), (b, s)
    yield ("double-hash", "the hex text of the right digest", once,
           over(right.hex().encode()), (b, s))  # fmt: skip
    inner = over(body)
    yield ("hash-of-hash", "the body's digest and the secret", once,
           over(inner, own), (("body", inner), s))  # fmt: skip
    inner_hex = inner.hex().encode()
    yield ("hash-of-hash", "the hex text of the body's digest and the secret", once,
           over(inner_hex, own), (("body", inner_hex), s))  # fmt: skip
    yield ("secret-hashed", "the body and the hex text of the secret's digest", once,
           over(body, over(own).hex().encode()), (b, s))  # fmt: skip
    words = "right, but its bytes are reversed"
    yield "byte-order", words, "write the digest's first byte first", right[::-1], (b, s)
    swapped = b"".join(right[i : i + 4][::-1] for i in range(0, len(right), 4))
    words = "right, but the bytes of each 32-bit word are reversed"
    yield "byte-order", words, "write each word's high byte first", swapped, (b, s)


def _by_length(digest: bytes, algorithm: str, body: bytes, own: bytes) -> Found | None:
    """The body cut short, or filled up with NUL bytes to the size of its buffer."""
    state = hashlib.new(algorithm)
    size = len(body)
    done = 0
    for length in _lengths(size):
        state.update(body[done:length])
        done = length
        if _finish(state, own) == digest:
            return Found(
                "truncated-body",
                f"only the first {length} of the body's {size} bytes",
                "is the length or buffer that is hashed too short?",
                (("body", body[:length]), ("secret", own)),
            )
    state.update(body[done:])
    for extra in range(1, _PADDING + 1):
        state.update(b"\0")
        if _finish(state, own) == digest:
            return Found(
                "nul-padding",
                f"the body and {extra} NUL bytes after it",
                "hash the length of the body, not the size of its buffer",
                (("body", body + b"\0" * extra), ("secret", own)),
            )
    for start in range(1, min(size, 16)):
        if hashlib.new(algorithm, body[start:] + own).digest() == digest:
            return Found(
                "beginning-lost",
                f"the body without its first {start} bytes",
                "does the hash start at the body's first byte?",
                (("body", body[start:]), ("secret", own)),
            )
    return None


def _lengths(size: int) -> Iterator[int]:
    for length in range(1, size):
        if length <= _EVERY_LENGTH or size - length <= _EVERY_LENGTH or length % 64 == 0:
            yield length


def _finish(state: hashlib._Hash, data: bytes) -> bytes:
    copy = state.copy()
    copy.update(data)
    return copy.digest()
