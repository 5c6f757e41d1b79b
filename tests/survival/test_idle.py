"""Two thousand connections that only sit there, at a real ``hil serve``."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from tests.platform.bench import read_answer, request
from tests.survival.bench import closed, crowd, need_descriptors, program
from tests.tls.https import NAME, ip_request

LIMIT = 2_000  # of connections, as `hil serve` has it


def test_idle_connections_make_room_and_lock_nobody_out(tmp_path: Path) -> None:
    """2,000 on the one port, 200 more on the other: both kinds of devices are served at once, a
    device on a connection it uses keeps it, and of the others the oldest had to go."""
    need_descriptors(LIMIT + 2_000)
    with program(tmp_path) as bound:
        trusting = ssl.create_default_context(cafile=str(bound.ca))
        with (
            crowd(bound.http, LIMIT // 2) as old,
            socket.create_connection(bound.http, timeout=60) as device,
        ):
            device.sendall(request())
            assert read_answer(device).startswith(b"HTTP/1.1 202 ")
            with crowd(bound.http, LIMIT // 2) as middle, crowd(bound.https, 200) as new:
                with socket.create_connection(bound.http, timeout=60) as newcomer:
                    newcomer.sendall(request())
                    assert read_answer(newcomer).startswith(b"HTTP/1.1 202 ")
                with (
                    socket.create_connection(bound.https, timeout=60) as plain,
                    trusting.wrap_socket(plain, server_hostname=NAME) as secured,
                ):
                    secured.sendall(ip_request(host=NAME))
                    assert read_answer(secured).startswith(b"HTTP/1.1 202 ")
                device.sendall(request())
                assert read_answer(device).startswith(b"HTTP/1.1 202 ")
                gone = closed(old)
                assert 200 <= sum(gone) <= 210
                assert gone == sorted(gone, reverse=True)
                assert not any(closed(middle))
                assert not any(closed(new))
