"""Short conversations over real sockets, with deadlines."""

from __future__ import annotations

import socket

from harness.network.sockets import SocketFactory

PLATFORM = ("10.151.236.157", 80)
REQUEST = b"POST /ingestion/m2m/senml/v1 HTTP/1.1\r\nHost: m.m\r\nContent-Length: 2\r\n\r\n[]"
RESPONSE = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


def connect(
    listener: socket.socket, client: SocketFactory, to: tuple[str, int] = PLATFORM
) -> tuple[socket.socket, socket.socket]:
    """A connected pair: the client's end, the listener's end."""
    ours = client.stream()
    ours.settimeout(10.0)
    ours.connect(to)
    listener.settimeout(10.0)
    theirs, _ = listener.accept()
    theirs.settimeout(10.0)
    return ours, theirs


def exchange(listener: socket.socket, client: SocketFactory, to: tuple[str, int] = PLATFORM) -> str:
    """One request, one response, both ends closed; returns the client's address as seen there."""
    ours, theirs = connect(listener, client, to)
    with ours, theirs:
        ours.sendall(REQUEST)
        assert receive(theirs, len(REQUEST)) == REQUEST
        theirs.sendall(RESPONSE)
        assert receive(ours, len(RESPONSE)) == RESPONSE
        peer: str = theirs.getpeername()[0]
        ours.close()
        assert theirs.recv(1) == b""
    return peer


def receive(sock: socket.socket, size: int) -> bytes:
    """Exactly ``size`` bytes."""
    got = b""
    while len(got) < size:
        part = sock.recv(size - len(got))
        assert part, f"closed after {len(got)} of {size} bytes"
        got += part
    return got
