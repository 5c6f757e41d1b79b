"""Joins a port to a socket of the abstract namespace, where ModemManager's test ports are."""

from __future__ import annotations

import os
import select
import socket
import termios
import threading
from contextlib import suppress


class Bridge:
    """Listens as ``abstract:NAME`` and copies between its one client and the port."""

    def __init__(self, path: str, name: str) -> None:
        self._port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        termios.tcflush(self._port, termios.TCIFLUSH)  # what was said at power-up is a reset later
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(f"\0abstract:{name}")
        self._listener.listen()
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.write(self._stop, b"x")
        self._thread.join(10)
        self._listener.close()
        for fd in (self._port, self._wake, self._stop):
            os.close(fd)

    def _serve(self) -> None:
        while self._wait(self._listener.fileno()):
            client, _ = self._listener.accept()
            with client, suppress(ConnectionError):  # it may go while we write to it
                self._copy(client)

    def _wait(self, *fds: int) -> list[int]:
        """Those that can be read; empty when told to stop."""
        readable = select.select([*fds, self._wake], [], [])[0]
        return [] if self._wake in readable else readable

    def _copy(self, client: socket.socket) -> None:
        while readable := self._wait(client.fileno(), self._port):
            if self._port in readable:
                client.sendall(os.read(self._port, 4096))
            if client.fileno() in readable:
                if not (data := client.recv(4096)):
                    return
                os.write(self._port, data)
