"""Making and entering network namespaces: unshare(2), setns(2), user namespaces, offloads.

Standard library only: this runs in the holder process, never in ours, because these calls change
the process that makes them. ``os.unshare`` and ``os.setns`` exist from Python 3.12 on.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

_SIOCETHTOOL = 0x8946
#: ethtool's "set" commands (linux/ethtool.h): TSO, GSO, GRO, scatter-gather, tx checksum. Off
#: means: one frame on the wire for each frame seen, at most one MTU long, with its checksum.
_OFFLOADS = {"tso": 0x1F, "gso": 0x24, "gro": 0x2C, "sg": 0x19, "tx-checksum": 0x17}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags))


def enter(namespace: int) -> None:
    """Move this thread into the network namespace of the descriptor."""
    _check(_libc.setns(namespace, CLONE_NEWNET))


def current() -> int:
    """A descriptor of the network namespace this (single-threaded) process is in."""
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def inside(namespace: int, home: int) -> Iterator[None]:
    """Be in ``namespace`` for the block, in ``home`` afterwards."""
    enter(namespace)
    try:
        yield
    finally:
        enter(home)


def become_private() -> str:
    """Leave the host's network for a new one; returns by which right.

    Root, or a program with CAP_SYS_ADMIN, just does it; anybody else becomes root of a user
    namespace first (user_namespaces(7)). Raises OSError when neither is allowed.
    """
    try:
        unshare(CLONE_NEWNET)
    except OSError as error:
        if error.errno != errno.EPERM:
            raise
    else:
        return "administrator"
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER | CLONE_NEWNET)
    _write("/proc/self/setgroups", "deny")  # required before gid_map, user_namespaces(7)
    _write("/proc/self/uid_map", f"0 {uid} 1")
    _write("/proc/self/gid_map", f"0 {gid} 1")
    return "user namespace"


def offloads_off(interface: str) -> list[str]:
    """Switch segmentation and checksum offloads off; returns those that could not be."""
    refused = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name, command in _OFFLOADS.items():
            value = ctypes.create_string_buffer(struct.pack("=II", command, 0))
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(value)) + bytes(16)
            try:
                fcntl.ioctl(sock, _SIOCETHTOOL, request)
            except OSError:
                refused.append(name)
    return refused


def why_refused(error: OSError) -> str:
    """A hint on the settings that commonly forbid user namespaces."""
    reason = error.strerror or str(error)
    if error.errno not in (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EUSERS):
        return reason
    hints = []
    for path, off, advice in (
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "=1"),
        ("/proc/sys/user/max_user_namespaces", "0", "=10000"),
        ("/proc/sys/user/max_net_namespaces", "0", "=10000"),
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "=0"),
    ):
        with suppress(OSError), open(path) as file:
            if file.read().strip() == off:
                hints.append(path.removeprefix("/proc/sys/").replace("/", ".") + advice)
    if hints:
        return f"{reason}; as root: sysctl -w {' '.join(hints)}"
    return f"{reason}; run as root, or where unprivileged user namespaces are allowed"


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
