"""Clients that take their time do not take everybody else's."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Sequence

from harness.clock import Deadline, pause
from harness.platform.settings import PlatformSettings, TimeLimits
from tests.platform.bench import request
from tests.survival.bench import crowd, drip, honest
from tests.tls.https import Https, serving


def test_a_byte_at_a_time_is_cut_and_nobody_waits() -> None:
    """Requests and handshakes that trickle end at their time limit, however regularly a byte
    comes; meanwhile others are served on both ports."""
    times = TimeLimits(stall_s=2.0, request_s=2.5, handshake_s=2.5)
    with (
        serving(PlatformSettings(times=times)) as https,
        crowd(https.rig.address, 40) as plain,
        crowd(https.address, 40) as secured,
    ):
        said: dict[str, list[bytes]] = {}
        threads = [
            threading.Thread(target=lambda: said.update(plain=drip(plain, request(), 0.02))),
            threading.Thread(
                target=lambda: said.update(tls=drip(secured, b"\x16\x03\x01\x02\x00\x01", 0.02))
            ),
        ]
        for thread in threads:
            thread.start()
        served = 0
        while any(thread.is_alive() for thread in threads):
            honest(https)
            served += 1
        for thread in threads:
            thread.join()
        assert served > 1
        assert all(answer.startswith(b"HTTP/1.1 400 ") for answer in said["plain"])
        assert len(said["tls"]) == 40
        late = [one for one in https.rig.platform.uplinks if one.outcome.value == "malformed"]
        assert len(late) == 40
        deadline = Deadline.after(60)
        while https.rig.platform.connections:
            assert not deadline.expired
            pause(0.02)


def test_a_house_full_of_slow_ones_still_has_a_place() -> None:
    """When every connection is in the middle of a request, the slowest one that has had its time
    makes room for a device that comes."""
    settings = PlatformSettings(max_connections=10, times=TimeLimits(stall_s=0.3, request_s=60.0))
    with serving(settings) as https:
        deadline = Deadline.after(60)
        # Were they silent too long, because we had to wait, they went for that, and left a place.
        while not any("slowest of 10" in one.why for one in https.rig.platform.aborted):
            with crowd(https.rig.address, 10) as slow:
                _find_a_place(https, slow, deadline)


def _find_a_place(https: Https, slow: Sequence[socket.socket], deadline: Deadline) -> None:
    """The device is served before the slow ones are at the end of their requests."""
    answer, position, raw = b"", 0, request()
    while not answer.startswith(b"HTTP/1.1 202 "):
        assert not deadline.expired
        assert position < len(raw) - 1
        for sock in slow:
            with contextlib.suppress(ConnectionError):  # the one that had to go
                sock.send(raw[position : position + 1])
        position += 1
        pause(0.05)
        with contextlib.suppress(ConnectionError):
            answer = https.rig.post(request())
