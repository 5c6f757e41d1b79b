"""SIMCom SIM7070/SIM7080/SIM7090.

Sources: SIM7070_SIM7080_SIM7090 Series AT Command Manual V1.05 (§7.2 application network, §12.2
TCP/UDP), TCPUDP(S) Application Note V1.03 (§5), SSL Application Note V1.00.
"""

from __future__ import annotations

from harness.at.dialect import Dialect
from harness.at.params import quote
from harness.modem.abilities import Abilities
from harness.modem.simcom import SIMCOM_URCS
from harness.modem.simcom_ca import CA_URCS, CaSockets
from harness.modem.simcom_sh import SH_URCS, ShClient, sh_ability
from harness.modem.simcom_tls import TLS_ASSUMED

_PLAIN = 0  #: the connection that never has TLS
DIALECT = Dialect(urcs=(*CA_URCS, *SH_URCS, *SIMCOM_URCS), probe="AT+CMEE?")


class Simcom7080(CaSockets, ShClient):
    """Sockets of ``AT+CAOPEN`` on network 0, and the client of ``AT+SHCONN``."""

    family = "simcom-7080"
    dialect = DIALECT
    abilities = Abilities(
        title="SIMCom SIM7070, SIM7080, SIM7090",
        models=("SIM7070", "SIM7080", "SIM7090"),
        makers="SIMCOM",
        claims=r"SIM70[789]0",
        sockets=13,
        send_max=1460,
        read_max=1460,
        receive="buffered",
        http=sh_ability(4096),
        tls=True,
        power_off="AT+CPOWD=1",
        sources=(
            "SIM7070_SIM7080_SIM7090 Series AT Command Manual V1.05",
            "SIM7070_SIM7080_SIM7090 Series TCPUDP(S) Application Note V1.03",
            "SIM7070_SIM7080_SIM7090 Series HTTP(S) Application Note V1.02",
            "SIM7070_SIM7080_SIM7090 Series SSL Application Note V1.00",
        ),
        assumed=(
            "what is in the buffer can be read after +CASTATE: <cid>,0",
            "0x1A and 0x1B are data in AT+CASEND and AT+SHBOD with a length",
            "connecting takes at most 75 s with AT+SHCONN, reading 10 s",
            "headers of 350 bytes are all of them together",
            *TLS_ASSUMED,
        ),
    )
    body_command = "SHBOD"
    pdp = 0  #: <pdpidx> of AT+CNCFG and AT+CNACT
    network_lost = f"+APP PDP: {pdp},DEACTIVE"

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """``AT+CNACT`` on network 0; its address. Raises ``PdpRefused``."""
        self.command(f'AT+CGDCONT=1,"IP",{quote(apn)}')  # with which it attaches (§5.2)
        self.command(f"AT+CNCFG={self.pdp},1,{quote(apn)}")
        if (address := self._cnact_address()) is not None:
            return address
        return self._application_network(f"AT+CNACT={self.pdp},1", apn, timeout_s)

    def deactivate(self) -> None:
        self._application_network_off(f"AT+CNACT={self.pdp},0")

    def open_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """TCP, received data by hand. Raises ``SocketError`` with the result of +CAOPEN."""
        return self.open_ca(_PLAIN, host, port, timeout_s=timeout_s)

    def _ca_open(self, connection: int, host: str, port: int) -> str:
        return f'AT+CAOPEN={connection},{self.pdp},"TCP",{quote(host)},{port}'
