"""Read SMS from the modem's store (27.005, TS 23.040 SMS-DELIVER), PDU or text mode.

PDU mode is the default: a text that looks like a result code cannot confuse it. Parts of a
concatenated SMS are read one by one: a command fits into a single one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .at import Modem, ModemError

_GSM7 = (  # TS 23.038, 6.2.1; position 0x1B escapes to the extension table
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]",
              0x40: "|", 0x65: "€"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sms:
    """A received SMS."""

    sender: str
    text: str


class Inbox:
    """The modem's SMS store; ``mode`` is ``pdu`` or ``text``."""

    def __init__(self, modem: Modem, mode: str) -> None:
        self._modem = modem
        self._pdu = mode == "pdu"
        self._memory = ""

    def enable(self) -> None:
        """Ask for +CMTI on arrival. Raises ModemError while the SIM's store is not ready."""
        self._memory = ""
        self._modem.command(f"AT+CMGF={0 if self._pdu else 1}")
        self._modem.command("AT+CNMI=2,1,0,0,0")

    def stored(self) -> list[int]:
        """Indices of what arrived while we were away."""
        listing = self._modem.command("AT+CMGL=4" if self._pdu else 'AT+CMGL="ALL"', 20.0)
        found = (re.match(r"\+CMGL: ?(\d+),", line) for line in listing)
        return [int(match[1]) for match in found if match]

    def choose(self, memory: str) -> None:
        """Read from the memory that +CMTI named (``ME``, ``SM``)."""
        if memory != self._memory:
            self._modem.command(f'AT+CPMS="{memory}"')
            self._memory = memory

    def take(self, index: int) -> Sms | None:
        """Read one SMS and delete it, in this order; None when the place is empty.

        Deleted before it is obeyed, so that a restart cannot obey it twice. Raises ValueError
        for a PDU that cannot be read (deleted as well, or it would come back for ever).
        """
        try:
            header, *body = self._modem.command(f"AT+CMGR={index}") or [""]
        except ModemError:
            return None  # 321: another +CMTI was quicker
        if not header:
            return None
        self._modem.command(f"AT+CMGD={index}", 10.0)
        if self._pdu:
            return decode(bytes.fromhex("".join(body)))
        match = re.match(r'\+CMGR: ?"[^"]*","([^"]*)"', header)
        return Sms(match[1] if match else "", "\n".join(body))


def decode(pdu: bytes) -> Sms:
    """SMSC and SMS-DELIVER TPDU to sender and text. Raises ValueError when it is something else."""
    try:
        at = 1 + pdu[0]
        if pdu[at] & 0x03:
            raise ValueError("not an SMS-DELIVER")
        has_header = bool(pdu[at] & 0x40)
        digits, kind = pdu[at + 1], pdu[at + 2]
        octets = (digits + 1) // 2
        sender = _address(pdu[at + 3 : at + 3 + octets], digits, kind)
        at += 3 + octets
        coding, length, data = pdu[at + 1], pdu[at + 9], pdu[at + 10 :]
        skip = data[0] + 1 if has_header else 0
    except IndexError as error:
        raise ValueError("the PDU is too short") from error
    if coding & 0xCC == 0x08:
        return Sms(sender, data[skip:length].decode("utf-16-be", "replace"))
    if coding & 0xCC == 0x04 or coding & 0xF4 == 0xF4:
        return Sms(sender, data[skip:length].decode("latin-1"))
    return Sms(sender, _gsm7(data, length, first=(skip * 8 + 6) // 7))


def _address(octets: bytes, digits: int, kind: int) -> str:
    if kind & 0x70 == 0x50:  # alphanumeric: septets, digits counts half octets
        return _gsm7(octets, digits * 4 // 7)
    number = "".join(
        "0123456789*#abc"[n] if n < 15 else "" for o in octets for n in (o & 15, o >> 4)
    )
    return ("+" if kind & 0x70 == 0x10 else "") + number[:digits]


def _gsm7(data: bytes, septets: int, first: int = 0) -> str:
    bits = int.from_bytes(data, "little")
    text, escaped = "", False
    for position in range(first, septets):
        septet = bits >> (7 * position) & 0x7F
        if escaped:
            text += _EXTENSION.get(septet, " ")
        elif septet != 0x1B:
            text += _GSM7[septet]
        escaped = septet == 0x1B and not escaped
    return text
