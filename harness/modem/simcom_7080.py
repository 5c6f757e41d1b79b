"""SIMCom SIM7070/SIM7080/SIM7090.

Sources: SIM7070_SIM7080_SIM7090 Series AT Command Manual V1.05 (§7.2 application network, §12.2
TCP/UDP), TCPUDP(S) Application Note V1.03 (§5.1.1), TinyGSM's SIM7080 driver (``+CARECV:`` has
no connection id).
"""

from __future__ import annotations

import re

from harness.at.dialect import Binary, Dialect, UrcKind, always
from harness.at.params import quote
from harness.modem.abilities import Abilities
from harness.modem.errors import SocketError
from harness.modem.simcom import SIMCOM_URCS
from harness.modem.simcom_sh import SH_URCS, ShClient, sh_ability
from harness.modem.sockets import UrcTest, told

_INPUT_S = 10.0  # AT+CASEND: at most 10000 ms for the data
_READ_S = 10.0  # no maximum in the manual: assumed
DIALECT = Dialect(
    urcs=(
        UrcKind("+CAOPEN:", always),
        UrcKind("+CADATAIND:", always),
        UrcKind("+CASTATE:", always),
        UrcKind("+CACLOSE:", always),
        UrcKind('+CAURC: "recv"', always, data_field=2),
        UrcKind("+CAURC:", always),
        *SH_URCS,
        *SIMCOM_URCS,
    ),
    probe="AT+CMEE?",
)
# The data are on the line of their count; nothing but the count when there are none.
_DATA = Binary("+CARECV:", inline=re.compile(rb"\+CARECV: ?(\d+)(?:,|(?=\r))"))


class Simcom7080(ShClient):
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
        power_off="AT+CPOWD=1",
        sources=(
            "SIM7070_SIM7080_SIM7090 Series AT Command Manual V1.05",
            "SIM7070_SIM7080_SIM7090 Series TCPUDP(S) Application Note V1.03",
            "SIM7070_SIM7080_SIM7090 Series HTTP(S) Application Note V1.02",
        ),
        assumed=(
            "what is in the buffer can be read after +CASTATE: <cid>,0",
            "0x1A and 0x1B are data in AT+CASEND and AT+SHBOD with a length",
            "connecting takes at most 75 s with AT+SHCONN, reading 10 s",
            "headers of 350 bytes are all of them together",
        ),
    )
    body_command = "SHBOD"
    pdp = 0  #: <pdpidx> of AT+CNCFG and AT+CNACT

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
        cid = 0
        arrival, closing = self._arrival(cid), self._closing(cid)
        self.channel.discard(lambda urc: arrival(urc) or closing(urc))
        text = f'AT+CAOPEN={cid},{self.pdp},"TCP",{quote(host)},{port}'
        return self._opened(text, cid, f"+CAOPEN: {cid},", timeout_s=timeout_s)

    def close_socket(self, connection: int) -> None:
        """An ERROR means that there is no such connection any more."""
        self._ignoring_closed(f"AT+CACLOSE={connection}")

    def _send(self, connection: int, piece: bytes) -> None:
        text = f"AT+CASEND={connection},{len(piece)}"
        response = self.channel.execute_with_prompt(
            text, piece, prompt=self.prompt, timeout_s=_INPUT_S + 5
        )
        if not response.ok:
            raise SocketError(f"{text} was not sent: {response.final}", -1)

    def _receive(self, connection: int) -> bytes:
        command = f"AT+CARECV={connection},{self.abilities.read_max}"
        response = self.channel.read_binary(command, _DATA, timeout_s=_READ_S)
        return self._bytes_read(connection, command, response)

    def _arrival(self, connection: int) -> UrcTest:
        return told(f"+CADATAIND: {connection}")

    def _closing(self, connection: int) -> UrcTest:
        return told(f"+CASTATE: {connection},0", f"+APP PDP: {self.pdp},DEACTIVE")
