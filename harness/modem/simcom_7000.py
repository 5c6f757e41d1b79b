"""SIMCom SIM7000.

Sources: SIM7000 Series AT Command Manual V1.06 (§5.2.30 AT+CNACT, §8.2 sockets, §9.2 HTTP, §18.2
sockets with TLS), SIM7000 Series TCPIP Application Note V1.02, HTTP(S) Application Note V1.03, SSL
Application Note V1.01. TinyGSM's SIM7000SSL driver: AT+CAOPEN takes no type of connection,
``+CARECV:`` has no connection id.
"""

from __future__ import annotations

from harness.at.dialect import Dialect, UrcKind, always
from harness.at.params import fields_of, quote
from harness.modem.abilities import Abilities
from harness.modem.errors import SocketError
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.simcom_ca import CA_URCS, CaSockets
from harness.modem.simcom_cip import BEARER_S, CIP_FINALS, CIP_URCS, SimcomCip
from harness.modem.simcom_sh import SH_URCS, ShClient, sh_ability
from harness.modem.simcom_tls import CARELESS, TLS_ASSUMED, VERIFIED
from harness.modem.sockets import UrcTest

_SENT_S = 30.0  # until +CASEND: after OK; the manual names none: assumed
_TLS = (VERIFIED, CARELESS)  # connections of AT+CAOPEN; that of AT+CIPSTART is 0
_URCS = (UrcKind("+CASEND:", always), *CA_URCS, *SH_URCS, *CIP_URCS)
DIALECT = Dialect(urcs=_URCS, finals=CIP_FINALS, probe="AT+CMEE?")


class Simcom7000(SimcomCip, CaSockets, ShClient):
    """Sockets of ``AT+CIPSTART``; on the application network those of ``AT+CAOPEN``, for TLS only,
    and the client of ``AT+SHCONN``."""

    family = "simcom-7000"
    dialect = DIALECT
    abilities = Abilities(
        title="SIMCom SIM7000",
        models=("SIM7000",),
        makers="SIMCOM",
        claims=r"SIM7000",
        sockets=8,
        send_max=1460,
        read_max=1460,
        receive="buffered",
        http=sh_ability(1024),
        tls=True,
        power_off="AT+CPOWD=1",
        sources=(
            "SIM7000 Series AT Command Manual V1.06",
            "SIM7000 Series TCPIP Application Note V1.02",
            "SIM7000 Series HTTP(S) Application Note V1.03",
            "SIM7000 Series SSL Application Note V1.01",
        ),
        assumed=(
            "the sockets' context and the application network can be up together",
            "what is in the buffer can be read after CLOSED",
            "0x1A and 0x1B are data in AT+CIPSEND and AT+SHBODEXT with a length",
            "firmware knows AT+SHBODEXT",
            "headers of 350 bytes are all of them together",
            "AT+CARECV may ask for more bytes than have come",
            *TLS_ASSUMED,
        ),
    )
    body_command = "SHBODEXT"  # AT+SHBOD wants the body in quotes
    network_lost = "+APP PDP: DEACTIVE"
    _apn = ""

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """Also remembers the APN for the network of the HTTP client."""
        self._apn = apn
        return super().activate(apn, timeout_s=timeout_s)

    def deactivate(self) -> None:
        """The context of the sockets, and the network of the HTTP client."""
        super().deactivate()
        self._application_network_off("AT+CNACT=0")

    def http_post(self, order: HttpOrder, *, response_timeout_s: int = 60) -> HttpAnswer:
        """As :meth:`ShClient.http_post`, on the network of ``AT+CNACT``, made active for it.

        Raises ``PdpRefused`` too.
        """
        self.checked_order(order)
        self._network_needed()
        return super().http_post(order, response_timeout_s=response_timeout_s)

    def _network_needed(self) -> None:
        if self._cnact_address() is None:
            command = f"AT+CNACT=1,{quote(self._apn)}" if self._apn else "AT+CNACT=1"
            self._application_network(command, self._apn, BEARER_S)

    def open_tls_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """As :meth:`CaSockets.open_tls_socket`, on the network of ``AT+CNACT``, made active for
        it. Raises ``PdpRefused`` too."""
        self._network_needed()
        return super().open_tls_socket(host, port, timeout_s=timeout_s)

    def _ca_open(self, connection: int, host: str, port: int) -> str:
        return f"AT+CAOPEN={connection},{quote(host)},{port}"

    def ca_key(self, key: str) -> str:
        return key

    def close_socket(self, connection: int) -> None:
        kind = CaSockets if connection in _TLS else SimcomCip
        kind.close_socket(self, connection)

    def _send(self, connection: int, piece: bytes) -> None:
        if connection not in _TLS:
            SimcomCip._send(self, connection, piece)
            return
        code = f"+CASEND: {connection},"
        self.channel.discard(lambda urc: urc.text.startswith(code))
        CaSockets._send(self, connection, piece)
        result = fields_of(self.channel.wait_for(code, timeout_s=_SENT_S).text)[1].number
        if result != 0:
            raise SocketError(f"{len(piece)} bytes were not sent", -1 if result is None else result)

    def _receive(self, connection: int) -> bytes:
        kind = CaSockets if connection in _TLS else SimcomCip
        return kind._receive(self, connection)

    def _arrival(self, connection: int) -> UrcTest:
        kind = CaSockets if connection in _TLS else SimcomCip
        return kind._arrival(self, connection)

    def _closing(self, connection: int) -> UrcTest:
        kind = CaSockets if connection in _TLS else SimcomCip
        return kind._closing(self, connection)
