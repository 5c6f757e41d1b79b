"""Family ``quectel-bg``: BG95 and BG96."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.virtual_modem.commands import general, http, radio, sms, sockets
from harness.virtual_modem.family import Family
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


QUECTEL_BG = Family(
    name="quectel-bg",
    manufacturer="Quectel",
    # the revisions are examples of released ones: assumed
    models={"BG95-M3": "BG95M3LAR02A03", "BG96": "BG96MAR02A07M1G"},
    commands={
        **general.COMMANDS, **radio.COMMANDS, **sockets.COMMANDS, **http.COMMANDS, **sms.COMMANDS,
    },
    boot_urcs=_boot,
    forward=_forward,
    power_down="POWERED DOWN",
)  # fmt: skip

FAMILIES = {QUECTEL_BG.name: QUECTEL_BG}
