"""Family ``quectel-bg``: BG95 and BG96."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.virtual_modem import quectel_config
from harness.virtual_modem.commands import config, general, http, radio, sms, sockets, tls
from harness.virtual_modem.family import Family, Model, ResponseTime
from harness.virtual_modem.messages import pdu_line
from harness.virtual_modem.sms_store import Stored

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


def _boot(core: Core) -> Sequence[str]:
    urcs = ["RDY", "APP RDY", "+CFUN: 1"]
    if not core.subscription.present:
        return [*urcs, "+CPIN: NOT INSERTED"]
    if not core.radio.unlocked:
        return [*urcs, "+CPIN: SIM PIN", "+QUSIM: 1"]
    return [*urcs, "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"]


def _forward(core: Core, message: Stored) -> Sequence[str]:
    if sms.text_mode(core):
        fields, body = sms.describe(core, message)
        return [f"+CMT: {fields}\r\n{body}"]
    length, digits = pdu_line(message)
    return [f"+CMT: ,{length}\r\n{digits}"]


def _report(core: Core, message: Stored) -> Sequence[str]:
    if sms.text_mode(core):
        fields, _ = sms.describe(core, message)
        return [f"+CDS: {fields}"]
    length, digits = pdu_line(message)
    return [f"+CDS: {length}\r\n{digits}"]


QUECTEL_BG = Family(
    name="quectel-bg",
    manufacturer="Quectel",
    # the revisions are examples of released ones; +QGMR's second half is assumed
    models={
        "BG95-M3": Model("BG95M3LAR02A03", "01.006.01.006", "eMTC", True, quectel_config.BG95),
        "BG96": Model("BG96MAR02A07M1G", "01.001.01.001", "CAT-M1", False, quectel_config.BG96),
    },
    commands={
        **general.COMMANDS, **config.COMMANDS, **radio.COMMANDS, **sockets.COMMANDS,
        **http.COMMANDS, **tls.COMMANDS, **sms.COMMANDS,
    },
    boot_urcs=_boot,
    forward=_forward,
    report=_report,
    power_down="POWERED DOWN",
    # maxima from the AT, TCP/IP and HTTP manuals; what is typical is assumed
    response_time=ResponseTime(0.015, 0.3),
    response_times={
        "+CPIN": ResponseTime(0.05, 5.0),
        "+CFUN": ResponseTime(0.6, 15.0),
        "+COPS": ResponseTime(0.2, 180.0),
        "+CGATT": ResponseTime(0.5, 140.0),
        "+CGACT": ResponseTime(0.5, 150.0),
        "+QIACT": ResponseTime(0.8, 150.0),
        "+QIDEACT": ResponseTime(0.4, 40.0),
        "+QICLOSE": ResponseTime(0.2, 10.0),
        "+CMGS": ResponseTime(1.2, 120.0),
        "+CMSS": ResponseTime(1.2, 120.0),
        "+CMGR": ResponseTime(0.03, 0.3),
        "+CMGL": ResponseTime(0.1, 0.3),
        "+QHTTPURL": ResponseTime(0.02, 0.3),
        "+QHTTPPOST": ResponseTime(0.05, 125.0),
        "+QHTTPGET": ResponseTime(0.05, 125.0),
        "+QPOWD": ResponseTime(0.1, 0.3),
    },
)  # fmt: skip

FAMILIES = {QUECTEL_BG.name: QUECTEL_BG}
