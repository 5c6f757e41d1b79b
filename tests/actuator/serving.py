"""A platform with its Actuator API, on a clock that the test moves."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.clock import VirtualClock
from harness.evidence import Timeline
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.actuator.model import device_id, network_id
from harness.platform.actuator.settings import ActuatorSettings
from harness.platform.control.access import OWN_MACHINE, Access
from harness.platform.control.feed import Feed
from harness.platform.control.server import ControlServer
from harness.platform.facade import Platform
from harness.platform.registry import Registration, Registry
from harness.platform.settings import PlatformSettings
from tests.control.serving import Answer, Controlled
from tests.platform.bench import NOW, SECRET, UUID, read_answer, request

TRACKER = Registration(
    "tracker-1", imei="356726104408422", secret=SECRET, iccid="8931041010654378932",
    msisdn="+3197012345678", sim="plus",
)  # fmt: skip
REGULAR = Registration("regular-1", imei="490154203237518", secret=SECRET)
PROBE = Registration("probe-1", dvnuuid=UUID, secret=SECRET)
NETWORK, DEVICE = network_id(TRACKER), device_id(TRACKER)
COMMAND = [{"bn": NETWORK, "n": "interval", "v": 600}]


@dataclass(frozen=True)
class Acting(Controlled):
    """A running Actuator API; ``uplinks`` is where devices send theirs."""

    clock: VirtualClock
    uplinks: tuple[str, int]

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("/actuator" + path, headers)

    def post(self, path: str, order: Any, **headers: str) -> Answer:
        body = order if isinstance(order, bytes) else json.dumps(order).encode()
        return self.ask("/actuator" + path, headers, method="POST", body=body)

    def listed(self, path: str = "/downlinks") -> list[dict[str, Any]]:
        """The content of a listing."""
        answer = self.get(path)
        assert answer.status == 200, answer.body
        content: list[dict[str, Any]] = answer.json()["content"]
        return content

    def uplink(self) -> bytes:
        """The body of the response to an uplink of tracker-1."""
        with socket.create_connection(self.uplinks, timeout=60) as sock:
            sock.sendall(request())
            return read_answer(sock).partition(b"\r\n\r\n")[2]


@contextlib.contextmanager
def acting(
    settings: ActuatorSettings | None = None, access: Access = OWN_MACHINE
) -> Iterator[Acting]:
    """Three devices: M2M with a plus SIM, M2M with a regular one, and Internet."""
    clock, loop = VirtualClock(NOW), LoopThread()
    timeline = Timeline(None, clock)
    platform = Platform(
        Registry([TRACKER, REGULAR, PROBE]),
        clock=clock,
        recorder=timeline,
        loop=loop,
        work=clock.work,
        settings=PlatformSettings(actuator=settings or ActuatorSettings()),
    )
    server = ControlServer(platform, Feed(timeline), timeline.redactor, access)
    try:
        bound = server.start(HostSockets(), "127.0.0.1", 0)
        yield Acting(bound, timeline, platform, clock, platform.start(HostSockets()))
    finally:
        server.stop()
        platform.stop()
        loop.close()
        clock.close()
