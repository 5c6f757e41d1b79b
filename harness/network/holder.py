"""The holder: a small child process that owns the namespaces of one private network.

Our own process never changes its namespaces. This one does, and hands sockets made inside them
over a UNIX socket pair (SCM_RIGHTS, unix(7)); a socket stays in the namespace it was made in.
There are no names and no files: the namespaces go with the last process or socket that uses them.
So nothing is left behind, also after ``kill -9`` of either side: the holder leaves at end of file
of its socket, and when its parent has gone (a pidfd; PR_SET_PDEATHSIG would already fire when the
*thread* that started it ends).

Standard library only, and little of it, because start-up time counts. Run by
:class:`harness.network.private.PrivateNetwork` as
``python -S -m harness.network.holder DESCRIPTOR PARENT CONFIG``.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from harness.network import namespaces, rtnetlink

PLATFORM_LINK = "platform0"
MODEM_LINK = "modems0"
MAX_MESSAGE = 65536

Request = Mapping[str, Any]


@contextmanager
def _step(doing: str) -> Iterator[None]:
    """Say what was being done when the kernel refused."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"{doing}: {namespaces.why_refused(error)}") from error


class Holder:
    """Two namespaces and the link between them."""

    def __init__(self, platform: str, pool: str, prefix: int) -> None:
        with _step("making network namespaces"):
            self.right = namespaces.become_private()
            self._platform = namespaces.current()
            rtnetlink.link_up("lo")
            namespaces.unshare(namespaces.CLONE_NEWNET)
            self._modems = namespaces.current()
            rtnetlink.link_up("lo")
        with _step("linking them by a veth pair"):
            rtnetlink.add_veth(MODEM_LINK, PLATFORM_LINK, self._platform)
            self._connect(platform, pool, prefix)
        self._operations: dict[str, Callable[[Request], socket.socket | None]] = {
            "address": self._address,
            "listen": self._listen,
            "stream": self._stream,
            "datagram": self._datagram,
            "packet": self._packet,
        }

    def _connect(self, platform: str, pool: str, prefix: int) -> None:
        # Everything leaves through the link: what a modem sends to an address that nobody has (a
        # resolver, say) is seen there, and then dropped, since the platform does not forward.
        self.refused = self._raise(MODEM_LINK)
        rtnetlink.add_route(MODEM_LINK, platform, 32)
        with namespaces.inside(self._platform, self._modems):
            self._raise(PLATFORM_LINK)
            rtnetlink.add_address(PLATFORM_LINK, platform)
            rtnetlink.add_route(PLATFORM_LINK, pool, prefix)
        rtnetlink.add_route(MODEM_LINK, "0.0.0.0", 0, gateway=platform)

    @staticmethod
    def _raise(link: str) -> list[str]:
        refused = namespaces.offloads_off(link)
        with suppress(OSError):
            rtnetlink.without_ipv6(link)
        rtnetlink.link_up(link)
        return refused

    def handle(self, request: Request) -> socket.socket | None:
        """Do one request in the namespace it names; OSError when the kernel refuses."""
        side = self._platform if request["side"] == "platform" else self._modems
        with namespaces.inside(side, self._modems):
            return self._operations[request["do"]](request)

    def _address(self, request: Request) -> None:
        link = PLATFORM_LINK if request["side"] == "platform" else MODEM_LINK
        rtnetlink.add_address(link, request["address"])

    def _listen(self, request: Request) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((request["host"], request["port"]))
            sock.listen(request["backlog"])
        except OSError:
            sock.close()
            raise
        return sock

    def _stream(self, request: Request) -> socket.socket:
        return self._bound(socket.SOCK_STREAM, request["source"])

    def _datagram(self, request: Request) -> socket.socket:
        return self._bound(socket.SOCK_DGRAM, request["source"])

    def _bound(self, kind: int, source: str | None) -> socket.socket:
        sock = socket.socket(socket.AF_INET, kind)
        if source is not None:
            try:
                sock.bind((source, 0))
            except OSError:
                sock.close()
                raise
        return sock

    def _packet(self, request: Request) -> socket.socket:
        # protocol 0: it receives nothing before the capture binds it
        return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)


def serve(channel: socket.socket, holder: Holder, parent: int) -> None:
    """Answer requests until the other end is closed or the parent process has gone."""
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    with suppress(OSError):  # kernels before 5.3: end of file alone has to do
        poll.register(os.pidfd_open(parent), select.POLLIN)
    if os.getppid() != parent:
        return
    while True:
        ready = [fd for fd, _ in poll.poll()]
        if channel.fileno() not in ready:
            return
        message = channel.recv(MAX_MESSAGE)
        if not message:
            return
        try:
            made = holder.handle(json.loads(message))
        except OSError as error:
            _answer(channel, {"errno": error.errno, "error": error.strerror or str(error)})
            continue
        _answer(channel, {"ok": True}, made)


def _answer(channel: socket.socket, body: Request, made: socket.socket | None = None) -> None:
    message = json.dumps(body).encode()
    if made is None:
        channel.send(message)
        return
    with made:
        socket.send_fds(channel, [message], [made.fileno()])


def main(arguments: list[str]) -> int:
    for number in (signal.SIGINT, signal.SIGHUP):  # Ctrl-C is for our parent, who then closes us
        signal.signal(number, signal.SIG_IGN)
    channel = socket.socket(fileno=int(arguments[0]))
    config = json.loads(arguments[2])
    try:
        holder = Holder(config["platform"], config["pool"], config["prefix"])
    except OSError as error:
        body = {"errno": error.errno, "error": error.strerror or str(error)}
        with suppress(OSError):  # the parent may have gone meanwhile
            _answer(channel, body)
        return 1
    with suppress(BrokenPipeError, ConnectionResetError):
        _answer(channel, {"ok": True, "right": holder.right, "offloads_left": holder.refused})
        serve(channel, holder, int(arguments[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
