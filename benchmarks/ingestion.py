"""Ingestion side by side: ours, pytest-httpserver, aiohttp, nginx when it is installed.

Each server is a process of its own, the load another; rounds are interleaved, medians and ratios of
rounds are shown. Peers check the token; ours also makes all findings. nginx only answers 202.

    python benchmarks/ingestion.py [--rounds 5] [--seconds 1.0] [--json]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

SECRET = "0123456789ABCDEFGHIJabcdefghij"
IMEI = "356726104408422"
PATH = "/ingestion/m2m/senml/v1"
VARIANTS = 512  # different bodies, so that nothing is gained by remembering one


def bodies() -> list[bytes]:
    """203 bytes, four measurements each."""
    made = []
    for number in range(VARIANTS):
        records = ",".join(
            f'{{"n":"{name}","u":"{unit}","v":{number + index}.5}}'
            for index, (name, unit) in enumerate(
                [("temperature", "Cel"), ("humidity", "%RH"), ("battery", "%EL"), ("level", "m")]
            )
        )
        made.append(f'[{{"bn":"urn:dev:IMEI:{IMEI}:"}},{records}]'.encode())
    return made


def requests() -> list[bytes]:
    return [
        b"POST %s HTTP/1.1\r\nHost: m.m\r\nThings-Message-Token: %s\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (
            PATH.encode(),
            hashlib.sha256(body + SECRET.encode()).hexdigest().encode(),
            len(body),
            body,
        )
        for body in bodies()
    ]


def load(port: int, connections: int, seconds: float, keep_alive: bool = True) -> float:
    """Answers per second of a closed loop on ``connections`` sockets."""
    texts = requests()
    poll = select.epoll()
    socks: dict[int, socket.socket] = {}
    count = index = 0

    def open_one() -> None:
        nonlocal index
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        socks[sock.fileno()] = sock
        poll.register(sock.fileno(), select.EPOLLIN)
        sock.send(texts[index % VARIANTS])
        index += 1

    for _ in range(connections):
        open_one()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for fd, _ in poll.poll(1):
            sock = socks[fd]
            data = sock.recv(4096)
            if data:
                if b" 20" not in data[:14]:
                    raise SystemExit(f"refused: {data[:100]!r}")
                count += 1
            if data and keep_alive:
                sock.send(texts[index % VARIANTS])
                index += 1
            else:
                poll.unregister(fd)
                del socks[fd]
                sock.close()
                open_one()
    for sock in socks.values():
        sock.close()
    return count / seconds


def _ours(pipe: Connection, recorded: bool) -> None:
    from harness.clock import RealClock
    from harness.evidence import Timeline
    from harness.network.loop import LoopThread
    from harness.network.sockets import HostSockets
    from harness.platform.evidence import NO_EVIDENCE
    from harness.platform.facade import Platform
    from harness.platform.registry import Registration, Registry

    clock = RealClock()
    recorder = Timeline(None, clock, keep=20_000) if recorded else NO_EVIDENCE
    registry = Registry([Registration("tracker-1", imei=IMEI, secret=SECRET)])
    loop = LoopThread()
    platform = Platform(registry, clock=clock, recorder=recorder, loop=loop)
    pipe.send(platform.start(HostSockets())[1])
    pipe.recv()


def ours(pipe: Connection) -> None:
    _ours(pipe, False)


def ours_recorded(pipe: Connection) -> None:
    _ours(pipe, True)


def aiohttp_server(pipe: Connection) -> None:
    import asyncio
    import hmac
    from collections import deque

    from aiohttp import web

    kept: deque[object] = deque(maxlen=20_000)
    secret = SECRET.encode()

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        expected = hashlib.sha256(body + secret).hexdigest()
        good = hmac.compare_digest(expected, request.headers.get("Things-Message-Token", ""))
        kept.append((request.raw_headers, body))
        return web.Response(status=202 if good else 401)

    async def serve() -> None:
        app = web.Application()
        app.router.add_post(PATH, handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        pipe.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(serve())


def httpserver(pipe: Connection) -> None:
    import hmac
    import logging

    from pytest_httpserver import HTTPServer
    from werkzeug import Request, Response

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    secret = SECRET.encode()

    def handle(request: Request) -> Response:
        body = request.get_data()
        expected = hashlib.sha256(body + secret).hexdigest()
        good = hmac.compare_digest(expected, request.headers.get("Things-Message-Token", ""))
        return Response(status=202 if good else 401)

    server = HTTPServer()
    server.expect_request(PATH, method="POST").respond_with_handler(handle)
    server.start()
    pipe.send(server.port)
    pipe.recv()


def nginx(pipe: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="bench-nginx-"))
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error;"
        f"events{{}} http{{ access_log off; keepalive_requests 100000000;"
        f"server{{ listen 127.0.0.1:{port}; location / {{ return 202; }} }} }}"
    )
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([binary, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    signal.signal(signal.SIGTERM, lambda *_: (process.terminate(), sys.exit(0)))
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.02)
    pipe.send(port)
    pipe.recv()


def start_and_stop(times: int = 200) -> float:
    """Milliseconds for start and stop of our platform on a loop that runs: the median."""
    from harness.clock import RealClock
    from harness.network.loop import LoopThread
    from harness.network.sockets import HostSockets
    from harness.platform.evidence import NO_EVIDENCE
    from harness.platform.facade import Platform
    from harness.platform.registry import Registry

    loop, taken = LoopThread(), []
    for _ in range(times):
        begun = time.perf_counter()
        platform = Platform(Registry(), clock=RealClock(), recorder=NO_EVIDENCE, loop=loop)
        platform.start(HostSockets())
        platform.stop()
        taken.append((time.perf_counter() - begun) * 1000)
    loop.close()
    return statistics.median(taken)


def one_round(server: Callable[[Connection], None], seconds: float) -> dict[str, float]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=server, args=(there,), daemon=True)
    process.start()
    port = here.recv()
    pin(process.pid, 0)
    try:
        kept = server is not httpserver  # it closes each connection
        load(port, 16, seconds / 2, kept)
        return {
            "keep-alive x16": load(port, 16, seconds, kept),
            "one connection": load(port, 1, seconds / 2, kept),
        }
    finally:
        process.terminate()
        process.join(5)


def pin(pid: int | None, cpu: int) -> None:
    if pid is not None and hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {cpu})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    servers: dict[str, Callable[[Connection], None]] = {
        "ours": ours,
        "ours, recorded": ours_recorded,
        "aiohttp": aiohttp_server,
        "pytest-httpserver": httpserver,
    }
    if shutil.which("nginx") or Path("/usr/sbin/nginx").exists():
        servers["nginx, no check"] = nginx
    pin(os.getpid(), 1)
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    names = list(servers)
    for number in range(options.rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            rounds[name].append(one_round(servers[name], options.seconds))
    result: dict[str, object] = {"start+stop ms": round(start_and_stop(), 3)}
    for kind in ("keep-alive x16", "one connection"):
        table = {}
        for name in names:
            rates = [taken[kind] for taken in rounds[name]]
            ratios = [
                mine[kind] / peer[kind]
                for mine, peer in zip(rounds["ours"], rounds[name], strict=True)
            ]
            table[name] = {
                "median": round(statistics.median(rates)),
                "min": round(min(rates)),
                "max": round(max(rates)),
                "ours is times": round(statistics.median(ratios), 2),
            }
        result[kind] = table
    if options.json:
        print(json.dumps(result))
        return 0
    for kind, table in result.items():
        print(f"\n{kind}" + (f": {table}" if not isinstance(table, dict) else ", answers/s"))
        if isinstance(table, dict):
            for name, row in table.items():
                span = f"({row['min']}-{row['max']})"
                print(f"  {name:20}{row['median']:>9} {span:20} ours is {row['ours is times']} x")
    return 0


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.exit(main())
