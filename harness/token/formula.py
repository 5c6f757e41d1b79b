"""The message token: SHA-256 over the body's bytes and then the secret's, as lower-case hex.

TOKEN-FORMULA, TOKEN-EXACT. Not an HMAC; nothing stands between body and secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re

_SECRET = re.compile(r"[0-9a-zA-Z]{30,100}")


def compute(body: bytes, secret: str) -> str:
    """The token of ``body``: 64 lower-case hex characters."""
    return hashlib.sha256(body + secret.encode()).hexdigest()


def verify(body: bytes, secret: str, token: str) -> bool:
    """Whether ``token`` is exactly the documented one, lower case included.

    What else a token may be, :func:`harness.token.explain` says.
    """
    expected = hashlib.sha256(body + secret.encode()).hexdigest()
    return hmac.compare_digest(expected.encode(), token.encode("utf-8", "surrogatepass"))


def secret_problem(secret: str) -> str | None:
    """What is wrong with a device secret by ``^[0-9a-zA-Z]{30,100}$`` (TOKEN-SECRET), or None.

    The sentence never shows the secret.
    """
    if _SECRET.fullmatch(secret) is not None:
        return None
    stripped = secret.strip()
    if stripped != secret and _SECRET.fullmatch(stripped) is not None:
        return "the secret has white space around it (a line end of its file?): remove it"
    if not 30 <= len(secret) <= 100:
        return f"a device secret has 30 to 100 characters; this one has {len(secret)}"
    if secret.isascii():
        return (
            "the secret holds characters other than letters and digits. The documentation "
            "contradicts itself here: its text allows all ASCII characters, its rule "
            "^[0-9a-zA-Z]{30,100}$ only letters and digits; the rule is taken"
        )
    return "the secret holds characters outside ASCII; only letters and digits are allowed"
