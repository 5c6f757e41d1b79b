"""Family ``telit-me910``: ME910C1, ME310G1 and LE910."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from harness.virtual_modem.commands import basic, radio, sim, sms
from harness.virtual_modem.commands import general as general_3gpp
from harness.virtual_modem.family import Family, Model, ResponseTime
from harness.virtual_modem.socket_pool import Connection
from harness.virtual_modem.table import CommandTable
from harness.virtual_modem.telit import errors, general, http, sockets, tls, tls_sockets

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


class TelitMe910(Family):
    """Sockets in command mode with SRING, the HTTP client with one header line of one's own."""

    name = "telit-me910"
    title = "Telit ME910C1, ME310G1, LE910C1"
    manufacturer = "Telit"
    models: ClassVar[Mapping[str, Model]] = {
        "ME910C1-WW": Model("30.00.409", 8),
        "ME310G1-WW": Model("37.00.014", 8),
        "LE910C1-EU": Model("25.30.003", 7),
    }
    commands: ClassVar[CommandTable] = {
        **basic.COMMANDS, **general_3gpp.COMMANDS, **general_3gpp.POWER_SAVING,
        **radio.COMMANDS, **radio.EDRX, **sim.COMMANDS, **sms.COMMANDS,
        "+CEREG": radio.registration("+CEREG", 5),
        **general.COMMANDS, **sockets.COMMANDS, **http.COMMANDS,
        **tls.COMMANDS, **tls_sockets.COMMANDS,
    }  # fmt: skip
    sources = (
        "ME910C1 AT Commands Reference Guide",
        "LE910 V2 AT Commands Reference Guide 80446ST10707A (#SSLD p. 359)",
        "ME910C1 HTTP client (p. 211), LE910 V2 (p. 422)",
        "Telit's Arduino library for the ME310G1 (TLS settings)",
        "ME310G1/ME910G1 AT Commands Reference Guide 80617ST10991A (§3.2.2)",
    )
    assumed = (
        "nothing is said at power-up or power-down",
        "SMS places are counted from 1",
        "AT#SRECV with nothing to read, AT#HTTPRCV without a body: ERROR",
        "SRING comes once until the buffer is empty",
        "NO CARRIER after a peer's close, with the unread data still readable",
        "the length in #HTTPRING is 0 when the server states none",
        "the numbers of TLS errors (1000 to 1011) are the ME310G1's",
        "AT#HTTPCFG with TLS wants AT#SSLEN=1,0, and AT#SSLEN=1,1 that no profile has TLS",
        "TLS settings and the CA certificate survive a loss of power",
        "the forms of AT#SSLRECV with nothing to read and of NO CARRIER of the secure socket",
        "revisions are examples; typical response times",
    )
    first_index = 1
    memory = "SM"
    quoted_address = True
    sockets = len(sockets.NUMBERS)
    power_command = "#SHDN"
    errors: ClassVar[Mapping[int, str]] = {**errors.IP, **errors.SSL}
    # maxima of the reference guides; typical ones are assumed
    response_times: ClassVar[Mapping[str, ResponseTime]] = {
        "+CPIN": ResponseTime(0.05, 20.0),
        "+CFUN": ResponseTime(0.6, 10.0),
        "+COPS": ResponseTime(0.2, 180.0),
        "+CGATT": ResponseTime(0.5, 140.0),
        "+CGACT": ResponseTime(0.5, 150.0),
        "+CMGS": ResponseTime(1.2, 60.0),
        "#SGACT": ResponseTime(0.8, 150.0),
        "#SD": ResponseTime(0.4, 140.0),
        "#SH": ResponseTime(0.2, 10.0),
        "#SSLD": ResponseTime(1.5, 140.0),
        "#SSLH": ResponseTime(0.2, 10.0),
        "#HTTPSND": ResponseTime(0.05, 60.0),
        "#HTTPQRY": ResponseTime(0.05, 60.0),
    }

    def information(self, core: Core) -> Sequence[str]:
        return [core.model_name]

    def data_arrived(self, core: Core, connection: Connection, count: int) -> None:
        kind = sockets if connection.tls is None else tls_sockets
        kind.data_arrived(core, connection, count)

    def peer_closed(self, core: Core, connection: Connection) -> None:
        kind = sockets if connection.tls is None else tls_sockets
        kind.peer_closed(core, connection)
