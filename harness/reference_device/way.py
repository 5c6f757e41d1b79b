"""The two ways to the platform: plain TCP for M2M devices, TLS for Internet devices.

AT commands: Quectel BG95/BG96 TCP/IP manual (AT+QIOPEN in buffer access mode, AT+QISEND, AT+QIRD,
AT+QICLOSE) and SSL manual (AT+QSSLCFG, AT+QSSLOPEN, AT+QSSLSEND, AT+QSSLRECV, AT+QSSLCLOSE).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from .at import Modem, ModemError
from .faults import Faults

ADDRESS, PORT = "10.151.236.157", 80  # NET-ADDR
_NAME, _SECURE_PORT = "prod.dm.kpnthings.com", 443  # NET-TLS
_CA_FILE = "ca.pem"


@dataclass(frozen=True, slots=True)
class Way:
    """``headers`` are the documented ones before token and length. ``number`` is the modem's
    socket; ``opening`` takes it, a host and a port, the other commands take it as their first
    parameter."""

    host: str
    port: int
    path: str
    headers: tuple[str, ...]
    opening: str
    opened: str
    send: str
    read: str
    close: str
    urc: str
    number: int = 0

    def opening_to(self, host: str, port: int | None = None) -> str:
        """The command that connects there, on the way's own port unless told otherwise."""
        return self.opening.format(number=self.number, host=host, port=port or self.port)


M2M = Way(
    ADDRESS,
    PORT,
    "/ingestion/m2m/senml/v1",
    ("Host: m.m", "Content-Type: application/json"),
    'AT+QIOPEN=1,{number},"TCP","{host}",{port},0,0',
    "QIOPEN", "AT+QISEND", "AT+QIRD", "AT+QICLOSE", "QIURC",
)  # fmt: skip
INTERNET = Way(
    _NAME,
    _SECURE_PORT,
    "/ingestion/ip/senml/v1",
    (f"Host: {_NAME}", "Content-Type: application/json"),
    'AT+QSSLOPEN=1,1,{number},"{host}",{port},0',
    "QSSLOPEN", "AT+QSSLSEND", "AT+QSSLRECV", "AT+QSSLCLOSE", "QSSLURC",
)  # fmt: skip
FILES = replace(M2M, number=1)
"""The file server, on a socket of its own, so that uplinks need not wait for a download."""


def trust(modem: Modem, authority: bytes, faults: Faults) -> None:
    """Have the modem verify servers against ``authority`` (PEM): chain, name and validity.

    From the factory it verifies nothing, and even when it verifies it ignores the validity. The
    settings do not survive a restart. Raises ModemError.
    """
    with contextlib.suppress(ModemError):  # there is none from an earlier run
        modem.command(f'AT+QFDEL="{_CA_FILE}"')
    modem.send_file(f'AT+QFUPL="{_CA_FILE}",{len(authority)},30', authority)
    verify = "0" if "takes-any-certificate" in faults else "1"
    for setting in (
        f'"cacert",1,"{_CA_FILE}"', '"sslversion",1,4', '"ciphersuite",1,0XFFFF',
        f'"seclevel",1,{verify}', '"ignorelocaltime",1,0', '"sni",1,1', '"checkhost",1,1',
    ):  # fmt: skip
        modem.command(f"AT+QSSLCFG={setting}")
