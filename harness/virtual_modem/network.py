"""What lies behind the modem's antenna: routes to real sockets, and nothing else.

Without a private network only destinations in ``routes`` are reachable, so a virtual modem never
opens a connection to the outside world.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.errors import HilError
from harness.network.sockets import HostSockets, SocketFactory

Endpoint = tuple[str, int]


class NameUnknown(OSError):
    """No DNS on the M2M path (NET-NODNS)."""


def _no_lookup(name: str) -> None:
    """A network without packets to show."""


@dataclass(frozen=True, slots=True)
class ModemNetwork:
    """``private`` says that the sockets live in a namespace, where every address is allowed.

    ``lookup(name)`` really sends a DNS query where a capture can see it; it must not block.
    ``names`` are the names that do resolve (the Internet path), by default none.
    """

    routes: Mapping[Endpoint, Endpoint] = field(default_factory=dict)
    sockets: SocketFactory = field(default_factory=HostSockets)
    private: bool = False
    source: str | None = None
    lookup: Callable[[str], object] = _no_lookup
    names: Mapping[str, str] = field(default_factory=dict)
    troubles: list[HilError] = field(default_factory=list)
    """What broke on the bench's side, such as a namespace that is gone: not the modem's doing."""

    def resolve(self, name: str) -> str:
        """The address of a host name or literal. Raises :class:`NameUnknown`."""
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            pass
        if name in self.names:
            return self.names[name]
        try:
            self.lookup(name)
        except HilError as error:
            self.troubles.append(error)
        raise NameUnknown(errno.ENOENT, f"no DNS: {name}")

    async def connect(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """A connected, non-blocking socket. Raises OSError (TimeoutError included)."""
        target = self.routes.get((host, port))
        if target is None:
            if not self.private:
                raise ConnectionRefusedError(errno.ECONNREFUSED, f"no route to {host}:{port}")
            target = (host, port)
        loop = asyncio.get_running_loop()
        try:
            sock = self.sockets.stream(self.source)
        except HilError as error:
            self.troubles.append(error)
            raise OSError(errno.ENETDOWN, str(error)) from error
        try:
            async with asyncio.timeout(timeout_s):
                await loop.sock_connect(sock, target)
        except BaseException:
            sock.close()
            raise
        return sock
