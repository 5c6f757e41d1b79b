"""Family ``nordic-slm``: nRF9160, nRF9161 and nRF9151 with the Serial LTE Modem, NCS up to 3.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from harness.virtual_modem.commands import basic, radio, sim
from harness.virtual_modem.commands import general as general_3gpp
from harness.virtual_modem.family import Family, Model, ResponseTime
from harness.virtual_modem.nordic import (
    credentials,
    general,
    http,
    secure_sockets,
    sms,
    sockets,
)
from harness.virtual_modem.sms_store import Stored
from harness.virtual_modem.socket_pool import Connection
from harness.virtual_modem.table import CommandTable

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

_OF_3GPP = ("+CGMI", "+CGMM", "+CGMR", "+CNUM", "+CPIN", "+CMEE", "+CCLK", "+CLAC")
_RADIO = ("+CESQ", "+COPS", "+CGATT", "+CGDCONT", "+CGPADDR", "+CGACT", "+CGEREP")


class NordicSlm(Family):
    """Lines end with CR LF, there is no echo, and the radio is off until AT+CFUN=1."""

    name = "nordic-slm"
    title = "Nordic nRF9160, nRF9161, nRF9151 with Serial LTE Modem (NCS up to 3.1)"
    manufacturer = "Nordic Semiconductor ASA"
    models: ClassVar[Mapping[str, Model]] = {
        "nRF9160-SICA": Model("mfw_nrf9160_1.3.6", 7),
        "nRF9161-LACA": Model("mfw_nrf91x1_2.0.1", 7),
        "nRF9151-LACA": Model("mfw_nrf91x1_2.0.2", 7),
    }
    commands: ClassVar[CommandTable] = {
        **{name: general_3gpp.COMMANDS[name] for name in _OF_3GPP},
        **{name: radio.COMMANDS[name] for name in _RADIO},
        **{name: basic.COMMANDS[name] for name in ("I",)},
        **general_3gpp.POWER_SAVING, **radio.EDRX, **sim.COMMANDS,
        "+CEREG": radio.registration("+CEREG", 5),
        "+CGSN": general_3gpp.serial_number('+CGSN: "{}"'),
        **general.COMMANDS, **sockets.COMMANDS, **http.COMMANDS, **sms.COMMANDS,
        **credentials.COMMANDS, **secure_sockets.COMMANDS,
    }  # fmt: skip
    sources = (
        "nRF91 AT Commands Command Reference Guide",
        "sdk-nrf, applications/serial_lte_modem/doc (Generic, SOCKET, TCPIP, HTTPC, SMS)",
        "sdk-nrf, applications/serial_lte_modem/src/http_c/slm_at_httpc.c",
    )
    assumed = (
        "data mode answers OK when it begins and #XDATAMODE: 0 when it ends (versions differ)",
        "at most 1024 bytes come with one #XRECV",
        "each request after the first one of an #XHTTPCCON has a connection of its own",
        "TLS: validity is not checked; a tag without a root CA will do where nothing is verified",
        "%CMNG overwrites, and takes any content of type 0 to 4 that is not empty",
        "versions are examples; typical response times",
    )
    echo = False
    crlf = True
    stores: ClassVar[Mapping[str, int]] = {}
    memory = ""
    acknowledged = True
    functionality = 0
    default_cid = 0
    bearer_at_attach = True
    quoted_address = True
    errors: ClassVar[Mapping[int, str]] = credentials.ERRORS
    sockets = len(sockets.HANDLES)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    power_command = "#XSHUTDOWN"
    response_times: ClassVar[Mapping[str, ResponseTime]] = {
        "+CFUN": ResponseTime(0.3, 60.0),
        "+COPS": ResponseTime(0.2, 300.0),
        "+CMGS": ResponseTime(1.2, 120.0),
        "#XCONNECT": ResponseTime(0.3, 60.0),
    }

    def information(self, core: Core) -> Sequence[str]:
        return [core.model_name]

    def boot_urcs(self, core: Core) -> Sequence[str]:
        core.send(b"Ready\r\n")  # without a line end before it
        return []

    def pin_entered(self, core: Core) -> Sequence[str]:
        return []

    def routed(self, core: Core, message: Stored) -> str:
        return sms.routed(core, message)

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        sockets.data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        sockets.peer_closed(core, connection)
