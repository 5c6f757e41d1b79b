"""DEST-TLS: how the platform connects, and what it says of a server's TLS.

``ciphers.csv`` holds the suites that the HTTPS destination page lists
(https://docs.kpnthings.com/dm/destinations/https), by IANA number. Some are experimental or
obsolete (``CECPQ1``, ``OLD_``) and no TLS 1.3 suite is among them (contradiction 16).
"""

from __future__ import annotations

import csv
import ssl
from functools import lru_cache
from importlib.resources import files

from harness.network.tls import TlsFailed, TlsSession, codes_by_name
from harness.platform.findings import Finding, error, warning

_PACKAGE = "harness.platform.destination"


@lru_cache(maxsize=1)
def listed() -> dict[int, str]:
    """The documented suites: IANA number to name."""
    text = files(_PACKAGE).joinpath("ciphers.csv").read_text(encoding="ascii")
    return {int(row["code"], 16): row["name"] for row in csv.DictReader(text.splitlines())}


def client_context(anchors: bytes | None = None, *, at_most_1_2: bool = False) -> ssl.SSLContext:
    """TLS 1.2 or newer with the listed suites, trusting this machine's public authorities.

    They stand in for Java's default trust store (assumed: both carry the browsers' roots).
    ``anchors`` (PEM) are trusted too. Raises :class:`ssl.SSLError` when they are no certificates.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if at_most_1_2:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    if anchors is not None:
        context.load_verify_locations(cadata=anchors.decode("ascii", "ignore"))  # remarks
    everything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    everything.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    known = listed()
    names = [name for name, code in codes_by_name(everything).items() if code in known]
    context.set_ciphers(":".join(names))
    return context


def unverified_context() -> ssl.SSLContext:
    """Takes any server of any version: to see what a refused one would have said."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    return context


def check_session(session: TlsSession) -> list[Finding]:
    """What is to be said of a connection that was made."""
    if session.code in listed():
        return []
    if session.version == "TLSv1.3":
        return [
            warning(
                "DEST-TLS",
                f"{session.version} with {session.cipher}: the documents ask for 1.2 or higher, "
                "yet list no suite of 1.3; keep one of the listed suites of 1.2 on the server",
            )
        ]
    return [
        error(
            "DEST-TLS", f"{session.version} with {session.cipher}, which is none of the 41 listed"
        )
    ]


def explain(failure: TlsFailed, host: str) -> Finding:
    """A failed handshake as a sentence that somebody can act on."""
    code = failure.verify_code
    if code is not None:
        return error("DEST-TLS", _VERIFY.get(code, f"its certificate is refused: {failure.reason}")
                     .format(host=host))  # fmt: skip
    if failure.alert in _ALERTS:
        return error("DEST-TLS", _ALERTS[failure.alert])
    return error("DEST-TLS", f"no TLS connection: {failure.reason}")


_VERIFY = {
    9: "its certificate is not valid yet: check its dates, and the clock of this machine",
    10: "its certificate has expired: renew it",
    18: "its certificate is self-signed: get one from a public authority",
    19: "the chain ends in a self-signed certificate that no trust store knows: get a certificate "
    "from a public authority",
    20: "the chain leads to no known authority: either the server does not send its intermediate "
    "certificates (send the full chain), or it is not from a public authority",
    21: "the chain leads to no known authority: the server sends its own certificate only; send "
    "the intermediate ones too",
    23: "its certificate was revoked",
    26: "its certificate is not meant for a server (extended key usage)",
    62: "its certificate is not for {host}: get one that names it (subjectAltName)",
    64: "its certificate is not for the address {host}",
    66: "its key is too short: take RSA of 2,048 bits or more",
    67: "an authority in its chain has a key that is too short",
    68: "its chain is signed with a hash that is no longer trusted",
}
_ALERTS = {
    "handshake failure": "the server has none of the listed cipher suites, or wants a certificate "
    "of the client; offer for example ECDHE-RSA-AES128-GCM-SHA256",
    "protocol version": "the server speaks no TLS that the platform does: allow 1.2",
    "unrecognized name": "the server does not know the name it was asked for (SNI)",
    "certificate required": "the server wants a certificate of the client, which the platform "
    "does not have",
    "bad certificate": "the server wants a certificate of the client, which the platform does "
    "not have",
    "insufficient security": "the server finds the listed cipher suites too weak",
}
