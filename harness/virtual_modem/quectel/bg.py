"""Family ``quectel-bg``: BG95, BG96 and BG77."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from harness.virtual_modem.commands import basic, radio, sms
from harness.virtual_modem.commands import general as general_3gpp
from harness.virtual_modem.commands.general import serial_number
from harness.virtual_modem.family import Model
from harness.virtual_modem.quectel import (
    config,
    files,
    general,
    http,
    keys,
    network,
    sockets,
    tls,
    tls_sockets,
)
from harness.virtual_modem.quectel.family import Quectel
from harness.virtual_modem.quectel.model import QuectelModel
from harness.virtual_modem.table import CommandTable


class QuectelBg(Quectel):
    """LTE-M modules: power saving, and a clock that shows UTC."""

    name = "quectel-bg"
    title = "Quectel BG95, BG96, BG77"
    # the revisions are examples of released ones; +QGMR's second half is assumed
    models: ClassVar[Mapping[str, Model]] = {
        "BG95-M3": QuectelModel(
            "BG95M3LAR02A03", 8, "01.006.01.006", "eMTC", True, keys.BG95),
        "BG96": QuectelModel(
            "BG96MAR02A07M1G", 8, "01.001.01.001", "CAT-M1", False, keys.BG96),
        "BG77": QuectelModel(
            "BG77LAR02A04", 8, "01.008.01.008", "eMTC", True, keys.BG95),
    }  # fmt: skip
    commands: ClassVar[CommandTable] = {
        **basic.COMMANDS, **general_3gpp.COMMANDS, **general_3gpp.POWER_SAVING,
        **radio.COMMANDS, **radio.EDRX, **sms.COMMANDS,
        "+CEREG": radio.registration("+CEREG", 5), "+CGSN": serial_number("+CGSN: {}"),
        **general.COMMANDS, **config.commands(keys.URC), **network.COMMANDS, **sockets.COMMANDS,
        **http.commands(102_400), **tls.COMMANDS,
        **tls_sockets.COMMANDS, **files.COMMANDS,
    }  # fmt: skip
    sources = (
        "BG96 TCP/IP Application Note V1.2",
        "BG95&BG77&BG600L TCP/IP Application Note",
        "BG95&BG77 HTTP(S) Application Note V1.0",
        "BG96 AT Commands Manual",
    )
    awake = ("RDY", "APP RDY")
    clock_shows_utc = True
    assumed = (
        "BG95 shows UTC in AT+CCLK? as BG96 was seen to do",
        "revisions are examples; BG77 has the keys of BG95; typical response times",
        "AT+CTZU is 1 at first; the members of the AT&W profile",
        "sizes of an HTTP response's head and body, number of custom headers",
        "a server's name is checked with AT+QSSLCFG checkhost 1 only, which is 0 at first",
        "a certificate's validity is compared with the real time, not with the modem's clock",
    )
