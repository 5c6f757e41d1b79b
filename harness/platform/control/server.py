"""Serves the control API from a thread of its own."""

from __future__ import annotations

import threading

import uvicorn

from harness.clock import Deadline, pause
from harness.errors import RigError, UsageError
from harness.evidence import Redactor
from harness.network.sockets import SocketFactory
from harness.platform.control.access import OWN_MACHINE, Access
from harness.platform.control.app import make_app
from harness.platform.control.feed import Feed
from harness.platform.control.guard import Guard
from harness.platform.control.patience import USUAL, Patience, protocol
from harness.platform.facade import Platform

_PATIENCE_S = 10.0


class ControlServer:
    """The control API on one address, until :meth:`stop`."""

    def __init__(
        self,
        platform: Platform,
        feed: Feed,
        redactor: Redactor,
        access: Access = OWN_MACHINE,
        patience: Patience = USUAL,
    ) -> None:
        self._access = access
        app = make_app(platform, feed, redactor)
        config = uvicorn.Config(
            Guard(app, access, platform.actuator.own_door, body_s=patience.body_s),
            http=protocol(patience),
            log_config=None,  # whoever wants to hear listens to the logger "uvicorn.error"
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._feed = feed
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    def start(self, sockets: SocketFactory, host: str, port: int) -> tuple[str, int]:
        """Listen and answer; returns the address bound.

        Raises :class:`~harness.network.sockets.AddressUnavailable`, and
        :class:`~harness.errors.UsageError` when other machines reach it and no token is set.
        """
        listener = sockets.listener(host, port)
        bound = listener.getsockname()[:2]
        try:
            self._access.demand_token(str(bound[0]))
        except UsageError:
            listener.close()
            raise
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
