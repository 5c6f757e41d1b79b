"""A real HTTP exchange on loopback: requests kept byte for byte, responses as scripted."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Step = bytes | str | Callable[[], object]


def http(status: str, body: bytes = b"") -> bytes:
    """A plain response with Content-Length."""
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


ACCEPTED = http("202 Accepted")


@dataclass(frozen=True)
class Request:
    """One received request."""

    raw: bytes

    @property
    def head(self) -> str:
        """Request line and headers."""
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def body(self) -> bytes:
        """All that came after the head, whatever Content-Length says."""
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def pack(self) -> list[dict[str, Any]]:
        """The body as JSON."""
        found = json.loads(self.body)
        assert isinstance(found, list)
        return found

    def header(self, name: str) -> str:
        """The value of a header in exactly this spelling, or ''."""
        match = re.search(rf"^{name}: (.*?)\r?$", self.head, re.MULTILINE)
        return match[1] if match else ""


class ScriptedPlatform:
    """Answers each connection with the next script, 202 when there is none left.

    A script is a list of steps: bytes to send, ``"reset"``, ``"hold"`` (answer nothing, keep the
    connection until the device closes it), or a function to call.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[Request] = []
        self.scripts: list[list[Step]] = []
        self.default: list[Step] = [ACCEPTED]
        self.arrived = threading.Condition()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def wait_for(self, count: int, timeout: float = 15.0) -> list[Request]:
        """Wait until ``count`` requests have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, timeout), (
                f"{len(self.requests)} of {count} requests came"
            )
            return self.requests[:count]

    def close(self) -> None:
        """Stop listening and end the thread."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _run(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.settimeout(10)
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        raw = self._read(connection)
        if not raw:
            return
        with self.arrived:
            self.requests.append(Request(raw))
            script = self.scripts.pop(0) if self.scripts else self.default
            self.arrived.notify_all()
        for step in script:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif step == "reset":
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            elif step == "hold":
                self._until_closed(connection)
            elif callable(step):
                step()
        if script and isinstance(script[-1], bytes) and b"ontent-" in script[-1]:
            self._until_closed(connection)

    @staticmethod
    def _until_closed(connection: socket.socket) -> None:
        try:
            while connection.recv(4096):
                pass
        except OSError:
            pass

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        raw = b""
        try:
            while b"\r\n\r\n" not in raw or not raw.endswith(b"]"):
                data = connection.recv(4096)
                if not data:
                    break
                raw += data
        except OSError:
            pass
        return raw
