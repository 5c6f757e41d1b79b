"""Two classic BPF programs for packet sockets (linux/filter.h)."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Sequence

_SO_ATTACH_FILTER = 26
_LOAD_HALF, _LOAD_WORD = 0x28, 0x20
_JUMP_EQUAL, _RETURN = 0x15, 0x06
_ALL = 0xFFFFFFFF
_ETHERTYPE_IPV4 = 0x0800

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand

NOTHING: Sequence[Instruction] = ((_RETURN, 0, 0, 0),)


def host(address: str, *, ip_at: int) -> Sequence[Instruction]:
    """IPv4 packets from or to ``address``; the IP header starts at byte ``ip_at`` (14 or 0)."""
    word = int.from_bytes(socket.inet_aton(address), "big")
    match = (
        (_LOAD_WORD, 0, 0, ip_at + 12),
        (_JUMP_EQUAL, 2, 0, word),
        (_LOAD_WORD, 0, 0, ip_at + 16),
        (_JUMP_EQUAL, 0, 1, word),
        (_RETURN, 0, 0, _ALL),
        (_RETURN, 0, 0, 0),
    )
    if ip_at == 0:
        return match
    return ((_LOAD_HALF, 0, 0, ip_at - 2), (_JUMP_EQUAL, 0, 5, _ETHERTYPE_IPV4), *match)


def attach(sock: socket.socket, program: Sequence[Instruction]) -> None:
    """From now on the kernel gives the socket only what the program lets through."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in program))
    sock.setsockopt(
        socket.SOL_SOCKET,
        _SO_ATTACH_FILTER,
        struct.pack("HP", len(program), ctypes.addressof(code)),
    )
