"""A private network for one run: the platform and its modems, cut off from everything else.

The namespaces live in a holder process (:mod:`harness.network.holder`); here is its client. Every
request has a deadline, and a holder that is gone is said to be gone.
"""

from __future__ import annotations

import errno
import functools
import ipaddress
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import harness
from harness.clock import Deadline
from harness.errors import RigError, UsageError
from harness.network import dns
from harness.network.capture import Capture
from harness.network.holder import MAX_MESSAGE, PLATFORM_LINK
from harness.network.sockets import AddressUnavailable, explain_bind

#: NET-ADDR: where M2M uplinks go.
PLATFORM_ADDRESS = "10.151.236.157"
PLATFORM_PORT = 80
#: RFC 6598 shared address space: what carriers hand out, and never the host's own network.
MODEM_POOL = "100.64.0.0/24"
#: RFC 5737 TEST-NET-1: an address that nobody has.
ABSENT_RESOLVER = "192.0.2.53"

Side = Literal["platform", "modem"]


class NamespacesUnavailable(RigError):
    """This machine, or this user, cannot have private network namespaces; or they are gone.

    Examples: unprivileged user namespaces are switched off, the kernel has no veth, the holder
    process was killed.
    """


@dataclass(frozen=True, slots=True)
class NamespaceSockets:
    """A :class:`~harness.network.sockets.SocketFactory` for one side of a private network."""

    network: PrivateNetwork
    side: Side
    address: str | None = None  #: the source of sockets that ask for none

    def listener(self, host: str, port: int, backlog: int = 512) -> socket.socket:
        """A bound, listening socket. Raises :class:`AddressUnavailable`."""
        try:
            sock = self.network._socket("listen", self.side, host=host, port=port, backlog=backlog)
        except OSError as error:
            raise AddressUnavailable(explain_bind(host, port, error)) from error
        sock.setblocking(False)
        return sock

    def stream(self, source: str | None = None) -> socket.socket:
        """An unconnected, non-blocking TCP socket, bound to ``source`` or the modem's address."""
        sock = self._bound("stream", source)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def datagram(self, source: str | None = None) -> socket.socket:
        """A non-blocking UDP socket, bound in the same way."""
        return self._bound("datagram", source)

    def _bound(self, kind: str, source: str | None) -> socket.socket:
        address = source or self.address
        try:
            sock = self.network._socket(kind, self.side, source=address)
        except OSError as error:
            raise AddressUnavailable(explain_bind(address or "0.0.0.0", 0, error)) from error
        sock.setblocking(False)
        return sock


