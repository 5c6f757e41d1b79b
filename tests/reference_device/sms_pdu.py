"""SMS-DELIVER PDUs for the tests, written from TS 23.040."""

from __future__ import annotations

SMSC = bytes.fromhex("079113560400000F")[:8]


def _swap(digits: str) -> bytes:
    padded = digits + "F" * (len(digits) % 2)
    return bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))


def deliver(sender: str, text: str, coding: int = 0, header: bytes = b"") -> bytes:
    """SMSC and TPDU; ``coding`` 0 = GSM 7 bit (ASCII letters and digits), 4 = 8 bit, 8 = UCS2."""
    digits = sender.removeprefix("+")
    kind = 0x91 if sender.startswith("+") else 0x81
    first = 0x44 if header else 0x04
    if coding == 0:
        skip = (len(header) * 8 + 6) // 7
        bits = int.from_bytes(header, "little")
        for position, letter in enumerate(text, start=skip):
            bits |= ord(letter) << (7 * position)
        length = skip + len(text)
        data = bits.to_bytes((length * 7 + 7) // 8, "little")
    else:
        data = header + text.encode("utf-16-be" if coding == 8 else "latin-1")
        length = len(data)
    stamp = _swap("26112012000004")
    address = bytes([len(digits), kind]) + _swap(digits)
    return SMSC + bytes([first]) + address + bytes([0, coding]) + stamp + bytes([length]) + data
