"""+CSSLCFG: SSL contexts 0 to 5, and certificates converted for them; +SHSSL, the client's choice.

SIM7070_7080_7090 AT V1.05 §11.2.1 and §13.2.2, SSL Application Note V1.00 §4, HTTP(S) V1.02 §5.2;
SIM7000 AT V1.06 §17.2.1 and §9.2.1, SSL Application Note V1.01. A server is verified when a root
certificate is named for the connection, and any is taken without one. The name that is asked for
("sni") is the one that its certificate must have (assumed: no document says which it is).
Certificates of the device and PSK tables are not there, nor TLS before 1.2, DTLS, and a choice of
cipher suites: asking for them is an error and is listed. The keys are taken in either case.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.at.commandparse import Command
from harness.virtual_modem.fields import Field, Setting, ranged
from harness.virtual_modem.results import AtError, Unknown
from harness.virtual_modem.simcom import flash
from harness.virtual_modem.table import CommandTable, Entry, Info, number, text
from harness.virtual_modem.tls import TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

CONTEXTS = 5  #: the highest one
CA_NAME, _SH_NAME = 50, 20  #: characters of a certificate's name
_SUITES = ",".join(["0x0000"] * 8)
_ROOT = 2  #: <ssltype> of a list of root certificates
#: sslversion 0 is whatever the module has (assumed: up to TLS 1.2), 3 is TLS 1.2.
SETTINGS: Mapping[str, Setting] = {
    "sslversion": Setting("0", (ranged("0,3"),)),
    "ignorertctime": Setting("0", (ranged("0,1"),)),
    "protocol": Setting("1", (ranged("1"),)),
    # examples have it with quotes and without
    "sni": Setting("", (Field("253", lambda param: len(param.text) <= 253),)),
}


def _key(key: str, context: int) -> str:
    return f"+CSSLCFG={key},{context}"


def setting(core: Core, context: int, key: str) -> str:
    """The value of one SSL context, without quotes."""
    return core.values.get(_key(key, context), SETTINGS[key].default).strip('"')


def wish(core: Core, context: int, ca: str) -> TlsWish:
    """How a connection is made with an SSL context and a converted root certificate.

    A name that stands for no certificate lets no server pass (assumed).
    """
    name = setting(core, context, "sni")
    return TlsWish(
        name=name,
        anchors=core.kept.get(_stored(ca), "").encode("latin-1") if ca else None,
        check_time=setting(core, context, "ignorertctime") == "0",
        check_name=bool(name),
    )


def _stored(name: str) -> str:
    return f"SSL:{name}"


def _convert(core: Core, command: Command) -> Info:
    """Take a root certificate (PEM or DER) out of the folder /customer/; it replaces an older one
    of that name, and the file is not needed any more."""
    kind, name = number(command, 1, 1, 3), text(command, 2)
    if kind != _ROOT or len(command.params) > 3:
        raise Unknown
    data = flash.content(core, flash.CUSTOMER, name)
    if data is None or not 0 < len(name) <= CA_NAME:
        raise AtError(3)
    try:
        if not data.lstrip().startswith(b"-----BEGIN"):
            data = ssl.DER_cert_to_PEM_cert(data).encode()
        TlsWish(anchors=data).context()
    except (ssl.SSLError, ValueError):
        raise AtError(3) from None
    core.kept[_stored(name)] = data.decode("latin-1")
    return None


def _all(core: Core, context: int) -> Info:
    version, ignored, protocol, name = (
        setting(core, context, key) for key in ("sslversion", "ignorertctime", "protocol", "sni")
    )
    return [f'+CSSLCFG: {context},{version},{_SUITES},{ignored},{protocol},"{name}"']


def _config(core: Core, command: Command) -> Info:
    key = text(command, 0).lower()
    if key == "convert":
        return _convert(core, command)
    context = number(command, 1, 0, CONTEXTS)
    if key == "ctxindex":
        return _all(core, context)
    if key not in SETTINGS:
        raise Unknown
    (field,), given = SETTINGS[key].fields, command.params[2:]
    if len(given) != 1 or given[0] is None:
        raise AtError(50)
    if not field.accepts(given[0]):
        raise Unknown
    core.values[_key(key, context)] = str(given[0])
    return None


def _test(core: Core, command: Command) -> Info:
    lines = [f'+CSSLCFG: "{key.upper()}",(0-5),{one.shown}' for key, one in SETTINGS.items()]
    return [*lines, '+CSSLCFG: "CTXINDEX",(0-5)', f'+CSSLCFG: "CONVERT",(2),{CA_NAME}']


def sh_wish(core: Core) -> TlsWish:
    """How the HTTP client makes its TLS connections, as +SHSSL chose; else it takes any server."""
    context, _, ca = core.values.get("+SHSSL", core.kept.get("+SHSSL", "0,")).partition(",")
    return wish(core, int(context), ca)


def sh_ssl(*, saved: bool) -> CommandTable:
    """+SHSSL; ``saved``: the choice survives a loss of power."""

    def choose(core: Core, command: Command) -> Info:
        context, ca = number(command, 0, 0, CONTEXTS), text(command, 1)
        if text(command, 2, ""):
            raise Unknown  # a certificate of the device
        if len(ca) > _SH_NAME:
            raise AtError(50)
        (core.kept if saved else core.values)["+SHSSL"] = f"{context},{ca}"
        return None

    def show(core: Core, command: Command) -> Info:
        kept = (core.kept if saved else core.values).get("+SHSSL", "0,")
        context, _, ca = kept.partition(",")
        return [f'+SHSSL: {context},"{ca}",""']

    def test(core: Core, command: Command) -> Info:
        return [f"+SHSSL: (0-{CONTEXTS}),{_SH_NAME},{_SH_NAME}"]

    return {"+SHSSL": Entry(read=show, set=choose, test=test)}


COMMANDS: CommandTable = {
    "+CSSLCFG": Entry(set=_config, test=_test, read=lambda core, command: None)
}
