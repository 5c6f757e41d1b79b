"""Ingestion side by side: ours, pytest-httpserver, aiohttp, nginx; and the choice of a parser.

Each server is a process of its own on CPU 0; the load (C where a compiler is found, else Python) is
another on CPU 1. Rounds are interleaved and rotated. Peers check the token; ours makes all findings
as well. nginx only answers 202: it is the limit. The two bare protocols differ in their parser
alone: ours, strict, against httptools. "Recorded" keeps the timeline as ``hil serve`` does, "on
file" writes it as ``hil run`` does, "stored" is recorded and commits each uplink to SQLite before
its answer. On a machine that others use as well, the answers per second of a server's own CPU time
are the steadier figures.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import multiprocessing
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import common
import ingestion_servers as servers
from ingestion_servers import IMEI, PATH, SECRET

VARIANTS = 512  # different bodies, so that nothing is gained by remembering one
KEEP_ALIVE, ONE = "16 connections", "1 connection"
PER_CPU = "16 connections, answers per CPU second"
PEERS: dict[str, tuple[Callable[[Connection], None], Callable[[], object]]] = {
    "pytest-httpserver": (
        servers.httpserver,
        lambda: importlib.util.find_spec("pytest_httpserver"),
    ),
    "pytest-httpserver, threaded": (
        servers.httpserver_threaded,
        lambda: importlib.util.find_spec("pytest_httpserver"),
    ),
    "aiohttp": (servers.aiohttp_server, lambda: importlib.util.find_spec("aiohttp")),
    "nginx, no check": (servers.nginx, servers.nginx_binary),
    "httptools, bare": (servers.httptools_reader, lambda: importlib.util.find_spec("httptools")),
}
OURS: dict[str, Callable[[Connection], None]] = {
    "ours": servers.ours,
    "ours, recorded": servers.ours_recorded,
    "ours, on file": servers.ours_on_file,
    "ours, stored": servers.ours_stored,
    "our reader, bare": servers.our_reader,
}
CLOSING = (servers.httpserver, servers.httpserver_threaded)  # HTTP/1.0: each connection is closed
# (who, peer, with how many connections, least ratio)
COMPARISONS: tuple[tuple[str, str, str, float | None], ...] = (
    ("ours", "pytest-httpserver", PER_CPU, 25),
    ("ours", "pytest-httpserver, threaded", PER_CPU, 25),
    ("ours", "aiohttp", PER_CPU, 3),
    ("ours", "nginx, no check", PER_CPU, None),
    ("ours, recorded", "pytest-httpserver", PER_CPU, 15),
    ("ours, recorded", "aiohttp", PER_CPU, 2),
    ("ours, on file", "aiohttp", PER_CPU, None),
    ("ours, stored", "ours, recorded", PER_CPU, None),
    ("ours, stored", "aiohttp", PER_CPU, None),
    ("our reader, bare", "httptools, bare", PER_CPU, None),
    ("ours", "pytest-httpserver", KEEP_ALIVE, 25),
    ("ours", "pytest-httpserver, threaded", KEEP_ALIVE, 25),
    ("ours", "aiohttp", KEEP_ALIVE, 3),
    ("our reader, bare", "pytest-httpserver", KEEP_ALIVE, None),
    ("ours", "nginx, no check", KEEP_ALIVE, None),
    ("ours", "nginx, no check", ONE, None),
    ("ours", "aiohttp", ONE, None),
    ("ours, recorded", "pytest-httpserver", KEEP_ALIVE, 15),
    ("ours, recorded", "aiohttp", KEEP_ALIVE, 2),
    ("ours, on file", "pytest-httpserver", KEEP_ALIVE, None),
    ("ours, on file", "aiohttp", KEEP_ALIVE, None),
    ("ours, stored", "ours, recorded", KEEP_ALIVE, None),
    ("ours, stored", "ours, recorded", ONE, None),
    ("our reader, bare", "httptools, bare", KEEP_ALIVE, None),
    ("our reader, bare", "httptools, bare", ONE, None),
)


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


def python_load(port: int, connections: int, seconds: float, keep_alive: bool = True) -> float:
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


class Load:
    """The load generator: compiled once, or Python's own where there is no compiler."""

    def __init__(self, folder: Path, texts: Sequence[bytes] | None = None) -> None:
        texts = requests() if texts is None else texts
        self.requests = b"".join(struct.pack("=I", len(one)) + one for one in texts)
        self.program: Path | None = None
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is not None:
            source, program = Path(__file__).with_name("load.c"), folder / "load"
            subprocess.run([compiler, "-O2", "-o", str(program), str(source)], check=True)
            self.program = program

    def __call__(self, port: int, connections: int, seconds: float, keep_alive: bool) -> float:
        """Answers per second."""
        if self.program is None:
            return python_load(port, connections, seconds, keep_alive)
        command = [str(self.program), str(port), str(connections), str(seconds)]
        done = subprocess.run(
            [*command, str(int(keep_alive))],
            input=self.requests, capture_output=True, timeout=seconds + 30, check=True,
        )  # fmt: skip
        return float(done.stdout.split()[1])


