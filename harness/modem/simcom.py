"""What the SIMCom families share: identity, codes, power off, and results that come as codes."""

from __future__ import annotations

import contextlib
from abc import ABC

from harness.at.dialect import Command, UrcKind, always
from harness.at.events import Urc
from harness.at.params import fields_of
from harness.clock import Deadline
from harness.line import EventTimeout, Response
from harness.modem.core import COMMON_URCS
from harness.modem.errors import CommandRefused, PdpRefused, SocketError
from harness.modem.sockets import SocketModem

CLOSE_S = 15.0  #: no manual names a time for closing: assumed
_ALWAYS = ("RDY", "Call Ready", "SMS Ready", "SMS DONE", "PB DONE", "NORMAL POWER DOWN",
           "UNDER-VOLTAGE", "OVER-VOLTAGE", "*PSUTTZ:", "*PSNWID:", "DST:", "+APP PDP:",
           "RING")  # fmt: skip
#: Codes of all SIMCom families: boot, network time (AT+CLTS), supply, network of applications.
SIMCOM_URCS = (*(UrcKind(prefix, always) for prefix in _ALWAYS), *COMMON_URCS)


def _number(urc: Urc, field: int) -> int:
    """The number in a field of a code; -1 when there is none."""
    fields = fields_of(urc.text)
    number = fields[field].number if len(fields) > field else None
    return -1 if number is None else number


class Simcom(SocketModem, ABC):
    """A SIMCom module."""

    iccid_command = "AT+CCID"
    prompt = ">"  # of CIPSEND, CASEND and SHBOD; some firmware has a blank after it

    def revision(self) -> str:
        """Without ``Revision:``, which SIM800 and SIM70xx put before it."""
        return self.line("AT+CGMR").removeprefix("Revision:").strip()

    def power_off(self, *, timeout_s: float = 60.0) -> None:
        """``AT+CPOWD=1``, whose only answer is ``NORMAL POWER DOWN``."""
        self.command(Command("AT+CPOWD=1", completes="NORMAL POWER DOWN"), timeout_s=timeout_s)

    def _reported(self, text: str, code: str, field: int, *, timeout_s: float) -> int:
        """The result number in a ``field`` of the code that comes before or after the final.

        Raises :class:`CommandRefused` for an error result without the code, and
        :class:`EventTimeout` for success without it.
        """
        self.channel.discard(lambda urc: urc.text.startswith(code))
        deadline = Deadline.after(timeout_s)
        # No prefix of its own: the code is one, also while the command runs.
        response = self.channel.execute(Command(text, prefix=""), timeout_s=timeout_s)
        if response.ok:
            return _number(self.channel.wait_for(code, timeout_s=deadline.left()), field)
        early = self.channel.discard(lambda urc: urc.text.startswith(code))
        if not early:
            self.checked(text, response)
        return _number(early[0], field) if early else -1

    def _opened(self, text: str, connection: int, code: str, *, timeout_s: float) -> int:
        """Open with ``text``; field 1 of ``code`` is the result, and a failure frees the id."""
        try:
            result = self._reported(text, code, 1, timeout_s=timeout_s)
        except (CommandRefused, EventTimeout) as error:
            self.close_socket(connection)
            if isinstance(error, EventTimeout):
                raise
            raise SocketError(f"{text} was refused", -1) from error
        if result != 0:
            self.close_socket(connection)
            raise SocketError(f"{text} failed", result)
        return connection

    def _bytes_read(self, connection: int, command: str, response: Response) -> bytes:
        """The data of a read; a connection that was closed may refuse one: nothing is left."""
        closing = self._closing(connection)
        if response.ok or any(map(closing, self.channel.urcs)):
            return response.data
        raise SocketError(f"{command} was answered {response.final}", -1)

    def _ignoring_closed(self, command: str) -> None:
        """Close a connection or context that may be closed already, which is an ERROR."""
        with contextlib.suppress(CommandRefused):
            self.command(command, timeout_s=CLOSE_S)

    def _application_network(self, command: str, apn: str, timeout_s: float) -> str:
        """Activate with ``AT+CNACT``; the address that ``AT+CNACT?`` shows afterwards."""
        self.channel.discard(lambda urc: urc.text.startswith("+APP PDP:"))
        self._refusable(apn, command, timeout_s)
        told = self.channel.wait_for("+APP PDP:", timeout_s=timeout_s)
        address = self._cnact_address()
        if "DEACTIVE" in told.text or address is None:
            raise PdpRefused(f"the context with APN {apn} is not active: {told.text}")
        return address

    def _application_network_off(self, command: str) -> None:
        """Deactivate what ``AT+CNACT`` activated, and wait until it is down."""
        if self._cnact_address() is not None:
            self.channel.discard(lambda urc: urc.text.startswith("+APP PDP:"))
            self.command(command, timeout_s=CLOSE_S)
            self.channel.wait_for("+APP PDP:", timeout_s=CLOSE_S)

    def _cnact_address(self) -> str | None:
        """The address of the active context of ``AT+CNACT?``, None without one.

        SIM7000 shows state and address, SIM7070/7080/7090 the index of the context before them.
        """
        for line in self.command("AT+CNACT?").lines:
            fields = fields_of(line)
            if len(fields) > 2 and fields[0].number != 0:
                continue  # another context than 0
            if len(fields) > 1 and fields[-2].number == 1:
                return fields[-1].text
        return None
