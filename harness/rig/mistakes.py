"""Ways to get a message token wrong, each one made on purpose by a scripted device.

Written from the device's side ("what would careless firmware hash?"), independently of the
platform's explanations in :mod:`harness.token`, so that each checks the other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

MistakeName = Literal[
    "missing",
    "empty",
    "short",
    "not-hex",
    "upper-case",
    "stripped",
    "trailing-nul",
    "trailing-cr",
    "trailing-lf",
    "trailing-crlf",
    "reserialised",
    "secret-first",
    "hmac",
    "other-secret",
    "secret-newline",
    "secret-nul",
    "secret-lower-case",
    "no-secret",
    "double-hash",
    "utf-16",
    "truncated-body",
    "previous-body",
    "sha-1",
    "md5",
    "base64",
]


@dataclass(frozen=True, slots=True)
class TokenInput:
    """What a device has at hand when it computes a token."""

    body: bytes
    secret: str
    other_secret: str
    previous_body: bytes


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def right(given: TokenInput) -> str:
    """TOKEN-FORMULA: SHA-256 over the body's bytes followed by the secret, lower-case hex."""
    return _sha(given.body + given.secret.encode("ascii"))


def _over(change: Callable[[bytes], bytes]) -> Callable[[TokenInput], str]:
    return lambda given: _sha(change(given.body) + given.secret.encode("ascii"))


def _with_secret(change: Callable[[TokenInput], bytes]) -> Callable[[TokenInput], str]:
    return lambda given: _sha(given.body + change(given))


def _stripped(body: bytes) -> bytes:
    return b"".join(body.split())


def _reserialised(body: bytes) -> bytes:
    return json.dumps(json.loads(body)).encode()  # Python's default: spaces after , and :


def _base64(given: TokenInput) -> str:
    import base64

    return base64.b64encode(hashlib.sha256(given.body + given.secret.encode()).digest()).decode()


_MISTAKES: dict[str, Callable[[TokenInput], str | None]] = {
    "missing": lambda given: None,
    "empty": lambda given: "",
    "short": lambda given: right(given)[:63],
    "not-hex": lambda given: "g" + right(given)[1:],
    "upper-case": lambda given: right(given).upper(),
    "stripped": _over(_stripped),
    "trailing-nul": _over(lambda body: body + b"\0"),
    "trailing-cr": _over(lambda body: body + b"\r"),
    "trailing-lf": _over(lambda body: body + b"\n"),
    "trailing-crlf": _over(lambda body: body + b"\r\n"),
    "reserialised": _over(_reserialised),
    "secret-first": lambda given: _sha(given.secret.encode() + given.body),
    "hmac": lambda given: hmac.new(given.secret.encode(), given.body, "sha256").hexdigest(),
    "other-secret": _with_secret(lambda given: given.other_secret.encode()),
    "secret-newline": _with_secret(lambda given: given.secret.encode() + b"\n"),
    "secret-nul": _with_secret(lambda given: given.secret.encode() + b"\0"),
    "secret-lower-case": _with_secret(lambda given: given.secret.lower().encode()),
    "no-secret": _with_secret(lambda given: b""),
    "double-hash": lambda given: _sha(right(given).encode()),
    "utf-16": _over(lambda body: body.decode("utf-8").encode("utf-16-le")),
    "truncated-body": _over(lambda body: body[: len(body) * 3 // 4]),
    "previous-body": lambda given: _sha(given.previous_body + given.secret.encode()),
    "sha-1": lambda given: hashlib.sha1(given.body + given.secret.encode()).hexdigest(),
    "md5": lambda given: hashlib.md5(given.body + given.secret.encode()).hexdigest(),
    "base64": _base64,
}

assert set(_MISTAKES) == set(get_args(MistakeName))


def token_for(given: TokenInput, mistake: MistakeName | None) -> str | None:
    """The token header's value; None where the header is left out."""
    return right(given) if mistake is None else _MISTAKES[mistake](given)