def one_round(load: Load, server: Callable[[Connection], None], seconds: float) -> dict[str, float]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=server, args=(there,), daemon=True)
    process.start()
    port = here.recv()
    pin(process.pid, 0)
    try:
        keep_alive = server not in CLOSING
        load(port, 16, seconds / 2, keep_alive)
        busy = cpu_seconds(process.pid)
        sixteen = load(port, 16, seconds, keep_alive)
        busy = cpu_seconds(process.pid) - busy
        one = load(port, 1, seconds / 2, keep_alive)
        return {KEEP_ALIVE: sixteen, PER_CPU: sixteen * seconds / busy, ONE: one}
    finally:
        process.terminate()
        process.join(5)


def pin(pid: int | None, cpu: int) -> None:
    """All threads and children that the process has by now."""
    if pid is None or (os.cpu_count() or 1) < 2 or not hasattr(os, "sched_setaffinity"):
        return
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            os.sched_setaffinity(int(task.name), {cpu})
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pin(int(child), cpu)


def cpu_seconds(pid: int | None) -> float:
    """Processor time of the process and its children so far, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    used += sum(cpu_seconds(int(child)) for child in children)
    return used


def start_and_stop(times: int) -> list[float]:
    """Milliseconds for start and stop of our platform on a loop that runs."""
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
    return taken


def parse_only(count: int, heads: list[bytes]) -> dict[str, float]:
    """Microseconds per request of each parser, no socket and no token check."""
    from harness.platform.wire import Limits, RequestReader

    taken: dict[str, float] = {}
    reader = RequestReader(Limits())
    started = time.perf_counter()
    for number in range(count):
        reader.feed(heads[number % len(heads)])
    taken["ours"] = (time.perf_counter() - started) / count * 1e6
    if importlib.util.find_spec("httptools") is not None:
        import httptools

        class Keep:
            def on_url(self, url: bytes) -> None:
                self.url = url

            def on_header(self, name: bytes, value: bytes) -> None:
                self.headers.append((name, value))

            def on_message_begin(self) -> None:
                self.headers: list[tuple[bytes, bytes]] = []

            def on_body(self, body: bytes) -> None:
                self.body = body

            def on_message_complete(self) -> None:
                self.complete = True

        parser = httptools.HttpRequestParser(Keep())
        started = time.perf_counter()
        for number in range(count):
            parser.feed_data(heads[number % len(heads)])
        taken["httptools"] = (time.perf_counter() - started) / count * 1e6
    return taken


def unusual(request: bytes) -> bytes:
    """The same request with lower-case names and another header: not the documented head."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    names = [name.lower() + b":" + value for name, _, value in (x.partition(b":") for x in lines)]
    return b"\r\n".join([first, *names, b"accept: */*"]) + b"\r\n\r\n" + body


def parser_rows(rounds: int, count: int) -> list[common.Row]:
    rows = []
    for name, texts in {
        "parse a request, documented head": requests(),
        "parse a request, other head": [unusual(one) for one in requests()],
    }.items():
        taken = [parse_only(count, texts) for _ in range(rounds)]
        ours = [one["ours"] for one in taken]
        if "httptools" not in taken[0]:
            rows.append(common.missing(name, "httptools"))
            continue
        peer = [one["httptools"] for one in taken]
        rows.append(common.compared(name, ours, "httptools", peer, "µs"))
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    parser = common.options(__doc__, 5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of load, each time")
    arguments = parser.parse_args(argv)
    seconds = min(arguments.seconds, 0.4) if arguments.quick else arguments.seconds
    candidates = OURS | {name: peer for name, (peer, there) in PEERS.items() if there()}
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in candidates}
    with tempfile.TemporaryDirectory() as folder:
        load = Load(Path(folder))
        pin(os.getpid(), 1)
        for turn in range(arguments.rounds):
            for name in common.rotated(list(candidates), turn):
                rounds[name].append(one_round(load, candidates[name], seconds))
    rows = []
    for who, peer, kind, least in COMPARISONS:
        name = f"ingestion, {kind}" + ("" if who == "ours" else f" ({who})")
        if peer not in rounds:
            rows.append(common.missing(name, peer))
            continue
        mine, theirs = ([one[kind] for one in rounds[x]] for x in (who, peer))
        rows.append(common.compared(name, mine, peer, theirs, "/s", at_least=least))
    rows += parser_rows(arguments.rounds, 3_000 if arguments.quick else 20_000)
    times = 40 if arguments.quick else 200
    rows.append(common.alone("platform start and stop", start_and_stop(times), "ms", at_most=1))
    return common.show(rows, as_json=arguments.json)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.exit(main())
