"""+CACID and +CASSLCFG: TLS for the connections of +CAOPEN.

SIM7070_7080_7090 AT V1.05 §12.2.1 and §12.2.2, TCPUDP(S) V1.03 §5.2; SIM7000 AT V1.06 §18.2,
SSL Application Note V1.01 §5. What is set stays for later connections of that number until power
goes (assumed).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.simcom import ssl_contexts
from harness.virtual_modem.socket_pool import Connection, Failure
from harness.virtual_modem.table import CommandTable, Entry, Info, number, text
from harness.virtual_modem.tls import TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_RESULTS = {
    Failure.NAME: 20, Failure.REFUSED: 23, Failure.TIMEOUT: 27, Failure.TLS: 27,
    Failure.GIVEN_UP: 1,
}  # fmt: skip
#: <result> by OpenSSL's X509_V_ERR: not yet valid, expired, another name. 26, for name and time
#: together, never comes: the first fault ends the handshake.
_CERTIFICATE = {9: 24, 10: 24, 62: 25}


@dataclass(slots=True)
class Secured:
    """What +CASSLCFG set for one connection number."""

    ssl: int = 0
    context: int = 0
    ca: str = ""


@dataclass(slots=True)
class Numbers:
    """Connection numbers that +CACID or +CASSLCFG named."""

    known: dict[int, Secured] = field(default_factory=dict)


def known(core: Core, one: int) -> bool:
    """Whether connection ``one`` was named."""
    return one in core.part(Numbers).known


def wish(core: Core, one: int) -> TlsWish | None:
    """How connection ``one`` makes its TLS connection, None for plain TCP."""
    secured = core.part(Numbers).known.get(one)
    if secured is None or not secured.ssl:
        return None
    return ssl_contexts.wish(core, secured.context, secured.ca)


def result(connection: Connection, failure: Failure | None) -> int:
    """<result> of +CAOPEN."""
    if failure is None:
        return 0
    if connection.refused in _CERTIFICATE:
        return _CERTIFICATE[connection.refused]
    return _RESULTS[failure]


def listed(one: int, secured: Secured) -> str:
    """SIM7080: all on one line."""
    return f"+CASSLCFG: {one},{secured.ssl},{secured.context},{secured.ca},,"


def in_words(one: int, secured: Secured) -> str:
    """SIM7000: a line each, with their names."""
    lines = [f"+CASSLCFG: {one}", f"cacert:{secured.ca}", "clientcert:", "psktable:",
             f"ssl:{secured.ssl}", f"crindex:{secured.context}", "protocol:0"]  # fmt: skip
    return "\r\n".join(lines)


def commands(numbers: range, show: Callable[[int, Secured], str], *, older: bool) -> CommandTable:
    """For a family with these connection numbers; ``show`` words what is read. ``older``: TCP is
    chosen here, and +CACID has to name a number first, as SIM7000 was seen to want it."""
    highest = numbers.stop - 1

    def name(core: Core, command: Command) -> Info:
        core.part(Numbers).known.setdefault(number(command, 0, 0, highest), Secured())
        return None

    def named(core: Core, command: Command) -> Info:
        return [f"+CACID: {one}" for one in core.part(Numbers).known]

    def configure(core: Core, command: Command) -> Info:
        one, key = number(command, 0, 0, highest), text(command, 1).lower()
        if older and not known(core, one):
            raise AtError(3)
        secured = core.part(Numbers).known.setdefault(one, Secured())
        if key == "ssl":
            secured.ssl = number(command, 2, 0, 1)
        elif key == "crindex":
            secured.context = number(command, 2, 0, ssl_contexts.CONTEXTS)
        elif key == "cacert":
            ca = text(command, 2)
            if len(ca) > ssl_contexts.CA_NAME:
                raise AtError(50)
            secured.ca = ca
        elif not older or key != "protocol" or number(command, 2, 0, 1) != 0:
            raise Unknown
        return None

    def configured(core: Core, command: Command) -> Info:
        return [show(one, secured) for one, secured in core.part(Numbers).known.items()]

    def test(core: Core, command: Command) -> Info:
        return [f'+CASSLCFG: (0-{highest}),"{key}",{values}' for key, values in _KEYS.items()]

    return {
        "+CACID": Entry(
            read=named, set=name, test=lambda core, command: [f"+CACID: (0-{highest})"]
        ),
        "+CASSLCFG": Entry(read=configured, set=configure, test=test),
    }


_KEYS = {
    "SSL": "(0,1)", "CRINDEX": f"(0-{ssl_contexts.CONTEXTS})",
    "CACERT": f"(1-{ssl_contexts.CA_NAME})",
}  # fmt: skip
