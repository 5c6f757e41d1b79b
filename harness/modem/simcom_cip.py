"""The ``AT+CIP…`` sockets of SIM800, SIM900 and SIM7000, several connections at once.

Sources: SIM7000 Series AT Command Manual V1.06 §8.2 (the set is that of SIM800), SIM7000 Series
TCPIP Application Note V1.02 §4.1, TinyGSM's SIM800 driver (``AT+CIFSR;E0``, the order of the
counts in ``+CIPRXGET: 2``).
"""

from __future__ import annotations

import re
from abc import ABC

from harness.at.dialect import Binary, UrcKind, always
from harness.at.params import quote
from harness.line import EventTimeout
from harness.modem.errors import CommandRefused, PdpRefused, SocketError
from harness.modem.simcom import SIMCOM_URCS, Simcom
from harness.modem.sockets import UrcTest

BEARER_S = 85.0  #: AT+CIICR (§8.2.10), AT+SAPBR=1
_SHUT_S = 65.0  # AT+CIPSHUT (§8.2.7)
_SEND_S = 120.0  # until the peer acknowledged; the manual at hand names none: assumed
_READ_S = 10.0  # no maximum in the manual: assumed
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_IDS = range(8)  # 0-5 with SIM800, 0-7 with SIM7000


def _numbered(*words: str) -> tuple[str, ...]:
    """``0, CLOSED`` and ``0,CLOSED``: the manuals print both."""
    return tuple(f"{n},{blank}{word}" for n in _IDS for blank in (" ", "") for word in words)


CIP_URCS = (
    *(UrcKind(text, always) for text in _numbered("CONNECT", "ALREADY CONNECT", "CLOSED")),
    UrcKind("+CIPRXGET: 1,", always),
    UrcKind("+PDP: DEACT", always),
    *SIMCOM_URCS,
)
CIP_FINALS = (
    ("SHUT OK", True),
    *((text, True) for text in _numbered("SEND OK", "CLOSE OK")),
    *((text, False) for text in _numbered("SEND FAIL")),
)


class SimcomCip(Simcom, ABC):
    """Connections of ``AT+CIPSTART`` whose data wait for ``AT+CIPRXGET``."""

    def activate(self, apn: str, *, timeout_s: float = 150.0) -> str:
        """Start over with this APN; the address. Raises :class:`PdpRefused`.

        ``AT+CIPMUX`` and ``AT+CIPRXGET`` are only taken while no context is up.
        """
        self.command(f'AT+CGDCONT=1,"IP",{quote(apn)}')  # with which it attaches
        self.command("AT+CIPSHUT", timeout_s=_SHUT_S)
        self.command("AT+CIPMUX=1")
        self.command("AT+CIPRXGET=1")
        self._refusable(apn, f"AT+CSTT={quote(apn)}", timeout_s)
        self._refusable(apn, "AT+CIICR", max(timeout_s, BEARER_S))
        # AT+CIFSR alone ends without a result code.
        try:
            lines = self.command("AT+CIFSR;E0", timeout_s=_READ_S).lines
        except CommandRefused as error:
            raise PdpRefused(f"the context with APN {apn} is not active: {error}") from error
        address = next(filter(_ADDRESS.fullmatch, lines), None)
        if address is None:
            raise PdpRefused(f"the context with APN {apn} is not active after OK")
        return address

    def deactivate(self) -> None:
        self.command("AT+CIPSHUT", timeout_s=_SHUT_S)

    def open_socket(self, host: str, port: int, *, timeout_s: float = 150.0) -> int:
        """TCP as connection 0. Raises ``SocketError`` -1: the module gives no number."""
        n = 0
        about = re.compile(rf"{n}, ?(?:CONNECT|ALREADY|CLOSED)|\+CIPRXGET: 1,{n}$|\+PDP: DEACT")
        self.channel.discard(lambda urc: about.match(urc.text) is not None)
        text = f'AT+CIPSTART={n},"TCP",{quote(host)},{port}'
        result = re.compile(rf"{n}, ?(CONNECT OK|CONNECT FAIL|ALREADY CONNECT|CLOSED)")
        try:
            self.command(text, timeout_s=timeout_s)
        except CommandRefused as error:
            self.close_socket(n)
            raise SocketError(f"{text} was refused", -1) from error
        return self._awaited(n, text, result, timeout_s)

    def _awaited(self, n: int, text: str, result: re.Pattern[str], timeout_s: float) -> int:
        try:
            urc = self.channel.wait_for(
                lambda urc: result.match(urc.text) is not None, timeout_s=timeout_s
            )
        except EventTimeout:
            self.close_socket(n)
            raise
        if not urc.text.endswith("CONNECT OK"):
            self.close_socket(n)
            raise SocketError(f"{text} failed: {urc.text}", -1)
        return n

    def close_socket(self, connection: int) -> None:
        """An ERROR means that the connection is closed already."""
        self._ignoring_closed(f"AT+CIPCLOSE={connection}")

    def _send(self, connection: int, piece: bytes) -> None:
        text = f"AT+CIPSEND={connection},{len(piece)}"
        response = self.channel.execute_with_prompt(
            text, piece, prompt=self.prompt, timeout_s=_SEND_S
        )
        if not response.ok:
            raise SocketError(f"{text} was not sent: {response.final}", -1)

    def _receive(self, connection: int) -> bytes:
        command = f"AT+CIPRXGET=2,{connection},{self.abilities.read_max}"
        rule = Binary("+CIPRXGET: 2,", field=2)
        response = self.channel.read_binary(command, rule, timeout_s=_READ_S)
        return self._bytes_read(connection, command, response)

    def _arrival(self, connection: int) -> UrcTest:
        return lambda urc: urc.text == f"+CIPRXGET: 1,{connection}"

    def _closing(self, connection: int) -> UrcTest:
        closed = re.compile(rf"{connection}, ?CLOSED|\+PDP: DEACT")
        return lambda urc: closed.match(urc.text) is not None
