"""The family ``3gpp``: any modem with 27.007 and 27.005.

It identifies, attaches and has SMS. Packet data would take PPP (``ATD*99#``), which the harness
does not speak.
"""

from __future__ import annotations

from harness.modem.core import Modem
from harness.modem.errors import BadAnswer, CmeError, CommandRefused

#: The vendors' commands for the ICCID; the one that answers is remembered.
ICCID_COMMANDS = (
    "AT+CCID", "AT+QCCID", "AT+CICCID", "AT+ICCID", "AT#CCID", "AT%XICCID",
)  # fmt: skip
#: READ BINARY of EF_ICCID (27.007 §8.18, TS 51.011 §10.1.1)
READ_EF_ICCID = "AT+CRSM=176,12258,0,0,10"
_NO_SIM = frozenset({10, 13})


class Generic(Modem):
    """What every modem should be able to do, whoever made it."""

    def iccid(self) -> str:
        """From the SIM's file if the modem reads files, else by one of the vendors' commands.

        Raises :class:`BadAnswer` when none of them is known.
        """
        try:
            return self._from_file()
        except (CommandRefused, BadAnswer) as error:
            if isinstance(error, CmeError) and error.code in _NO_SIM:
                raise
        for command in ICCID_COMMANDS:
            try:
                found = self.line(command).strip('"').rstrip("Ff")
            except (CommandRefused, BadAnswer):
                continue
            if found.isdecimal() and 18 <= len(found) <= 20:
                return found
        raise BadAnswer("no way to the ICCID: neither AT+CRSM nor any vendor's command gave it")

    def _from_file(self) -> str:
        fields = self.fields(READ_EF_ICCID)
        if len(fields) < 3 or fields[0].number != 144:
            raise BadAnswer("AT+CRSM did not read EF_ICCID")
        digits = fields[2].text
        swapped = "".join(b + a for a, b in zip(digits[::2], digits[1::2], strict=False))
        found = swapped.rstrip("Ff")
        if not found.isdecimal():
            raise BadAnswer(f"EF_ICCID holds no digits: {digits}")
        return found
