"""What a browser sees at a control address whose token it does not have yet."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem}"
    "input,button{font:inherit;padding:.3rem .6rem}"
)
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

SIGN_IN_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Its style comes along with it: without the token nothing can be fetched."""


def sign_in_page(reason: str) -> str:
    """A page with a field for the token; it leads to ``?token=…``, which sets the cookie."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>hil serve: token</title><style>{_STYLE}</style>"
        "<h1>hil serve</h1>"
        f"<p role=alert>{escape(reason)}</p>"
        "<form method=get><p><label>Token <input name=token type=password required autofocus "
        "autocomplete=off></label> <button>Open</button></p></form>"
        "<p>Programs send <code>Authorization: Bearer TOKEN</code>.</p>"
    )
