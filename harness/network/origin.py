"""Who really sends a request to a server on this machine: any page in a browser here can try.

What browsers say of it: ``Origin`` (RFC 6454), ``Sec-Fetch-*`` (W3C Fetch Metadata), and ``Host``,
which tells of names that were led here by somebody's DNS (rebinding). Other programs send no such
headers and are believed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

_READS = ("GET", "HEAD")
_OWN_SITE = ("", "same-origin", "none")


def is_loopback(host: str) -> bool:
    """Whether ``host`` is a name or address that only this machine has."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def named_host(header: str) -> str | None:
    """The ``Host`` header in lower case and without port; None when it is no host."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port  # raises when it is no number
        return parts.hostname if parts.netloc == header and "@" not in header else None
    except ValueError:
        return None


def foreign_page(method: str, header: Callable[[str], str]) -> str | None:
    """Why this request must be a page's of another site; None when it need not be.

    ``header`` gives a header by its name in lower case, "" where there is none.
    """
    origin = header("origin")
    if origin and _netloc(origin) != header("host").lower():
        return f"orders from the foreign origin {origin} are not taken"
    followed_a_link = (
        method in _READS
        and header("sec-fetch-mode") == "navigate"
        and header("sec-fetch-dest") in ("", "document")  # in no frame of another page
    )
    if header("sec-fetch-site") not in _OWN_SITE and not followed_a_link:
        return "requests from another site's page are not taken"
    return None


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
