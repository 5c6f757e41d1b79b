"""Made-up firmware images, for scenarios and for who has none at hand.

The form is that of the reference device of this project; other devices get their own files::

    things-hil firmware
    version: 1.1.0
    sha256: <64 hex, of everything after the blank line>
    <blank line>
    <content>
"""

from __future__ import annotations

import hashlib
import random
import re

from harness.errors import UsageError

_HEAD = re.compile(
    rb"things-hil firmware\nversion: ([0-9A-Za-z._+\-]{1,64})\nsha256: ([0-9a-f]{64})\n\n"
)
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+\-]{0,63}")


def made_up_image(version: str, size: int, seed: int = 0) -> bytes:
    """An image of exactly ``size`` bytes, the same for the same arguments.

    Raises :class:`UsageError` when it is too small for its own head.
    """
    checked_version(version)
    smallest = len(_head(version, b""))
    if size <= smallest:
        raise UsageError(
            f"an image of version {version} has more than {smallest} bytes, not {size}"
        )
    content = random.Random(f"{version}/{seed}").randbytes(size - smallest)
    return _head(version, content) + content


def _head(version: str, content: bytes) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    return f"things-hil firmware\nversion: {version}\nsha256: {digest}\n\n".encode()


def version_in(image: bytes) -> str | None:
    """The version that an image of this form tells; None for another form, or a damaged one."""
    found = _HEAD.match(image)
    if found is None or hashlib.sha256(image[found.end() :]).hexdigest() != found[2].decode():
        return None
    return found[1].decode()


def checked_version(version: str) -> str:
    """Raises :class:`UsageError` for what is no version."""
    if VERSION.fullmatch(version) is None:
        raise UsageError(
            f"{version[:80]!r} is no firmware version; it has 1 to 64 letters, digits and . _ + -"
        )
    return version
