"""The servers of the ingestion benchmark, each for a process of its own.

Each sends the port it listens on through ``pipe``. All check the token, but for nginx.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

SECRET = "0123456789ABCDEFGHIJabcdefghij"
SECRET_BYTES = SECRET.encode()
IMEI = "356726104408422"
PATH = "/ingestion/m2m/senml/v1"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"


def nginx_binary() -> str | None:
    """nginx is often not on an ordinary user's path."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def _ours(
    pipe: Connection, recorded: bool, file: Path | None = None, store: Path | None = None
) -> None:
    from harness.clock import RealClock
    from harness.evidence import Timeline
    from harness.network.loop import LoopThread
    from harness.network.sockets import HostSockets
    from harness.platform.evidence import NO_EVIDENCE
    from harness.platform.facade import Platform
    from harness.platform.registry import Registration, Registry

    clock = RealClock()
    recorder = (
        Timeline(file, clock, keep=20_000, keep_characters=1 << 25) if recorded else NO_EVIDENCE
    )
    registry = Registry([Registration("tracker-1", imei=IMEI, secret=SECRET)])
    loop = LoopThread()
    store_file = None
    if store is not None:
        from harness.evidence import Redactor
        from harness.platform.persistence.file import StoreFile

        store_file = StoreFile(store, Redactor([("secret", SECRET)]))
    platform = Platform(
        registry, clock=clock, recorder=recorder, loop=loop, store_file=store_file
    )  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that temporary folders go
    pipe.send(platform.start(HostSockets())[1])
    pipe.recv()


def ours(pipe: Connection) -> None:
    _ours(pipe, False)


def ours_recorded(pipe: Connection) -> None:
    _ours(pipe, True)


def ours_on_file(pipe: Connection) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _ours(pipe, True, Path(folder) / "timeline.jsonl")


def ours_stored(pipe: Connection) -> None:
    """Recorded, and every uplink committed to SQLite before its answer."""
    with tempfile.TemporaryDirectory() as folder:
        _ours(pipe, True, store=Path(folder) / "platform.db")


class _Bare(asyncio.Protocol):
    """Reads requests, checks the token, keeps head and body: nothing else, so that what is left

    to compare is the parser.
    """

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.kept: deque[object] = deque(maxlen=20_000)

    def answer(self, token: str, head: bytes, body: bytes) -> None:
        good = hmac.compare_digest(hashlib.sha256(body + SECRET_BYTES).hexdigest(), token)
        self.kept.append((head, body))
        self.transport.write(ACCEPTED if good else REFUSED)


class OurReader(_Bare):
    """The platform's own reader of requests."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        from harness.platform.wire import Limits, Request, RequestReader

        super().connection_made(transport)
        self.reader, self.request = RequestReader(Limits()), Request

    def data_received(self, data: bytes) -> None:
        for event in self.reader.feed(data):
            if not isinstance(event, self.request):
                self.transport.abort()
                return
            token = event.token or event.lines().first("things-message-token") or ""
            self.answer(token, event.head, event.body)


class Httptools(_Bare):
    """httptools (llhttp, C). It gives headers one by one; the raw head is kept beside it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        import httptools

        super().connection_made(transport)
        self.parser = httptools.HttpRequestParser(self)
        self.raw = self.body = b""
        self.token = ""

    def data_received(self, data: bytes) -> None:
        self.raw += data
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"things-message-token":
            self.token = value.decode("ascii", "replace")

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.answer(self.token, self.raw[: len(self.raw) - len(self.body)], self.body)
        self.raw = self.body = b""
        self.token = ""


def _protocol(pipe: Connection, protocol: Callable[[], asyncio.Protocol]) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def our_reader(pipe: Connection) -> None:
    _protocol(pipe, OurReader)


def httptools_reader(pipe: Connection) -> None:
    _protocol(pipe, Httptools)


def aiohttp_server(pipe: Connection) -> None:
    from aiohttp import web

    kept: deque[object] = deque(maxlen=20_000)

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        expected = hashlib.sha256(body + SECRET_BYTES).hexdigest()
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
    """As it comes: one request at a time."""
    _httpserver(pipe, threaded=False)


def httpserver_threaded(pipe: Connection) -> None:
    _httpserver(pipe, threaded=True)


def _httpserver(pipe: Connection, *, threaded: bool) -> None:
    import logging

    from pytest_httpserver import HTTPServer
    from werkzeug import Request, Response

    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    def handle(request: Request) -> Response:
        body = request.get_data()
        expected = hashlib.sha256(body + SECRET_BYTES).hexdigest()
        good = hmac.compare_digest(expected, request.headers.get("Things-Message-Token", ""))
        return Response(status=202 if good else 401)

    server = HTTPServer(threaded=threaded)
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
    binary = nginx_binary() or "nginx"
    process = subprocess.Popen([binary, "-c", str(folder / "nginx.conf"), "-p", str(folder)])

    def stop(*_: object) -> None:
        process.terminate()
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.02)
    pipe.send(port)
    pipe.recv()
