"""+QSSLCFG (Quectel SSL manuals): SSL contexts 0 to 5, for the HTTP client and TLS sockets.

``seclevel`` 1 verifies the server against the file named by ``cacert``; without one, or with one
that is no certificate, no connection is made. Factory values as modules show them: nothing is
verified, no name is asked for, and validity is not looked at even when a certificate is
(``ignorelocaltime`` 1). ``seclevel`` 2 wants a certificate of the device, which this modem cannot
hold: asking for it is an error and is listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import Setting, like, ranged
from harness.virtual_modem.quectel import files
from harness.virtual_modem.results import Unknown
from harness.virtual_modem.table import CommandTable, Entry, Info, number, text
from harness.virtual_modem.tls import TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

#: sslversion 3 is TLS 1.2, 4 is whatever the module has: up to TLS 1.2 as well.
SETTINGS: Mapping[str, Setting] = {
    "sslversion": Setting("4", (ranged("3,4"),)),
    "ciphersuite": Setting("0XFFFF", (like(r"0[xX][fF]{4}", "(0XFFFF)"),)),
    "cacert": Setting('""', (like(r"[^,]{1,80}", "<path>", quoted=True),)),
    "seclevel": Setting("0", (ranged("0,1"),)),
    "sni": Setting("0", (ranged("0,1"),)),
    "checkhost": Setting("0", (ranged("0,1"),)),
    "ignorelocaltime": Setting("1", (ranged("0,1"),)),
    "negotiatetime": Setting("300", (ranged("10-300"),)),
}


def setting(core: Core, context: int, key: str) -> str:
    """The value of one SSL context, 0 to 5."""
    return core.values.get(f'+QSSLCFG="{key}",{context}', SETTINGS[key].default)


def wish(core: Core, context: int, host: str) -> TlsWish:
    """How a connection to ``host`` is made with an SSL context."""
    verified = setting(core, context, "seclevel") == "1"
    checked = setting(core, context, "checkhost") == "1"
    path = setting(core, context, "cacert").strip('"')
    return TlsWish(
        name=host if setting(core, context, "sni") == "1" or (verified and checked) else "",
        anchors=(files.content(core, path) or b"") if verified else None,
        check_time=setting(core, context, "ignorelocaltime") == "0",
        check_name=checked,
    )


def _config(core: Core, command: Command) -> Info:
    key, context = text(command, 0).lower(), number(command, 1, 0, 5)
    if key not in SETTINGS:
        raise Unknown
    value = setting(core, context, key)
    given = command.params[2:]
    if not given:
        return [f'+QSSLCFG: "{key}",{context},{value}']
    if not all(f.accepts(p) for f, p in zip(SETTINGS[key].fields, given, strict=False) if p):
        raise Unknown
    core.values[f'+QSSLCFG="{key}",{context}'] = SETTINGS[key].merge(value, given)
    return None


def _test(core: Core, command: Command) -> Info:
    return [f'+QSSLCFG: "{key}",(0-5),{one.shown}' for key, one in SETTINGS.items()]


COMMANDS: CommandTable = {"+QSSLCFG": Entry(set=_config, test=_test)}
