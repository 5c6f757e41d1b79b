"""Where a device's uplinks go, by its kind: M2M (NET-ADDR) or Internet (NET-TLS)."""

from __future__ import annotations

from dataclasses import dataclass

from harness.network.private import PLATFORM_ADDRESS, PLATFORM_PORT
from harness.platform.registry import Registration
from harness.platform.settings import IP_PATH, M2M_PATH, PLATFORM_NAME

INTERNET_PORT = 443
INTERNET_APN = "internet.m2m"
"""Gives open Internet on the same SIMs (facts §2, seen in client code)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``headers`` are those of the documented request before token and length."""

    host: str
    port: int
    path: str
    tls: bool
    headers: tuple[tuple[str, str], ...]


# RFC 9112 wants a Host, though the Internet page shows none.
_INTERNET = Endpoint(PLATFORM_NAME, INTERNET_PORT, IP_PATH, True, (("Host", PLATFORM_NAME),))
_M2M = Endpoint(
    PLATFORM_ADDRESS,
    PLATFORM_PORT,
    M2M_PATH,
    False,
    (("Host", "m.m"), ("Content-Type", "application/json")),
)


def endpoint_of(registration: Registration) -> Endpoint:
    """The documented endpoint of a device."""
    return _INTERNET if registration.dvnuuid else _M2M
