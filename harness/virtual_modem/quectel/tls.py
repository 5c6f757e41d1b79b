"""+QSSLCFG (Quectel SSL manual): what the HTTP client needs; no certificates are held.

``seclevel`` is 0 and stays 0: nothing is verified. Levels 1 and 2 need a certificate store, which
this modem lacks, so asking for them is an error and is listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import Setting, like, ranged
from harness.virtual_modem.results import Unknown
from harness.virtual_modem.table import CommandTable, Entry, Info, number, text

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

#: sslversion 3 is TLS 1.2, 4 is whatever the module has: up to TLS 1.2 as well.
SETTINGS: Mapping[str, Setting] = {
    "sslversion": Setting("4", (ranged("3,4"),)),
    "ciphersuite": Setting("0XFFFF", (like(r"0[xX][fF]{4}", "(0XFFFF)"),)),
    "seclevel": Setting("0", (ranged("0"),)),
    "sni": Setting("0", (ranged("0,1"),)),
    "ignorelocaltime": Setting("1", (ranged("1"),)),
    "negotiatetime": Setting("300", (ranged("10-300"),)),
}


def setting(core: Core, context: int, key: str) -> str:
    """The value of one SSL context, 0 to 5."""
    return core.values.get(f'+QSSLCFG="{key}",{context}', SETTINGS[key].default)


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
