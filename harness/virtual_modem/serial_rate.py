"""Baud rates of a tty, standard or not, and what a line between two different rates carries.

Linux takes any rate through ``struct termios2`` with ``BOTHER`` (asm-generic/termbits.h). On the
master of a PTY the same call tells the rate that the client set on its slave.
"""

from __future__ import annotations

import array
import fcntl
import struct
import termios

# asm-generic/ioctls.h and termbits.h: alpha, mips, powerpc and sparc have other numbers
_TCGETS2, _TCSETS2 = 0x802C542A, 0x402C542B
_BOTHER, _CBAUD, _CIBAUD = 0o010000, 0o010017, 0o02003600000
_TERMIOS2 = struct.Struct("=4I20B2I")
_FRAME = 10  # 8N1: start, eight data bits (lowest first), stop


def rate_of(fd: int) -> int:
    """Bits per second of a tty; on a master, the client's. Raises :class:`OSError`."""
    state = array.array("B", bytes(_TERMIOS2.size))
    fcntl.ioctl(fd, _TCGETS2, state)
    return int(_TERMIOS2.unpack(state)[-1])


def set_rate(fd: int, rate: int) -> None:
    """Both directions. Raises :class:`OSError`, or :class:`ValueError` if the driver cannot."""
    standard = getattr(termios, f"B{rate}", None)
    if standard is not None:  # others read the settings too, and not all of them know BOTHER
        try:
            modes = termios.tcgetattr(fd)
            modes[4] = modes[5] = standard
            termios.tcsetattr(fd, termios.TCSANOW, modes)
        except termios.error as error:
            raise OSError(*error.args) from error
    else:
        _set_other_rate(fd, rate)
    got = rate_of(fd)
    if abs(got - rate) > rate * 0.03:  # a receiver tolerates less than half a bit in ten
        raise ValueError(f"it does {got} baud instead of {rate}")


def _set_other_rate(fd: int, rate: int) -> None:
    state = array.array("B", bytes(_TERMIOS2.size))
    fcntl.ioctl(fd, _TCGETS2, state)
    fields = list(_TERMIOS2.unpack(state))
    fields[2] = fields[2] & ~(_CBAUD | _CIBAUD) | _BOTHER
    fields[-2:] = rate, rate
    fcntl.ioctl(fd, _TCSETS2, array.array("B", _TERMIOS2.pack(*fields)))


def carried(data: bytes, sent_at: int, heard_at: int) -> bytes:
    """What a receiver at ``heard_at`` baud makes of bytes that were sent back to back.

    A receiver of 8N1 looks for the edge of a start bit, then at the middle of each bit. Within
    some 5 percent the bytes come through; beyond, they are garbage, always the same for the same
    bytes. What lacks its stop bit arrives as it was sampled (a tty without INPCK).
    """
    if sent_at == heard_at or sent_at <= 0 or heard_at <= 0:
        return data
    step = sent_at / heard_at  # a bit of the receiver, in bits of the sender
    end = _FRAME * len(data)

    def level(at: float) -> int:
        place = int(at)
        if place >= end:
            return 1
        byte, bit = divmod(place, _FRAME)
        return 0 if bit == 0 else 1 if bit == _FRAME - 1 else data[byte] >> (bit - 1) & 1

    heard = bytearray()
    at = 0
    while at < end:
        if level(at):
            at += 1
            continue
        heard.append(sum(level(at + step * (1.5 + bit)) << bit for bit in range(8)))
        stop = at + step * (_FRAME - 0.5)
        at = max(at + 1, int(stop))
        while at < end and not level(at):  # no stop bit: wait for the line to rest
            at += 1
        at = max(at, int(stop))
    return bytes(heard)
