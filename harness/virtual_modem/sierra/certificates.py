"""+KCERTSTORE and +KCERTDELETE: root and local certificates, which need no power to be kept.

The vendor's own test scripts (Legato, A_HL_INT_SSL_0000) for ranges and numbers of errors; Zephyr,
drivers/modem/hl78xx. Data come by their count; some hosts send the pattern behind them, others do
not, and both work.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError
from harness.virtual_modem.sierra.errors import CERTIFICATE_INVALID, CERTIFICATE_SIZE
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says
from harness.virtual_modem.tls import TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

PLACES = 4  #: <index> 0 to 3
_ROOT, _NAMES = 0, ("root_cert", "local_cert")
_LARGEST = 4096
_PATTERN = b"--EOF--Pattern--"
_INPUT_S, _PATTERN_S = 30.0, 0.1


def _key(kind: int, index: int) -> str:
    return f"+KCERTSTORE:{kind},{index}"


def root(core: Core, index: int) -> bytes:
    """A root certificate (PEM), empty when there is none."""
    data = core.kept.get(_key(_ROOT, index), "").encode("latin-1")
    return _pem(data) if data else b""


def _pem(data: bytes) -> bytes:
    if b"-----BEGIN" in data:
        return data
    return ssl.DER_cert_to_PEM_cert(data).encode("latin-1")


async def _store(core: Core, command: Command) -> Info:
    kind, size = number(command, 0, 0, 1), number(command, 1, 1, _LARGEST)
    index = number(command, 2, 0, PLACES - 1, 0)
    data = await core.ask("\r\nCONNECT\r\n", size, timeout_s=_INPUT_S)
    if data is None or _PATTERN in data:
        raise AtError(CERTIFICATE_SIZE)
    await core.ask("", len(_PATTERN), timeout_s=_PATTERN_S)
    try:
        TlsWish(anchors=_pem(data)).context()
    except (ssl.SSLError, ValueError):
        raise AtError(CERTIFICATE_INVALID) from None
    core.kept[_key(kind, index)] = data.decode("latin-1")
    return None


def _stored(core: Core, command: Command) -> Info:
    """Size and content of what there is; the first place of each kind is always shown."""
    lines = ["CONNECT"]
    for kind, name in enumerate(_NAMES):
        for index in range(PLACES):
            content = core.kept.get(_key(kind, index))
            if content is not None:
                lines += [f"{name},{index},{len(content)}", content.rstrip("\r\n")]
            elif index == 0:
                lines.append(f"{name},0,0")
    return lines


def _delete(core: Core, command: Command) -> Info:
    """OK also when there is none."""
    kind, index = number(command, 0, 0, 1), number(command, 1, 0, PLACES - 1, 0)
    core.kept.pop(_key(kind, index), None)
    return None


COMMANDS: CommandTable = {
    "+KCERTSTORE": Entry(read=_stored, set=_store, test=says("+KCERTSTORE: (0-1),(1-4096),(0-3)")),
    "+KCERTDELETE": Entry(set=_delete, test=says("+KCERTDELETE: (0-1),(0-3)")),
}
