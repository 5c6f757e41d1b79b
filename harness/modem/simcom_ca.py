"""The ``AT+CA…`` connections of SIM7070/7080/7090, and of SIM7000 for TLS.

Sources: SIM7070_SIM7080_SIM7090 Series AT Command Manual V1.05 (§12.2), TCPUDP(S) Application Note
V1.03 (§5), SIM7000 Series AT Command Manual V1.06 (§18.2), SSL Application Note V1.01 (§5.2),
TinyGSM's drivers for both (``+CARECV:`` has no connection id).
"""

from __future__ import annotations

import contextlib
import re
from abc import ABC, abstractmethod

from harness.at.dialect import Binary, UrcKind, always
from harness.at.params import quote
from harness.modem.errors import CommandRefused, SocketError
from harness.modem.simcom_tls import SimcomTls
from harness.modem.sockets import UrcTest, told

_INPUT_S = 10.0  # AT+CASEND: at most 10000 ms for the data
_READ_S = 10.0  # no maximum in the manual: assumed
CA_URCS = (
    UrcKind("+CAOPEN:", always),
    UrcKind("+CADATAIND:", always),
    UrcKind("+CASTATE:", always),
    UrcKind("+CACLOSE:", always),
    UrcKind('+CAURC: "recv"', always, data_field=2),
    UrcKind("+CAURC:", always),
)
# The data are on the line of their count; nothing but the count when there are none.
_DATA = Binary("+CARECV:", inline=re.compile(rb"\+CARECV: ?(\d+)(?:,|(?=\r))"))
_REASONS = {
    24: "its certificate is not valid at the time of the module's clock",
    25: "its certificate has another name",
    26: "its certificate has another name, and is not valid at the time of the module's clock",
    27: "not connected, or its certificate was refused",
}


class CaSockets(SimcomTls, ABC):
    """Connections whose data wait for ``AT+CARECV``; plain, or with TLS."""

    #: what is said when the network of these connections goes down
    network_lost: str

    @abstractmethod
    def _ca_open(self, connection: int, host: str, port: int) -> str:
        """The command that opens a connection, received data by hand."""

    def ca_key(self, key: str) -> str:
        """A key of ``AT+CASSLCFG`` as the family's manual writes it."""
        return key.upper()

    def open_ca(self, connection: int, host: str, port: int, *, timeout_s: float) -> int:
        """Open it. Raises :class:`SocketError` with the result of +CAOPEN."""
        arrival, closing = (
            CaSockets._arrival(self, connection),
            CaSockets._closing(self, connection),
        )
        self.channel.discard(lambda urc: arrival(urc) or closing(urc))
        text = self._ca_open(connection, host, port)
        return self._opened(text, connection, f"+CAOPEN: {connection},", timeout_s=timeout_s)

    def open_tls_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """TLS as :meth:`prepare_tls` said. Raises :class:`SocketError` with +CAOPEN's result."""
        connection = self.tls_number
        self.ask_for(host)
        with contextlib.suppress(CommandRefused):  # an option with SIM7080
            self.command(f"AT+CACID={connection}")
        self._ca_ssl("crindex", str(connection))
        if self.anchor_name:
            self._ca_ssl("cacert", quote(self.anchor_name))
        self._ca_ssl("ssl", "1")
        try:
            return self.open_ca(connection, host, port, timeout_s=timeout_s)
        except SocketError as error:
            if error.code not in _REASONS:
                raise
            what = f"no TLS connection to {host}:{port} ({_REASONS[error.code]})"
            raise SocketError(what, error.code) from error

    def _ca_ssl(self, key: str, value: str) -> None:
        self.command(f'AT+CASSLCFG={self.tls_number},"{self.ca_key(key)}",{value}')

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
        return told(f"+CASTATE: {connection},0", self.network_lost)
