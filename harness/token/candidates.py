"""The mistakes that are known: which bytes were hashed in place of the body, or of the secret.

Each is a value with a stable code, words for a sentence, and a hint. Nothing is hashed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple


class Variant(NamedTuple):
    """Bytes that may have been hashed instead: ``words`` completes "the hash is over …"."""

    code: str
    words: str
    hint: str
    data: bytes


_EXACT = "hash exactly the bytes that are sent"
_ENDINGS = (
    ("nul", b"\0", "a NUL byte", "use the string's length without its terminator (strlen)"),
    ("crlf", b"\r\n", "CR LF", "leave the line end out of the hash, or send it as well"),
    ("lf", b"\n", "LF", "leave the line end out of the hash, or send it as well"),
    ("cr", b"\r", "CR", "leave the line end out of the hash, or send it as well"),
    ("space", b" ", "a space", _EXACT),
)
_STRING_OR_SPACE = re.compile(rb'"(?:[^"\\]|\\.)*"|[ \t\r\n]+', re.DOTALL)


def body_variants(
    body: bytes, previous_bodies: Sequence[bytes] = (), head: bytes = b""
) -> Iterator[Variant]:
    """What may have been hashed in place of ``body``, likeliest first; never ``body``."""
    for code, ending, words, hint in _ENDINGS:
        yield Variant(f"trailing-{code}", f"the body and {words} after it", hint, body + ending)
    for code, ending, words, _ in _ENDINGS:
        if body.endswith(ending):
            yield Variant(
                f"sent-trailing-{code}",
                f"the body without {words} at its end, which was sent",
                f"send the body without it, or hash it as well: {_EXACT}",
                body[: -len(ending)],
            )
    yield from _white_space(body)
    for number, earlier in enumerate(reversed(previous_bodies), start=1):
        which = "the body sent before" if number == 1 else f"the body sent {number} times before"
        yield Variant("previous-body", which, "compute the token anew for each body", earlier)
    yield from _leading(body)  # before JSON written anew: that would leave these out as well
    yield from _reserialised(body)
    yield Variant("empty-body", "nothing but the secret", "hash the body first", b"")
    yield from _charsets(body)
    if head:
        yield Variant("head-and-body", "the request's head and the body",
                      "hash the body alone", head + body)  # fmt: skip
        yield Variant("head-and-body", "the request's head without its blank line and the body",
                      "hash the body alone", head.rstrip(b"\r\n") + body)  # fmt: skip
    cut = body.find(b"\0")
    if cut >= 0:
        yield Variant("cut-at-nul", "the body up to its first NUL byte", _EXACT, body[:cut])
    yield Variant("escaped-slash", r"the body with \/ for /", _EXACT, body.replace(b"/", b"\\/"))


def _white_space(body: bytes) -> Iterator[Variant]:
    hint = f"{_EXACT}: send the stripped body, too, or hash the one with white space"
    outside = _STRING_OR_SPACE.sub(lambda m: m[0] if m[0][:1] == b'"' else b"", body)
    yield Variant("white-space-stripped", "the body with its white space stripped", hint, outside)
    yield Variant("ends-stripped", "the body with white space stripped at its ends", hint,
                  body.strip())  # fmt: skip
    yield Variant("all-spaces-stripped", "the body without white space, inside strings too", hint,
                  body.translate(None, b" \t\r\n"))  # fmt: skip


def _leading(body: bytes) -> Iterator[Variant]:
    for code, start, words, hint in (*_ENDINGS, ("bom", b"\xef\xbb\xbf", "a byte order mark", "")):
        yield Variant(f"leading-{code}", f"{words} and the body", hint or _EXACT, start + body)
        if body.startswith(start):
            yield Variant(f"sent-leading-{code}", f"the body without {words} before it", _EXACT,
                          body[len(start) :])  # fmt: skip


def _reserialised(body: bytes) -> Iterator[Variant]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return
    hint = "serialise once, keep the bytes, and both hash and send them"
    styles: tuple[tuple[str, str, tuple[str, str], int | None], ...] = (
        ("json-spaced", "the JSON written with spaces (as Python does)", (", ", ": "), None),
        ("json-compact", "the JSON written compactly", (",", ":"), None),
        ("json-indented", "the JSON indented by 2", (",", ": "), 2),
        ("json-indented", "the JSON indented by 4", (",", ": "), 4),
    )
    for code, words, separators, indent in styles:
        for order in ("", ", its keys sorted"):
            for escapes in ("", ", with \\u escapes"):
                try:
                    written = json.dumps(
                        data,
                        separators=separators,
                        indent=indent,
                        sort_keys=bool(order),
                        ensure_ascii=bool(escapes),
                    ).encode()
                except (ValueError, TypeError, RecursionError):
                    continue
                name = f"{code}-sorted" if order else code
                yield Variant(name, f"{words}{order}{escapes}", hint, written)


def _charsets(body: bytes) -> Iterator[Variant]:
    hint = "hash the bytes that are sent, in UTF-8, not characters in another coding"
    as_latin = body.decode("latin-1")
    yield Variant("charset", "the body coded as UTF-8 twice", hint, as_latin.encode())
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    for charset in ("utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "latin-1", "cp1252"):
        try:
            coded = text.encode(charset)
        except UnicodeEncodeError:
            continue
        yield Variant("charset", f"the body coded as {charset.upper()}", hint, coded)


def secret_variants(secret: str, other_secrets: Mapping[str, str]) -> Iterator[Variant]:
    """What may have stood in place of the secret; the secret itself is not there."""
    own = secret.encode()
    for name, other in other_secrets.items():
        if other != secret:
            yield Variant("other-device", f"the secret of {name}",
                          f"is the secret of {name} in this device?", other.encode())  # fmt: skip
    hint = "strip the line end when the secret is read from a file or a modem"
    for code, ending, words, _ in _ENDINGS:
        yield Variant(f"secret-{code}", f"the secret and {words} after it", hint, own + ending)
    case = "the secret is case-sensitive: keep it as registered"
    yield Variant("secret-lower", "the secret in lower case", case, secret.lower().encode())
    yield Variant("secret-upper", "the secret in upper case", case, secret.upper().encode())
    yield Variant("secret-empty", "no secret at all", "append the secret to the body", b"")
    quoted = "leave the quotation marks out"
    yield Variant("secret-quoted", "the secret in quotation marks", quoted, b'"' + own + b'"')
    coded = "use the secret's characters as they are"
    yield Variant("secret-charset", "the secret coded as UTF-16", coded, secret.encode("utf-16-le"))
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", secret):
        yield Variant("secret-hex", "the secret decoded from hex", coded, bytes.fromhex(secret))
    for separator in (b":", b"&", b",", b";", b"|", b".", b"+", b"-", b"\t", b"\n\n"):
        yield Variant("separator", f"body and secret with {separator!r} between them",
                      "nothing stands between body and secret", separator + own)  # fmt: skip
    for length in range(len(own) - 1, 0, -1):
        yield Variant("secret-cut", f"only the first {length} characters of the secret",
                      "is the buffer for the secret too short?", own[:length])  # fmt: skip
