"""The three kinds of network a bench can have, behind one interface.

========== =============================================== ========================= ============
kind       the platform listens on                         modems come from          capture
========== =============================================== ========================= ============
namespace  10.151.236.157:80, in a namespace of its own    an address each           yes
loopback   127.0.0.1, any port; virtual modems route there 127.0.0.1                 no
lab        a real address of this machine                  wherever the radio ends   with rights
========== =============================================== ========================= ============
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from harness.errors import RigError, UsageError
from harness.network.capture import Capture
from harness.network.private import (
    PLATFORM_ADDRESS,
    PLATFORM_PORT,
    NamespacesUnavailable,
    PrivateNetwork,
    namespaces_available,
)
from harness.network.sockets import HostSockets, SocketFactory

Address = tuple[str, int]
Kind = Literal["namespace", "loopback", "lab"]


class CaptureUnavailable(RigError):
    """This network, or this user, cannot capture; the message says why."""


class Network(Protocol):
    """Where platform and modems meet. A context manager: leaving it closes it."""

    @property
    def kind(self) -> Kind: ...

    @property
    def private(self) -> bool:
        """Is it cut off from everything else, so that what is seen is the bench's own?"""

    @property
    def bind(self) -> Address:
        """Where the platform is to listen (port 0: any)."""

    @property
    def platform_sockets(self) -> SocketFactory: ...

    @property
    def capture_unavailable(self) -> str | None:
        """None when :meth:`capture` works, else the reason."""

    @property
    def reason(self) -> str:
        """One sentence for the report: what this network is, and why it was chosen."""

    def add_modem(self, name: str) -> str | None:
        """Prepare for a modem, at any time; its address if it is known here."""

    def address_of(self, name: str) -> str | None:
        """The modem's address, None where only the radio network knows it."""

    def modem_sockets(self, name: str) -> SocketFactory:
        """Where that virtual modem takes its sockets from."""

    def routes(self, bound: Address) -> Mapping[Address, Address]:
        """How virtual modems reach a platform that listens on ``bound``: wanted → real."""

    def capture(self, path: Path) -> Capture:
        """A capture, to be started. Raises :class:`CaptureUnavailable`."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class _Closing:
    """Networks are context managers."""

    def close(self) -> None:
        """Nothing to give back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class NamespaceNetwork(_Closing):
    """Private namespaces: the real address and port, nobody else, and everything captured."""

    kind: Kind = "namespace"
    private = True
    bind: Address = (PLATFORM_ADDRESS, PLATFORM_PORT)
    capture_unavailable: str | None = None

    def __init__(self, modems: Sequence[str] = ()) -> None:
        """Raises :class:`NamespacesUnavailable`."""
        self.inner = PrivateNetwork.create(modems)
        self.reason = f"private network namespaces, by right of: {self.inner.right}"

    @property
    def platform_sockets(self) -> SocketFactory:
        return self.inner.platform_sockets

    def add_modem(self, name: str) -> str:
        return self.inner.add_modem(name)

    def address_of(self, name: str) -> str:
        return self.inner.address_of(name)

    def modem_sockets(self, name: str) -> SocketFactory:
        return self.inner.modem_sockets(name)

    def routes(self, bound: Address) -> Mapping[Address, Address]:
        """None: addresses are what they are."""
        return {}

    def capture(self, path: Path) -> Capture:
        return self.inner.capture(path)

    def close(self) -> None:
        self.inner.close()


class LoopbackNetwork(_Closing):
    """127.0.0.1 for all: works everywhere, and captures nothing."""

    kind: Kind = "loopback"
    private = False
    bind: Address = ("127.0.0.1", 0)

    def __init__(self, why: str = "asked for") -> None:
        self.reason = f"loopback ({why})"
        self.capture_unavailable: str | None = f"no packet capture on the loopback network ({why})"
        self._sockets = HostSockets()

    @property
    def platform_sockets(self) -> SocketFactory:
        return self._sockets

    def add_modem(self, name: str) -> str:
        return self.address_of(name)

    def address_of(self, name: str) -> str:
        return "127.0.0.1"

    def modem_sockets(self, name: str) -> SocketFactory:
        return self._sockets

    def routes(self, bound: Address) -> Mapping[Address, Address]:
        """10.151.236.157:80 leads to where the platform really listens."""
        return {(PLATFORM_ADDRESS, PLATFORM_PORT): bound}

    def capture(self, path: Path) -> Capture:
        raise CaptureUnavailable(self.capture_unavailable or "")


