"""+USECMNG: the certificates of authorities that the module keeps, also without power.

Sources: SARA-R4 AT commands manual UBX-17003787 R16 §20, SARA-R5 AT commands manual UBX-19047455,
u-blox cellular AT commands manual UBX-13002752 §26.1 (operations, 16 entries, names of up to 200
characters, 8192 bytes, PEM or DER in and DER kept, MD5 of the DER) and its +CME ERROR numbers 1910
to 1916. Seen on modules: SARA-R410M shows the MD5 in capitals, SARA-U201 and SARA-R5 do not, and
SARA-R5 prompts without a line end before ``>``. That R4 and R5 have the same limits is assumed.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says, text
from harness.virtual_modem.ublox.files import files

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

NAME = 200  #: characters of a name
SIZE = 8192  #: bytes of a certificate as it is given
ENTRIES = 16
_STORE = "USECMNG:"
_CA = 0  #: type: the certificate of an authority; the only one here
_TYPES = 5
_BYTES, _FILE, _REMOVE, _LIST, _MD5 = range(5)
_PROMPT_S = 20.0
_TIMED_OUT, _TOO_LARGE, _BAD_FORMAT, _FULL, _NO_NAME = 1910, 1911, 1913, 1914, 1916

ERRORS: Mapping[int, str] = {
    _TIMED_OUT: "USECMNG import timeout expired (no input for > 20 s)",
    _TOO_LARGE: "USECMNG import file size exceeds limit",
    _BAD_FORMAT: "USECMNG invalid certificate/key format",
    _FULL: "USECMNG database full",
    _NO_NAME: "USECMNG internal name not found",
}


def anchors(core: Core, name: str) -> bytes:
    """What is trusted, PEM: the named one, with "" all; empty when there is none."""
    chosen = _stored(core) if not name else {name: _stored(core).get(name, b"")}
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in chosen.values() if der).encode()


def _stored(core: Core) -> dict[str, bytes]:
    return {
        key.removeprefix(_STORE): value.encode("latin-1")
        for key, value in core.kept.items()
        if key.startswith(_STORE)
    }


def _read(der: bytes) -> tuple[str, datetime]:
    """Whom a certificate is made out for, and until when. Raises CME 1913."""
    from cryptography import x509

    try:
        read = x509.load_der_x509_certificate(der)
    except ValueError:
        raise AtError(_BAD_FORMAT) from None
    common = read.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return (str(common[0].value) if common else ""), read.not_valid_after_utc


def _as_der(data: bytes) -> bytes:
    """DER of one certificate in either form. Raises CME 1913."""
    if data.lstrip().startswith(b"-----BEGIN"):
        try:
            data = ssl.PEM_cert_to_DER_cert(data.decode("ascii").strip())
        except ValueError:
            raise AtError(_BAD_FORMAT) from None
    _read(data)
    return data


def _digest(der: bytes, *, capitals: bool) -> str:
    shown = hashlib.md5(der, usedforsecurity=False).hexdigest()
    return shown.upper() if capitals else shown


def _kind(command: Command) -> None:
    """Client certificates, private keys and the rest are not there."""
    if number(command, 1, 0, _TYPES) != _CA:
        raise Unknown


def _name(command: Command) -> str:
    name = text(command, 2)
    if not 1 <= len(name) <= NAME:
        raise AtError(50)
    return name


def _listed(core: Core, command: Command) -> Info:
    wanted = number(command, 1, 0, _TYPES, _CA)
    lines = []
    for name, der in _stored(core).items() if wanted == _CA else ():
        common, ends = _read(der)
        lines.append(f'"CA","{name}","{common}","{ends:%Y/%m/%d %H:%M:%S}"')
    return lines


def _of_file(core: Core, command: Command) -> bytes:
    data = files(core).stored.get(text(command, 3))
    if data is None:
        raise AtError(22)
    return data


def commands(*, prompt: str = "\r\n>", capitals: bool = False) -> CommandTable:
    """The table; ``capitals``: of the digits of an MD5."""

    async def streamed(core: Core, command: Command) -> bytes:
        size = number(command, 3, 1, 1_000_000)
        if size > SIZE:
            raise AtError(_TOO_LARGE)
        data = await core.ask(prompt, size, timeout_s=_PROMPT_S)
        if data is None:
            raise AtError(_TIMED_OUT)
        return data

    async def manage(core: Core, command: Command) -> Info:
        what = number(command, 0, _BYTES, _MD5)
        if what == _LIST:
            return _listed(core, command)
        _kind(command)
        name, stored = _name(command), _stored(core)
        if what in (_REMOVE, _MD5):
            if name not in stored:
                raise AtError(_NO_NAME)
            der = stored[name]
        else:
            if name not in stored and len(stored) >= ENTRIES:
                raise AtError(_FULL)
            data = await streamed(core, command) if what == _BYTES else _of_file(core, command)
            der = _as_der(data)
            core.kept[_STORE + name] = der.decode("latin-1")
        if what == _REMOVE:
            del core.kept[_STORE + name]
            return None
        return [f'+USECMNG: {what},{_CA},"{name}","{_digest(der, capitals=capitals)}"']

    return {"+USECMNG": Entry(set=manage, test=says("+USECMNG: (0-4),(0)"))}
