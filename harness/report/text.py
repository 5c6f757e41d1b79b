"""Text on a page: everything escaped, control characters visible, durations in words.

What comes from a wire may be hostile; nothing reaches a page but through :func:`esc` or
:func:`visible`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import escape

# Spelt out: the symbols for control characters (U+2400 …) are missing from many fonts.
_NAMES = {"\r": "\\r", "\n": "\\n", "\t": "\\t", "\x00": "\\0", "\x1a": "^Z", "\x1b": "^["}
# Also what a browser would act on or hide: direction overrides, zero-width characters, separators.
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def esc(value: object) -> str:
    """Any value as HTML text, on one line; control characters replaced by their code."""
    return escape(_ODD.sub(lambda match: _plain(match[0]), str(value)), quote=True)


def _plain(character: str) -> str:
    if character in "\r\n\t":
        return " "
    return _code(character)


def _code(character: str) -> str:
    if character in _NAMES:
        return _NAMES[character]
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


_REMARK = 20


def visible(text: str, *, limit: int = 20_000, breaks: bool = True) -> str:
    """Bytes (one character each) as HTML in which every control character can be seen.

    ``breaks``: start a new line after each line feed. Longer texts than ``limit`` characters are
    cut, with a remark that says how much is missing, unless the remark were as long as that.
    """
    if len(text) <= limit + _REMARK:
        limit = len(text)
    parts: list[str] = []
    at = 0
    cut = text[:limit]
    for match in _ODD.finditer(cut):
        parts.append(escape(cut[at : match.start()]))
        character = match[0]
        parts.append(f'<span class="h-ctl">{escape(_code(character))}</span>')
        if character == "\n" and breaks:
            parts.append("\n")
        at = match.end()
    parts.append(escape(cut[at:]))
    if len(text) > limit:
        parts.append(f'<span class="h-ctl">… {len(text) - limit} more bytes</span>')
    return "".join(parts)


def lines_html(text: str, limit: int = 4_000) -> str:
    """Text of our own whose line feeds are just line feeds."""
    return "\n".join(visible(line, limit=limit) for line in text[: limit * 3].split("\n"))


def prose(text: str) -> str:
    """A sentence of our own, in which backquotes mark code."""
    parts = esc(text).split("`")
    if len(parts) % 2 == 0:
        return esc(text)
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def as_utf8(text: str) -> str:
    """Wire text read as UTF-8 where it is; where it is not, one character per byte."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def moment(iso: str) -> datetime | None:
    """A timeline's time stamp; None for one that cannot be read."""
    try:
        parsed = datetime.fromisoformat(iso)
    except (ValueError, TypeError):
        return None
    return parsed if parsed.tzinfo is not None else None


def clock(iso: str) -> str:
    """``12:00:00.123`` of a time stamp."""
    return iso[11:23] if moment(iso) is not None else "?"


def span(length: timedelta | float) -> str:
    """A duration in words: ``4 h 05 min``, ``12.5 s``, ``40 ms``."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 1:
        return f"{sign}{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{sign}{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{sign}{minutes} min {rest:02d} s" if rest else f"{sign}{minutes} min"
    hours, minutes = divmod(minutes, 60)
    tail = f" {minutes:02d} min" if minutes else ""
    return f"{sign}{hours} h{tail}"


def shorten(text: str, length: int) -> str:
    """At most ``length`` characters, with an ellipsis where something is missing."""
    return text if len(text) <= length else text[: length - 1] + "…"


def plural(count: int, one: str, many: str = "") -> str:
    """``1 attempt``, ``3 attempts``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