class LabNetwork(_Closing):
    """A real address of this machine, where modems arrive through the operator's network.

    A missing address or a taken port shows when the platform listens, as
    :class:`~harness.network.sockets.AddressUnavailable` with the way to put it right.
    """

    kind: Kind = "lab"
    private = False

    def __init__(
        self, bind: str = f"{PLATFORM_ADDRESS}:{PLATFORM_PORT}", interface: str | None = None
    ) -> None:
        """Raises :class:`UsageError` when ``bind`` is no ``ADDRESS:PORT``."""
        self.bind: Address = parse_address(bind)
        self.interface = interface
        self.reason = f"the lab's own network, {bind} on {interface or 'any interface'}"
        self._sockets = HostSockets()

    @property
    def platform_sockets(self) -> SocketFactory:
        return self._sockets

    @property
    def capture_unavailable(self) -> str | None:
        try:
            self._packet_socket().close()
        except CaptureUnavailable as error:
            return str(error)
        return None

    def add_modem(self, name: str) -> None:
        return None

    def address_of(self, name: str) -> None:
        return None

    def modem_sockets(self, name: str) -> SocketFactory:
        return self._sockets

    def routes(self, bound: Address) -> Mapping[Address, Address]:
        """Real modems need none; a virtual one on this rig is led to the bound address."""
        wanted = (PLATFORM_ADDRESS, PLATFORM_PORT)
        return {} if bound == wanted else {wanted: bound}

    def capture(self, path: Path) -> Capture:
        """Only packets from and to the platform's address: the rest is not the bench's."""
        sock = self._packet_socket()
        host = self.bind[0]
        return Capture(sock, self.interface or "", path, only=None if host == "0.0.0.0" else host)

    def _packet_socket(self) -> socket.socket:
        if self.interface is None:
            raise CaptureUnavailable("no packet capture: the rig names no `network: interface`")
        try:
            socket.if_nametoindex(self.interface)
        except OSError:
            names = ", ".join(name for _, name in socket.if_nameindex())
            raise CaptureUnavailable(
                f"no packet capture: there is no interface {self.interface!r} here ({names})"
            ) from None
        try:
            return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError:
            raise CaptureUnavailable(
                f"no packet capture on {self.interface}: it needs CAP_NET_RAW (run as root, or "
                f"setcap cap_net_raw+ep on the Python interpreter)"
            ) from None


def parse_address(text: str) -> Address:
    """``10.151.236.157:80`` in two. Raises :class:`UsageError`."""
    host, _, port = text.rpartition(":")
    try:
        socket.inet_pton(socket.AF_INET, host)
        number = int(port)
    except (OSError, ValueError):
        number = -1
    if not 0 <= number <= 65535:
        raise UsageError(f"not an IPv4 address and port: {text!r} (like 10.151.236.157:80)")
    return host, number


def open_network(modems: Sequence[str] = (), *, wish: Literal["auto", Kind] = "auto") -> Network:
    """A network for simulated modems: private when this machine allows it, else loopback.

    ``wish`` "namespace" insists (raises :class:`NamespacesUnavailable`), "loopback" declines. A
    lab's network is made by :class:`LabNetwork`, from the rig file.
    """
    if wish == "lab":
        raise UsageError("a lab network needs an address: use LabNetwork(bind, interface)")
    why = "asked for" if wish == "loopback" else namespaces_available()
    if wish == "namespace" and why is not None:
        raise NamespacesUnavailable(why)
    return NamespaceNetwork(modems) if why is None else LoopbackNetwork(why)
