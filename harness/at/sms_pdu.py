"""SMS-DELIVER, SMS-SUBMIT and SMS-STATUS-REPORT (TS 23.040 §9.2.2), both ways.

``encode_*`` gives the TPDU without the service centre; the hex of a store listing is
``encode_smsc(number) + tpdu`` (27.005 §3.1). Raises :class:`PduError` for what cannot be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from harness.at import gsm7
from harness.at.sms_address import (
    Address,
    PduError,
    decode_address,
    decode_smsc,
    decode_timestamp,
    encode_smsc,
    encode_timestamp,
)

__all__ = [
    "Address", "Alphabet", "Concatenation", "Deliver", "PduError", "StatusReport", "Submit",
    "alphabet_of", "decode_deliver", "decode_smsc", "decode_status_report", "decode_submit",
    "encode_deliver", "encode_smsc", "encode_status_report", "encode_submit", "split_text",
]  # fmt: skip


class Alphabet(Enum):
    """How TP-UD is coded, with its TP-DCS in the general group (TS 23.038 §4)."""

    GSM7 = 0x00
    DATA = 0x04
    UCS2 = 0x08


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Which part of a long SMS this is (§9.2.3.24.1, and .8 when ``wide``)."""

    reference: int
    total: int
    part: int
    wide: bool = False

    def encode(self) -> bytes:
        if self.wide:
            return bytes(
                [6, 8, 4, self.reference >> 8, self.reference & 0xFF, self.total, self.part]
            )
        return bytes([5, 0, 3, self.reference & 0xFF, self.total, self.part])


