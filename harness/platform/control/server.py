"""Serves the control API from a thread of its own."""

from __future__ import annotations

import threading

import uvicorn

from harness.clock import Deadline, pause
from harness.errors import RigError
from harness.evidence import Redactor
from harness.network.sockets import SocketFactory
from harness.platform.control.app import make_app
from harness.platform.control.feed import Feed
from harness.platform.facade import Platform

_PATIENCE_S = 10.0


class ControlServer:
    """The control API on one address, until :meth:`stop`."""

    def __init__(self, platform: Platform, feed: Feed, redactor: Redactor) -> None:
        config = uvicorn.Config(
            make_app(platform, feed, redactor),
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._feed = feed
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    def start(self, sockets: SocketFactory, host: str, port: int) -> tuple[str, int]:
        """Listen and answer; returns the address bound.

        Raises :class:`~harness.network.sockets.AddressUnavailable`.
        """
        listener = sockets.listener(host, port)
        bound = listener.getsockname()[:2]
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="hil-control", daemon=True
        )
        self._thread.start()
        deadline = Deadline.after(_PATIENCE_S)
        while not self._server.started:
            if deadline.expired or not self._thread.is_alive():
                raise RigError("the control API did not come up; is the address usable?")
            pause(0.002)  # uvicorn offers no event for this
        return str(bound[0]), int(bound[1])

    def stop(self) -> None:
        """Stop answering. Safe to call twice."""
        self._feed.close()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_PATIENCE_S)
