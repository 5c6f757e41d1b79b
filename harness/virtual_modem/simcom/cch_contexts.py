"""+CSSLCFG of SIM7600 and A76xx: SSL contexts 0 to 9, for the HTTP client and for +CCH sessions.

SIM7500_SIM7600 AT V3.00 §10.2.12, A76XX AT V1.09 §19.2.1, SIM767XX AT V1.06 §17.2.1. From the
factory nothing is verified (``authmode`` 0), no name is asked for, and validity is not looked at
even when a certificate is (``ignorelocaltime`` 1). The manuals save nothing over a loss of power.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.simcom import cch_certificates
from harness.virtual_modem.simcom.cch_variant import variant_of
from harness.virtual_modem.table import CommandTable, Entry, Info, number, text
from harness.virtual_modem.tls import TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

CONTEXTS = range(10)


class CertificateMissing(Exception):
    """The server is to be verified, and there is no certificate to do it with."""


def _value(core: Core, context: int, key: str) -> str:
    return core.values.get(_place(context, key), variant_of(core).settings[key].default)


def _place(context: int, key: str) -> str:
    return f'+CSSLCFG="{key}",{context}'


def wish(core: Core, context: int, host: str) -> TlsWish:
    """How a connection to ``host`` is made. Raises :class:`CertificateMissing`."""
    named = _value(core, context, "enableSNI") == "1"
    if _value(core, context, "authmode") == "0":
        return TlsWish(name=host if named else "")
    anchors = cch_certificates.anchors(core, _value(core, context, "cacert").strip('"'))
    if anchors is None:
        raise CertificateMissing
    able = "ignorecertCN" in variant_of(core).settings
    checked = able and _value(core, context, "ignorecertCN") == "0"
    return TlsWish(
        name=host if named else "",
        anchors=anchors,
        check_time=_value(core, context, "ignorelocaltime") == "0",
        expected=host if checked else "",
    )


def _line(core: Core, context: int) -> str:
    values = (_value(core, context, key) for key in variant_of(core).settings)
    return f"+CSSLCFG: {context},{','.join(values)}"


def _config(core: Core, command: Command) -> Info:
    if len(command.params) == 1:
        return [_line(core, number(command, 0, 0, CONTEXTS[-1]))]
    wanted, context = text(command, 0).lower(), number(command, 1, 0, CONTEXTS[-1])
    settings = variant_of(core).settings
    key = next((key for key in settings if key.lower() == wanted), None)
    if key is None and wanted == "ignorecertcn":
        raise AtError  # hosts try it, as later firmware has it
    if key is None or not settings[key].fields:
        raise Unknown
    given = command.params[2:]
    if any(param and not field.accepts(param)
           for field, param in zip(settings[key].fields, given, strict=False)):  # fmt: skip
        raise Unknown
    core.values[_place(context, key)] = settings[key].merge(_value(core, context, key), given)
    return None


def _all(core: Core, command: Command) -> Info:
    return [_line(core, context) for context in CONTEXTS]


def _test(core: Core, command: Command) -> Info:
    return [
        f'+CSSLCFG: "{key}",(0-{CONTEXTS[-1]}),{setting.shown}'
        for key, setting in variant_of(core).settings.items()
        if setting.fields
    ]


COMMANDS: CommandTable = {"+CSSLCFG": Entry(set=_config, read=_all, test=_test)}
