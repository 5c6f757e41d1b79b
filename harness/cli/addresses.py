"""``HOST:PORT`` as people write it on a command line."""

from __future__ import annotations

from harness.errors import UsageError


def address(text: str, option: str) -> tuple[str, int]:
    """``HOST:PORT`` or ``:PORT`` (loopback). Raises :class:`UsageError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"{option} {text}: give HOST:PORT, for example 127.0.0.1:8080")
    return host or "127.0.0.1", int(port)


def joined(bound: tuple[str, int]) -> str:
    """The other way round."""
    return f"{bound[0]}:{bound[1]}"