class PrivateNetwork:
    """Two namespaces joined by a veth pair; a context manager. Thread-safe.

    The platform's side has :data:`PLATFORM_ADDRESS`; each modem has an address of its own from
    :data:`MODEM_POOL`. There is no DNS, no route to the host, and no name left behind.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], channel: socket.socket, request_timeout_s: float
    ) -> None:
        """Use :meth:`create`."""
        self._request_timeout_s = request_timeout_s
        self._process = process
        self._channel = channel
        self._lock = threading.Lock()
        self._pool = ipaddress.ip_network(MODEM_POOL).hosts()
        self._addresses: dict[str, str] = {}
        self._closed = False
        self._spoilt = ""  #: why its holder is not asked any more
        self.right = ""  #: "administrator" or "user namespace"
        self.offloads_left: tuple[str, ...] = ()  #: offloads that could not be switched off

    @classmethod
    def create(
        cls,
        modems: Sequence[str] = (),
        *,
        address: str = PLATFORM_ADDRESS,
        timeout_s: float = 10.0,
        request_timeout_s: float = 5.0,
    ) -> Self:
        """Make the namespaces, with a modem address for each name.

        The deadlines are for start-up, and for each later request to the holder.
        Raises :class:`NamespacesUnavailable` with the reason.
        """
        deadline = Deadline.after(timeout_s)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                process = _start_holder(theirs, address)
        except OSError as error:
            ours.close()
            raise NamespacesUnavailable(
                f"cannot start the process that holds the private network: {error}"
            ) from error
        network = cls(process, ours, request_timeout_s)
        try:
            ready, _ = network._receive(deadline, timeout_s)
            if "error" in ready:
                raise NamespacesUnavailable(f"no private network: {ready['error']}")
            network.right = ready["right"]
            network.offloads_left = tuple(ready["offloads_left"])
            for name in modems:
                network.add_modem(name)
        except BaseException:
            network.close()
            raise
        return network

    @property
    def platform_sockets(self) -> NamespaceSockets:
        return NamespaceSockets(self, "platform")

    def modem_sockets(self, name: str) -> NamespaceSockets:
        """Sockets that come from the address of that modem."""
        return NamespaceSockets(self, "modem", self.address_of(name))

    def address_of(self, name: str) -> str:
        """The modem's address. Raises :class:`UsageError` for a name never added."""
        try:
            return self._addresses[name]
        except KeyError:
            known = ", ".join(self._addresses) or "none"
            raise UsageError(f"no modem {name!r} on the private network (known: {known})") from None

    def add_modem(self, name: str) -> str:
        """Give a modem an address, now or at any later time; a known one keeps its own."""
        if name in self._addresses:
            return self._addresses[name]
        try:
            address = str(next(self._pool))
        except StopIteration:
            raise NamespacesUnavailable(
                f"no address left for modem {name!r}: {MODEM_POOL} holds {len(self._addresses)}"
            ) from None
        try:
            self._request({"do": "address", "side": "modem", "address": address})
        except OSError as error:
            raise NamespacesUnavailable(f"cannot add {address} for {name!r}: {error}") from error
        self._addresses[name] = address
        return address

    def dns_query(
        self,
        name: str,
        hostname: str,
        *,
        resolver: str = ABSENT_RESOLVER,
        timeout_s: float = 1.0,
    ) -> dns.Outcome:
        """Really send one DNS query from that modem; on this network nobody answers (NET-NODNS).

        ``timeout_s`` 0 sends without waiting for the answer that will not come.
        """
        with self.modem_sockets(name).datagram() as sock:
            return dns.ask(sock, hostname, resolver, timeout_s)

    def packet_socket(self, side: Side = "platform") -> socket.socket:
        """An unbound AF_PACKET socket; it receives nothing before it is bound to an interface."""
        return self._socket("packet", side)

    def capture(self, path: Path) -> Capture:
        """A capture of the platform's end of the link into ``path``; start it with ``with``."""
        return Capture(self.packet_socket(), PLATFORM_LINK, path)

    def close(self) -> None:
        """Let the namespaces go. Safe to call twice; sockets handed out keep working."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._channel.close()
        if not _ended(self._process, 2.0):
            self._process.kill()
            _ended(self._process, 5.0)
        if self._process.stderr is not None:
            self._process.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def holder_pid(self) -> int:
        """The process that holds the namespaces (``nsenter -n -t PID`` looks at the modems)."""
        return self._process.pid

    def _socket(self, do: str, side: Side, **fields: Any) -> socket.socket:
        sock = self._request({"do": do, "side": side, **fields})
        if sock is None:
            raise NamespacesUnavailable("the private network's holder sent no socket")
        return sock

    def _request(self, request: dict[str, Any]) -> socket.socket | None:
        """One request; OSError is the kernel's refusal, NamespacesUnavailable a broken holder."""
        timeout_s = self._request_timeout_s
        deadline = Deadline.after(timeout_s)
        with self._lock:
            if self._closed:
                raise NamespacesUnavailable("the private network is closed")
            if self._spoilt:
                raise NamespacesUnavailable(f"{self._spoilt}; start again")
            try:
                self._channel.settimeout(max(deadline.left(), 0.001))
                self._channel.send(json.dumps(request).encode())
            except OSError as error:
                raise self._gone() from error
            answer, descriptors = self._receive(deadline, timeout_s)
        if "error" in answer:
            raise OSError(answer["errno"] or errno.EIO, answer["error"])
        return socket.socket(fileno=descriptors[0]) if descriptors else None

    def _receive(self, deadline: Deadline, timeout_s: float) -> tuple[dict[str, Any], list[int]]:
        try:
            self._channel.settimeout(max(deadline.left(), 0.001))
            message, descriptors, _, _ = socket.recv_fds(
                self._channel, MAX_MESSAGE, 1, socket.MSG_CMSG_CLOEXEC
            )
        except TimeoutError:
            raise self._given_up(f"did not answer in {timeout_s:g} s") from None
        except OSError as error:
            raise self._gone() from error
        except BaseException:  # Ctrl-C
            self._given_up("was interrupted in a request")
            raise
        if not message:
            raise self._gone()
        answer: dict[str, Any] = json.loads(message)
        return answer, descriptors

    def _given_up(self, why: str) -> NamespacesUnavailable:
        """A late answer, which may be there already, would be taken for the next one: this holder
        is of no more use."""
        self._process.kill()
        self._spoilt = f"the private network's holder {why}"
        return NamespacesUnavailable(self._spoilt)

    def _gone(self) -> NamespacesUnavailable:
        """Why the holder is gone: its exit status and the last line it wrote."""
        if not _ended(self._process, 1.0):
            return NamespacesUnavailable("the private network's holder closed its connection")
        code = self._process.wait()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        said = b""
        if self._process.stderr is not None and not self._process.stderr.closed:
            os.set_blocking(self._process.stderr.fileno(), False)
            said = self._process.stderr.read() or b""
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        detail = f": {last}" if last else ""
        return NamespacesUnavailable(f"the private network's holder {how}{detail}; start again")


def _ended(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Wait for the process to end, woken by its end; ``Popen.wait`` would poll, up to 50 ms."""
    if process.returncode is not None:
        return True
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:  # kernels before 5.3
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout_s)
        return process.returncode is not None
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(timeout_s * 1000):
            return False
    finally:
        os.close(descriptor)
    process.wait()
    return True


def _start_holder(channel: socket.socket, address: str) -> subprocess.Popen[bytes]:
    pool = ipaddress.ip_network(MODEM_POOL)
    config = {
        "platform": address,
        "pool": str(pool.network_address),
        "prefix": pool.prefixlen,
    }
    command = [sys.executable, "-S", "-m", "harness.network.holder"]
    command += [str(channel.fileno()), str(os.getpid()), json.dumps(config)]
    # -S leaves site-packages out (start-up time), so the child is told where this package is
    root = str(Path(harness.__file__).resolve().parent.parent)
    return subprocess.Popen(
        command,
        pass_fds=[channel.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
        start_new_session=True,
    )


@functools.cache
def namespaces_available() -> str | None:
    """None when private networks can be made here, else the reason. Tries it once, then knows."""
    try:
        PrivateNetwork.create().close()
    except NamespacesUnavailable as error:
        return str(error)
    return None