@dataclass(frozen=True, slots=True)
class Deliver:
    """An SMS from the network to the device; ``sent`` is the service centre's aware time."""

    sender: Address
    sent: datetime
    text: str
    part: Concatenation | None = None
    dcs: int | None = None  #: TP-DCS; None chooses GSM 7 bit or UCS-2 by the text
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Submit:
    """An SMS from the device to the network. ``validity`` is TP-VP in its relative form."""

    recipient: Address
    text: str
    part: Concatenation | None = None
    dcs: int | None = None
    pid: int = 0
    reference: int = 0
    validity: int | None = 167
    report: bool = False


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What became of a submitted SMS; ``status`` 0 is delivered (§9.2.3.15)."""

    reference: int
    recipient: Address
    sent: datetime
    done: datetime
    status: int


def alphabet_of(dcs: int) -> Alphabet:
    """The alphabet that a TP-DCS names; compressed text and reserved codes count as data."""
    if dcs & 0xC0 in (0x00, 0x40):
        if dcs & 0x20:
            return Alphabet.DATA
        return {0: Alphabet.GSM7, 4: Alphabet.DATA, 8: Alphabet.UCS2}.get(dcs & 0xC, Alphabet.GSM7)
    if dcs & 0xF0 == 0xF0:
        return Alphabet.DATA if dcs & 0x04 else Alphabet.GSM7
    if dcs & 0xF0 == 0xE0:
        return Alphabet.UCS2
    return Alphabet.GSM7


def split_text(text: str) -> list[str]:
    """``text`` in parts that fit: one of 160/70 characters, or several of 153/67."""
    if gsm7.encodable(text):
        return _split(text, lambda char: len(gsm7.encode(char)), 160, 153)
    return _split(text, lambda char: len(char.encode("utf-16-be")) // 2, 70, 67)


def _split(text: str, weight: Callable[[str], int], single: int, several: int) -> list[str]:
    if sum(map(weight, text)) <= single:
        return [text]
    parts, used = [""], 0
    for char in text:
        if used + weight(char) > several:
            parts.append("")
            used = 0
        parts[-1] += char
        used += weight(char)
    return parts


def encode_deliver(message: Deliver, *, more: bool = False) -> bytes:
    """The TPDU; ``more`` says that more messages are waiting (TP-MMS)."""
    dcs = _dcs(message.dcs, message.text)
    first = 0x00 | (0 if more else 0x04) | (0x40 if message.part else 0)
    return (
        bytes([first])
        + message.sender.encode()
        + bytes([message.pid, dcs])
        + encode_timestamp(message.sent)
        + _encode_user_data(message.text, message.part, dcs)
    )


def decode_deliver(tpdu: bytes) -> Deliver:
    first = _first(tpdu, 0, "SMS-DELIVER")
    sender, used = decode_address(tpdu[1:])
    at = 1 + used
    pid, dcs = _pair(tpdu, at)
    sent = decode_timestamp(tpdu[at + 2 : at + 9])
    text, part = _decode_user_data(tpdu[at + 9 :], dcs, bool(first & 0x40))
    return Deliver(sender, sent, text, part, dcs, pid)


def encode_submit(message: Submit) -> bytes:
    dcs = _dcs(message.dcs, message.text)
    first = 0x01 | (0x10 if message.validity is not None else 0)
    first |= (0x20 if message.report else 0) | (0x40 if message.part else 0)
    return (
        bytes([first, message.reference])
        + message.recipient.encode()
        + bytes([message.pid, dcs])
        + (b"" if message.validity is None else bytes([message.validity]))
        + _encode_user_data(message.text, message.part, dcs)
    )


def decode_submit(tpdu: bytes) -> Submit:
    """Validity in its enhanced and absolute forms is skipped (``validity`` None)."""
    first = _first(tpdu, 1, "SMS-SUBMIT")
    if len(tpdu) < 2:
        raise PduError("the PDU ends after its first octet")
    recipient, used = decode_address(tpdu[2:])
    at = 2 + used
    pid, dcs = _pair(tpdu, at)
    at += 2
    form = first >> 3 & 3
    validity = tpdu[at] if form == 2 and at < len(tpdu) else None
    at += {0: 0, 2: 1}.get(form, 7)
    text, part = _decode_user_data(tpdu[at:], dcs, bool(first & 0x40))
    return Submit(recipient, text, part, dcs, pid, tpdu[1], validity, bool(first & 0x20))


def encode_status_report(report: StatusReport) -> bytes:
    return (
        bytes([0x06, report.reference])
        + report.recipient.encode()
        + encode_timestamp(report.sent)
        + encode_timestamp(report.done)
        + bytes([report.status])
    )


def decode_status_report(tpdu: bytes) -> StatusReport:
    _first(tpdu, 2, "SMS-STATUS-REPORT")
    recipient, used = decode_address(tpdu[2:])
    at = 2 + used
    if len(tpdu) < at + 15:
        raise PduError("the status report is too short")
    return StatusReport(
        tpdu[1],
        recipient,
        decode_timestamp(tpdu[at : at + 7]),
        decode_timestamp(tpdu[at + 7 : at + 14]),
        tpdu[at + 14],
    )


def _dcs(dcs: int | None, text: str) -> int:
    if dcs is not None:
        return dcs
    return 0x00 if gsm7.encodable(text) else 0x08


def _first(tpdu: bytes, kind: int, name: str) -> int:
    if not tpdu:
        raise PduError("an empty PDU")
    if tpdu[0] & 0x03 != kind:
        raise PduError(f"not an {name}: its first octet is {tpdu[0]:02X}")
    return tpdu[0]


def _pair(tpdu: bytes, at: int) -> tuple[int, int]:
    if len(tpdu) < at + 2:
        raise PduError("the PDU ends before TP-DCS")
    return tpdu[at], tpdu[at + 1]


def _encode_user_data(text: str, part: Concatenation | None, dcs: int) -> bytes:
    header = part.encode() if part else b""
    alphabet = alphabet_of(dcs)
    if alphabet is Alphabet.GSM7:
        fill = -len(header) * 8 % 7
        septets = gsm7.encode(text)
        length = (len(header) * 8 + fill) // 7 + len(septets)
        if length > 160:
            raise PduError(f"{length} septets do not fit into 160: use split_text")
        return bytes([length]) + header + gsm7.pack(septets, fill)
    encoding = "utf-16-be" if alphabet is Alphabet.UCS2 else "latin-1"
    data = header + text.encode(
        encoding, "surrogatepass" if alphabet is Alphabet.UCS2 else "strict"
    )
    if len(data) > 140:
        raise PduError(f"{len(data)} octets do not fit into 140: use split_text")
    return bytes([len(data)]) + data


def _decode_user_data(data: bytes, dcs: int, has_header: bool) -> tuple[str, Concatenation | None]:
    if not data:
        raise PduError("the PDU ends before TP-UDL")
    length, body = data[0], data[1:]
    alphabet = alphabet_of(dcs)
    octets = (length * 7 + 7) // 8 if alphabet is Alphabet.GSM7 else length
    if len(body) < octets:
        raise PduError(f"TP-UDL says {octets} octets, {len(body)} are there")
    body = body[:octets]
    header = 0
    part = None
    if has_header:
        if not body or len(body) < body[0] + 1:
            raise PduError("the user data header is longer than the user data")
        header = body[0] + 1
        part = _concatenation(body[1:header])
    if alphabet is Alphabet.GSM7:
        fill = -header * 8 % 7
        count = max(0, length - (header * 8 + fill) // 7)
        return gsm7.decode(gsm7.unpack(body[header:], count, fill)), part
    if alphabet is Alphabet.UCS2:
        # an odd octet at the end, or half a surrogate pair, is shown rather than refused
        return body[header:].decode("utf-16-be", "replace"), part
    return body[header:].decode("latin-1"), part


def _concatenation(elements: bytes) -> Concatenation | None:
    at = 0
    while at + 2 <= len(elements):
        kind, size = elements[at], elements[at + 1]
        value = elements[at + 2 : at + 2 + size]
        if kind == 0 and len(value) == 3:
            return Concatenation(value[0], value[1], value[2])
        if kind == 8 and len(value) == 4:
            return Concatenation(value[0] << 8 | value[1], value[2], value[3], wide=True)
        at += 2 + size
    return None
