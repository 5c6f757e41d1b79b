"""Addresses and time stamps of SMS PDUs (TS 23.040 §9.1.2.5, §9.2.3.11; TS 24.011 §8.2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from harness.at import gsm7

_DIGITS = "0123456789*#abc"
INTERNATIONAL = 0x91
UNKNOWN = 0x81
ALPHANUMERIC = 0xD0


class PduError(ValueError):
    """Bytes that are no such PDU, or a value that no PDU can carry."""


@dataclass(frozen=True, slots=True)
class Address:
    """A number or name with its type of address.

    ``5277`` is a short number (type unknown), ``+31…`` international, anything else a name of at
    most 11 GSM 7 bit characters.
    """

    text: str
    kind: int

    @classmethod
    def of(cls, text: str) -> Address:
        """The address a person means by ``text``. Raises :class:`PduError`."""
        if text.startswith("+") and text[1:].isdecimal() and text.isascii():
            kind = INTERNATIONAL
        elif text and all(char in _DIGITS for char in text):
            kind = UNKNOWN
        else:
            kind = ALPHANUMERIC
            if not text or not gsm7.encodable(text) or len(gsm7.encode(text)) > 11:
                raise PduError(f"{text!r} is neither a number nor a name of 1 to 11 characters")
        if kind != ALPHANUMERIC and not 0 < len(text.lstrip("+")) <= 20:
            raise PduError(f"{text!r} does not have 1 to 20 digits")
        return cls(text, kind)

    def encode(self) -> bytes:
        """Length in semi-octets, type and value, as in TP-OA and TP-DA."""
        if self.kind & 0x70 == 0x50:
            septets = gsm7.encode(self.text)
            packed = gsm7.pack(septets)
            return bytes([(7 * len(septets) + 3) // 4, self.kind]) + packed
        digits = self.text.lstrip("+")
        return bytes([len(digits), self.kind]) + swap_digits(digits)


def decode_address(data: bytes) -> tuple[Address, int]:
    """The address at the start of ``data``, and how many octets it takes."""
    if len(data) < 2:
        raise PduError("the PDU ends inside an address")
    length, kind = data[0], data[1]
    end = 2 + (length + 1) // 2
    if len(data) < end:
        raise PduError("the PDU ends inside an address")
    if kind & 0x70 == 0x50:
        return Address(gsm7.decode(gsm7.unpack(data[2:end], length * 4 // 7)), kind), end
    digits = unswap_digits(data[2:end])[:length]
    return Address(("+" if kind & 0x70 == 0x10 else "") + digits, kind), end


def encode_smsc(number: str) -> bytes:
    """The service centre before the TPDU; ``00`` (use the stored one) for an empty number."""
    if not number:
        return b"\x00"
    digits = number.lstrip("+")
    value = swap_digits(digits)
    kind = INTERNATIONAL if number.startswith("+") else UNKNOWN
    return bytes([1 + len(value), kind]) + value


def decode_smsc(data: bytes) -> tuple[str, int]:
    """The service centre at the start of ``data`` (empty when there is none), and its length."""
    if not data or len(data) < 1 + data[0] or data[0] == 1:
        raise PduError("the PDU ends inside the service centre")
    if data[0] == 0:
        return "", 1
    end = 1 + data[0]
    return ("+" if data[1] & 0x70 == 0x10 else "") + unswap_digits(data[2:end]), end


def swap_digits(digits: str) -> bytes:
    """Semi-octets in the order of the wire, filled up with F."""
    try:
        values = [_DIGITS.index(char) for char in digits]
    except ValueError:
        raise PduError(f"{digits!r} has characters that are no digits") from None
    if len(values) % 2:
        values.append(0xF)
    return bytes(low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True))


def unswap_digits(octets: bytes) -> str:
    nibbles = [nibble for octet in octets for nibble in (octet & 0xF, octet >> 4)]
    return "".join(_DIGITS[nibble] for nibble in nibbles if nibble != 0xF)


def encode_timestamp(moment: datetime) -> bytes:
    """Seven octets of an aware datetime in its own zone, to the second and quarter of an hour."""
    offset = moment.utcoffset()
    if offset is None:
        raise PduError("a time stamp needs a time zone")
    quarters = round(offset / timedelta(minutes=15))
    fields = (moment.year % 100, moment.month, moment.day, moment.hour, moment.minute,
              moment.second, abs(quarters))  # fmt: skip
    octets = bytearray(field % 10 << 4 | field // 10 for field in fields)
    if quarters < 0:
        octets[6] |= 0x08
    return bytes(octets)


def decode_timestamp(octets: bytes) -> datetime:
    """An aware datetime; years 00 to 99 are 2000 to 2099. Raises :class:`PduError`."""
    if len(octets) != 7:
        raise PduError("the PDU ends inside a time stamp")
    zone = octets[6] & 0xF7
    fields = [(octet & 0xF) * 10 + (octet >> 4) for octet in (*octets[:6], zone)]
    minutes = fields[6] * 15
    year, month, day, hour, minute, second = fields[:6]
    try:
        zone_info = timezone(timedelta(minutes=-minutes if octets[6] & 0x08 else minutes))
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone_info)
    except ValueError as error:
        raise PduError(f"no time stamp: {octets.hex()} ({error})") from None
