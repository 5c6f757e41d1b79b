"""How long the control address waits for a client, and for how many: others want to be served.

uvicorn waits for ever for a request that trickles in, and takes connections until the process has
no file descriptors left, which devices need as well.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Patience:
    """``head_s``, ``body_s``: seconds for a request's head, and for its body, until it is whole.

    ``connections``: so many at a time; a further one is closed at once.
    """

    head_s: float = 10.0
    body_s: float = 30.0
    connections: int = 256


USUAL = Patience()


def protocol(patience: Patience) -> type[asyncio.Protocol]:
    """HTTP/1.1 as uvicorn speaks it, for those who come to the point."""

    class Impatient(H11Protocol):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._head_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
            super().connection_made(transport)
            if len(self.connections) > patience.connections:
                transport.abort()
            else:
                self._look_at_clock()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._look_at_clock()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_clock()
            super().connection_lost(exc)

        def _look_at_clock(self) -> None:
            """It runs while the next request's head is awaited, from the first byte of it on."""
            if self.conn.their_state is not h11.IDLE:
                self._stop_clock()
            elif self._head_timer is None:
                self._head_timer = self.loop.call_later(patience.head_s, self._give_up)

        def _stop_clock(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _give_up(self) -> None:
            if not self.transport.is_closing():
                self.transport.write(_TOO_SLOW)
                self.transport.close()

    return Impatient
