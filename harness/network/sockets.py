"""Where sockets come from: the host's own network, or a namespace made for the run.

A socket belongs to the network namespace it was *made* in, and keeps it whoever uses it later. So
platform and virtual modems take their sockets from a :class:`SocketFactory` and stay the same on
loopback, in a namespace and on a lab's interface.
"""

from __future__ import annotations

import errno
import socket
from typing import Protocol

from harness.errors import RigError


class AddressUnavailable(RigError):
    """The platform's address is missing on this machine, or its port is taken."""


class SocketFactory(Protocol):
    """Makes non-blocking IPv4 TCP sockets in one network."""

    def listener(self, host: str, port: int, backlog: int = 512) -> socket.socket:
        """A bound, listening socket. Raises :class:`AddressUnavailable`."""

    def stream(self, source: str | None = None) -> socket.socket:
        """An unconnected socket, bound to the address ``source`` when given."""


class HostSockets:
    """Sockets in the network of this process."""

    def listener(self, host: str, port: int, backlog: int = 512) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((host, port))
            sock.listen(backlog)
        except OSError as error:
            sock.close()
            raise AddressUnavailable(explain_bind(host, port, error)) from error
        sock.setblocking(False)
        return sock

    def stream(self, source: str | None = None) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source is not None:
            try:
                sock.bind((source, 0))
            except OSError as error:
                sock.close()
                raise AddressUnavailable(explain_bind(source, 0, error)) from error
        return sock


def explain_bind(host: str, port: int, error: OSError) -> str:
    """One sentence that says what is wrong with an address and how to put it right."""
    where = f"{host}:{port}"
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"cannot listen on {where}: this machine does not have the address {host}; add it "
            f"(ip addr add {host}/32 dev IFACE) or correct `network: bind`"
        )
    if error.errno == errno.EADDRINUSE:
        return (
            f"cannot listen on {where}: another program is listening there; find it "
            f"(ss -ltnp 'sport = :{port}') and stop it, or choose another port"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"cannot listen on {where}: ports below 1024 need more rights "
            f"(setcap cap_net_bind_service=+ep, or sysctl net.ipv4.ip_unprivileged_port_start)"
        )
    return f"cannot listen on {where}: {error.strerror or error}"
