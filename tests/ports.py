"""Ports of loopback that are known before anybody listens at them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port at which nobody listens until somebody is told to.

    A port that was only looked up and let go is another program's a moment later. This one is held:
    the kernel gives it to nobody who asks for any port, nor to a client, while a server that names
    it gets it (Linux: both with SO_REUSEADDR, and this one does not listen).
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])
