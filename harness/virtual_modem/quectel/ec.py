"""Family ``quectel-ec``: EC21, EC25, EG91 and EG95."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from harness.at.commandparse import Command
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
from harness.virtual_modem.table import CommandTable, Entry, Info, number, says

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


def _time_update(core: Core, command: Command) -> Info:
    """+CTZU: 1 takes the network's time as UTC, 3 as local time (EC2x&EG9x AT manual)."""
    value = number(command, 0, 0, 3)
    core.values["+CTZU"] = str(value)
    core.rtc.utc = value != 3
    return None


def _time_update_mode(core: Core, command: Command) -> Info:
    return [f"+CTZU: {core.values.get('+CTZU', str(core.settings.auto_time))}"]


class QuectelEc(Quectel):
    """LTE Cat 1 and Cat 4 modules."""

    name = "quectel-ec"
    title = "Quectel EC21, EC25, EG91, EG95"
    models: ClassVar[Mapping[str, Model]] = {
        name: QuectelModel(revision, 7, "01.001.01.001", "FDD LTE", False, keys.EC)
        for name, revision in (
            ("EC25", "EC25EFAR06A06M4G"),
            ("EC21", "EC21EFAR06A04M4G"),
            ("EG91", "EG91EFBR05A04M2G"),
            ("EG95", "EG95EFBR05A03M2G"),
        )
    }
    commands: ClassVar[CommandTable] = {
        **basic.COMMANDS, **general_3gpp.COMMANDS, **radio.COMMANDS, **sms.COMMANDS,
        "+CEREG": radio.registration("+CEREG", 2),
        "+CGSN": serial_number("+CGSN: {}"), "+GSN": serial_number("+GSN: {}"),
        **general.COMMANDS, **config.commands(keys.URC_EC), **network.COMMANDS,
        **sockets.COMMANDS, **http.commands(1_024_000), **tls.COMMANDS,
        **tls_sockets.COMMANDS, **files.COMMANDS,
        "+CTZU": Entry(read=_time_update_mode, set=_time_update, test=says("+CTZU: (0,1,3)")),
    }  # fmt: skip
    sources = (
        "EC2x&EG2x&EG9x AT Commands Manual",
        "EC2x&EG9x TCP/IP AT Commands Manual",
        "EC2x&EG9x HTTP(S) AT Commands Manual",
    )
    clock_shows_utc = True  # with AT+CTZU=1
    assumed = (
        "a second AT+QIACT for an active context is an ERROR, as on BG96",
        "AT+CTZU is 1 at first, and AT+CCLK? shows UTC then",
        "revisions are examples; typical response times",
        "URCs come on the port that is used (a module's factory setting is a USB port)",
    )
