"""What a browser sees at a control address whose token it does not have yet."""

from __future__ import annotations

from html import escape


def sign_in_page(reason: str) -> str:
    """A page with a field for the token; it leads to ``?token=…``, which sets the cookie."""
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        "<meta name=color-scheme content='light dark'><title>hil serve: token</title>"
        "<h1>hil serve</h1>"
        f"<p role=alert>{escape(reason)}</p>"
        "<form method=get><p><label>Token <input name=token type=password required autofocus "
        "autocomplete=off></label> <button>Open</button></p></form>"
    )
