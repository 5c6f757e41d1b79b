"""Family ``3gpp``: a modem that has 27.007 and 27.005, and nothing of any vendor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from harness.virtual_modem.commands import basic, general, radio, sim, sms
from harness.virtual_modem.family import Family, Model
from harness.virtual_modem.table import CommandTable


class Generic(Family):
    """It can be identified, attaches and has SMS; packet data would take PPP (ATD*99#)."""

    name = "3gpp"
    title = "A modem with 27.007 and 27.005 only"
    manufacturer = "Generic"
    models: ClassVar[Mapping[str, Model]] = {"3GPP": Model("1.0", 7)}
    commands: ClassVar[CommandTable] = {
        **basic.COMMANDS, **general.COMMANDS, **general.POWER_SAVING, **radio.COMMANDS,
        **radio.EDRX, **sim.COMMANDS, **sms.COMMANDS,
        "+CEREG": radio.registration("+CEREG", 5),
        "+CGSN": general.serial_number('+CGSN: "{}"'),
        "+IFC": general.flow_control("0-2"),
    }  # fmt: skip
    quoted_address = True
    sources = ("3GPP TS 27.007", "3GPP TS 27.005", "ITU-T V.250")
    assumed = ("nothing is said at power-up", "typical response times")
