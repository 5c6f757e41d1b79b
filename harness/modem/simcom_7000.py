"""SIMCom SIM7000.

Sources: SIM7000 Series AT Command Manual V1.06 (§5.2.30 AT+CNACT, §8.2 sockets, §9.2 HTTP),
SIM7000 Series TCPIP Application Note V1.02, HTTP(S) Application Note V1.03.
"""

from __future__ import annotations

from harness.at.dialect import Dialect
from harness.at.params import quote
from harness.modem.abilities import Abilities
from harness.modem.http import HttpAnswer, HttpOrder
from harness.modem.simcom_cip import BEARER_S, CIP_FINALS, CIP_URCS, SimcomCip
from harness.modem.simcom_sh import SH_URCS, ShClient, sh_ability

DIALECT = Dialect(urcs=(*SH_URCS, *CIP_URCS), finals=CIP_FINALS, probe="AT+CMEE?")


class Simcom7000(SimcomCip, ShClient):
    """Sockets of ``AT+CIPSTART``, and the client of ``AT+SHCONN`` on the application network."""

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
        power_off="AT+CPOWD=1",
        sources=(
            "SIM7000 Series AT Command Manual V1.06",
            "SIM7000 Series TCPIP Application Note V1.02",
            "SIM7000 Series HTTP(S) Application Note V1.03",
        ),
        assumed=(
            "the sockets' context and the application network can be up together",
            "what is in the buffer can be read after CLOSED",
            "0x1A and 0x1B are data in AT+CIPSEND and AT+SHBODEXT with a length",
            "firmware knows AT+SHBODEXT",
            "headers of 350 bytes are all of them together",
        ),
    )
    body_command = "SHBODEXT"  # AT+SHBOD wants the body in quotes
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
        if self._cnact_address() is None:
            command = f"AT+CNACT=1,{quote(self._apn)}" if self._apn else "AT+CNACT=1"
            self._application_network(command, self._apn, BEARER_S)
        return super().http_post(order, response_timeout_s=response_timeout_s)
