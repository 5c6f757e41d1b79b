"""Family ``quectel-bg``: BG95 and BG96."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from harness.virtual_modem.commands import basic, radio, sms
from harness.virtual_modem.commands import general as general_3gpp
from harness.virtual_modem.commands.general import serial_number
from harness.virtual_modem.family import Family, Model, ResponseTime
from harness.virtual_modem.quectel import (
    config,
    errors,
    general,
    http,
    keys,
    network,
    sockets,
    tls,
)
from harness.virtual_modem.quectel.model import QuectelModel
from harness.virtual_modem.socket_pool import Connection
from harness.virtual_modem.table import CommandTable

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


class QuectelBg(Family):
    """What Quectel's LTE-M modules have in common."""

    name = "quectel-bg"
    title = "Quectel BG95, BG96"
    manufacturer = "Quectel"
    # the revisions are examples of released ones; +QGMR's second half is assumed
    models: ClassVar[Mapping[str, Model]] = {
        "BG95-M3": QuectelModel(
            "BG95M3LAR02A03", 8, "01.006.01.006", "eMTC", True, keys.BG95),
        "BG96": QuectelModel(
            "BG96MAR02A07M1G", 8, "01.001.01.001", "CAT-M1", False, keys.BG96),
    }  # fmt: skip
    commands: ClassVar[CommandTable] = {
        **basic.COMMANDS, **general_3gpp.COMMANDS, **general_3gpp.POWER_SAVING,
        **radio.COMMANDS, **radio.EDRX, **sms.COMMANDS,
        "+CEREG": radio.registration("+CEREG", 5), "+CGSN": serial_number("+CGSN: {}"),
        **general.COMMANDS, **config.COMMANDS, **network.COMMANDS, **sockets.COMMANDS,
        **http.COMMANDS, **tls.COMMANDS,
    }  # fmt: skip
    sources = (
        "BG96 TCP/IP Application Note V1.2",
        "BG95&BG77&BG600L TCP/IP Application Note",
        "BG95&BG77 HTTP(S) Application Note V1.0",
        "BG96 AT Commands Manual",
    )
    sockets = 12
    clock_shows_utc = True
    power_down = "POWERED DOWN"
    power_command = "+QPOWD"
    errors = errors.HTTP
    # maxima from the AT, TCP/IP and HTTP manuals; what is typical is assumed
    response_times: ClassVar[Mapping[str, ResponseTime]] = {
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
    }

    def boot_urcs(self, core: Core) -> Sequence[str]:
        urcs = ["RDY", "APP RDY", "+CFUN: 1"]
        if not core.subscription.present:
            return [*urcs, "+CPIN: NOT INSERTED"]
        if not core.radio.unlocked:
            return [*urcs, "+CPIN: SIM PIN", "+QUSIM: 1"]
        return [*urcs, "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"]

    def sms_full(self, core: Core, memory: str) -> Sequence[str]:
        return [f'+QIND: "smsfull","{memory}"']

    def context_lost(self, core: Core, cid: int) -> None:
        core.urc(f'+QIURC: "pdpdeact",{cid}')

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        sockets.data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        core.urc(f'+QIURC: "closed",{connection.number}')
