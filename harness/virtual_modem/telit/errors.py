"""Numbers of Telit's IP commands (AT Commands Reference Guide, "Mobile Equipment errors").

Those of TLS are from ME310G1/ME910G1 80617ST10991A §3.2.2 (assumed for the other models).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

IP: Mapping[int, str] = {
    550: "generic undocumented error", 551: "wrong state", 552: "wrong mode",
    553: "context already activated", 554: "stack already active", 555: "activation failed",
    556: "context not opened", 557: "cannot setup socket", 558: "cannot resolve DN",
    559: "timeout in opening socket", 560: "cannot open socket",
    561: "remote disconnected or timeout", 562: "connection failed", 563: "tx error",
    564: "already listening", 566: "can not resume socket", 567: "wrong APN", 568: "wrong PDP",
    569: "service not supported", 570: "QOS not accepted", 571: "NSAPI already used",
    572: "LLC or SNDCP failure", 573: "network reject",
}  # fmt: skip


class SslError(IntEnum):
    """The numbers that commands give by themselves."""

    NOT_ACTIVATED = 1000
    CERTIFICATES = 1001
    ALREADY_ACTIVATED = 1003
    HANDSHAKE = 1004
    SOCKET = 1005
    NOT_CONNECTED = 1008
    ALREADY_CONNECTED = 1009
    DISCONNECTED = 1011


SSL: Mapping[int, str] = {
    1000: "SSL not activated", 1001: "SSL certs and keys wrong or not stored",
    1002: "SSL generic error", 1003: "SSL already activated", 1004: "SSL error during handshake",
    1005: "SSL socket error", 1006: "SSL invalid state", 1007: "SSL cannot activate",
    1008: "SSL not connected", 1009: "SSL already connected", 1010: "SSL error enc/dec data",
    1011: "SSL disconnected",
}  # fmt: skip
