"""Family ``sierra-hl78``: HL7800, HL7802 and HL7812."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from harness.virtual_modem.commands import basic, radio, sim, sms
from harness.virtual_modem.commands import general as general_3gpp
from harness.virtual_modem.family import Family, Model, ResponseTime
from harness.virtual_modem.sierra import (
    certificates,
    connection,
    errors,
    general,
    http,
    sockets,
    tls,
)
from harness.virtual_modem.socket_pool import Connection
from harness.virtual_modem.table import CommandTable

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


class SierraHl78(Family):
    """Sessions whose data end with a pattern, and an HTTP client with a header block."""

    name = "sierra-hl78"
    title = "Sierra Wireless HL7800, HL7802, HL7812"
    manufacturer = "Sierra Wireless"
    models: ClassVar[Mapping[str, Model]] = {
        "HL7800": Model("HL7800.4.6.9.4", 7),
        "HL7802": Model("HL7802.4.6.9.4", 7),
        "HL7812": Model("HL7812.5.5.14.0", 7),
    }
    commands: ClassVar[CommandTable] = {
        **basic.COMMANDS, **general_3gpp.COMMANDS, **general_3gpp.POWER_SAVING,
        **radio.COMMANDS, **radio.EDRX, **sim.COMMANDS, **sms.COMMANDS,
        "+CEREG": radio.registration("+CEREG", 5),
        "+CGSN": general_3gpp.serial_number('+CGSN: "{}"'),
        **general.COMMANDS, **connection.COMMANDS, **sockets.COMMANDS, **http.COMMANDS,
        **certificates.COMMANDS, **tls.COMMANDS,
    }  # fmt: skip
    sources = (
        "AirPrime HL7518/HL7548 AT Commands Interface Guide 4116303 §11.10 (KTCP), §11.12 (KHTTP)",
        "AirPrime HL78xx AT Commands Interface Guide 41111821",
        "Legato AT test scripts (KSSL, KCERT, KTCP over TLS, KHTTPS)",
    )
    assumed = (
        "+KSUP: 0 at power-up, and only after AT+KSREP=1",
        "+KTCP_DATA comes once until everything was read",
        "+KCNX_IND: <n>,2 when the network refuses the APN",
        "CME 911 and 912 (910 is in the guide)",
        "+KHTTP_IND: <n>,0 and an error when a server does not answer",
        "TLS asks for the server's name and does not check it; validity is checked",
        "all cipher suites, whatever +KSSLCRYPTO says; its profiles and certificates are kept",
        "the form of AT+KCERTSTORE?, the texts of CME 918, 930 and 931",
        "SMS places are counted from 1; revisions are examples; typical response times",
    )
    first_index = 1
    memory = "SM"
    quoted_address = True
    sockets = len(sockets.SESSIONS)
    power_command = "+CPWROFF"
    errors = errors.ERRORS
    # maxima of the interface guide where it has some; the rest and what is typical is assumed
    response_times: ClassVar[Mapping[str, ResponseTime]] = {
        "+CPIN": ResponseTime(0.05, 30.0),
        "+CFUN": ResponseTime(0.6, 60.0),
        "+COPS": ResponseTime(0.2, 60.0),
        "+CGATT": ResponseTime(0.5, 140.0),
        "+CGACT": ResponseTime(0.5, 150.0),
        "+CMGS": ResponseTime(1.2, 120.0),
        "+KTCPSND": ResponseTime(0.05, 60.0),
        "+KTCPRCV": ResponseTime(0.05, 60.0),
        "+KHTTPPOST": ResponseTime(0.05, 120.0),
    }

    def information(self, core: Core) -> Sequence[str]:
        return [core.model_name]

    def boot_urcs(self, core: Core) -> Sequence[str]:
        return ["+KSUP: 0"] if general.reports_start(core) else []

    def context_lost(self, core: Core, cid: int) -> None:
        connection.lost(core, cid)

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        sockets.data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        sockets.peer_closed(core, connection)
