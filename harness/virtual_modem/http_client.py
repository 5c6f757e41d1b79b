"""One HTTP exchange of the modem's own client, over a real connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from harness.virtual_modem.network import NameUnknown
from harness.virtual_modem.tls import TlsStream, TlsWish

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core


class Trouble(Enum):
    """What went wrong with an exchange, or with the body of a response."""

    NAME = "name unknown"
    CONNECT = "not connected"
    TLS = "no TLS connection"
    TIMEOUT = "no response in time"
    LOST = "connection lost"
    NO_HTTP = "no HTTP response"
    CUT_SHORT = "the connection ended early"
    STALLED = "the body stopped coming"
    TOO_MUCH = "more than there is memory for"


class HttpFailure(Exception):
    """An exchange that gave no response."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """Where to connect; ``tls`` None is plain TCP."""

    host: str
    port: int
    tls: TlsWish | None = None


@dataclass(slots=True)
class Response:
    """What came back so far; ``length`` is None when the server announced none."""

    status: int
    head: bytes
    length: int | None = None
    chunked: bool = False
    body: bytearray = field(default_factory=bytearray)
    trouble: Trouble | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  #: by lower-case name
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def header(self, name: str) -> str:
        """A header field's value, "" when there is none."""
        return self.headers.get(name, "")


class HttpClient:
    """One exchange at a time. The limits are assumed: the manuals name none for a response."""

    HEAD = 8192  #: bytes of a response's head
    BODY = 1_048_576  #: bytes of a response's body

    def __init__(self, core: Core) -> None:
        self._core = core
        self.response: Response | None = None
        self.busy = False
        self._writer: asyncio.StreamWriter | TlsStream | None = None
        self._ahead: tuple[HttpTarget, asyncio.StreamReader] | None = None

    async def connect(self, target: HttpTarget) -> None:
        """Connect for the next exchange, if it has this target. Raises :class:`HttpFailure`."""
        self.close()
        sock = await self._reached(target)
        try:
            with self._core.held():
                async with asyncio.timeout(self._core.settings.connect_s):
                    self._ahead = target, await self._connected(sock, target.tls)
        except BaseException as error:
            sock.close()
            raise _as_result(error) from None

    async def exchange(self, target: HttpTarget, request: bytes, timeout_s: float) -> Response:
        """Send, and read the head; the body follows by itself. Raises :class:`HttpFailure`."""
        self.busy = True
        try:
            return await self._exchange(target, request, timeout_s)
        finally:
            self.busy = False

    async def _exchange(self, target: HttpTarget, request: bytes, timeout_s: float) -> Response:
        core = self._core
        self.response = None
        ahead = self._made_ahead(target)
        sock = await self._reached(target) if ahead is None else None
        token = core.hold()
        core.loop.call_later(core.settings.reply_hold_s, core.release, token)
        try:
            async with asyncio.timeout(timeout_s):
                reader = ahead if sock is None else await self._connected(sock, target.tls)
                writer = self._writer
                if writer is None or reader is None:
                    raise OSError("closed while connecting")
                writer.write(request)
                await writer.drain()
                self.response = await _read_head(reader, request[:5] == b"HEAD ", self.HEAD)
        except BaseException as error:
            if self._writer is None and sock is not None:
                sock.close()
            self.close()
            core.release(token)
            raise _as_result(error) from None
        core.spawn(self._collect(reader, self.response, token))
        return self.response

    def _made_ahead(self, target: HttpTarget) -> asyncio.StreamReader | None:
        if self._ahead is None:
            return None
        (made_for, reader), self._ahead = self._ahead, None
        if made_for == target:
            return reader
        self.close()
        return None

    async def _reached(self, target: HttpTarget) -> socket.socket:
        core = self._core
        try:
            with core.held():
                address = core.network.resolve(target.host)
                return await core.network.connect(address, target.port, core.settings.connect_s)
        except NameUnknown:
            raise HttpFailure(Trouble.NAME) from None
        except OSError:
            raise HttpFailure(Trouble.CONNECT) from None

    async def _connected(self, sock: socket.socket, tls: TlsWish | None) -> asyncio.StreamReader:
        if tls is not None:
            try:
                self._writer = stream = await TlsStream.open(sock, tls, self.HEAD)
            except OSError:
                raise HttpFailure(Trouble.TLS) from None
            return stream.reader
        reader, self._writer = await asyncio.open_connection(sock=sock, limit=self.HEAD)
        return reader

    async def _collect(
        self, reader: asyncio.StreamReader, response: Response, token: object
    ) -> None:
        """Read the body to its end, whatever it is."""
        try:
            await _read_body(reader, response, self.BODY)
        except (OSError, ValueError, EOFError):
            response.trouble = Trouble.CUT_SHORT
        finally:
            response.done.set()
            self.close()
            self._core.release(token)

    async def complete(self, response: Response, wait_s: float) -> None:
        """Wait for the body as long as it keeps coming."""
        size = -1
        while not response.done.is_set() and size != len(response.body):
            size = len(response.body)
            try:
                async with asyncio.timeout(wait_s):
                    await response.done.wait()
            except TimeoutError:
                continue
        if not response.done.is_set():
            response.trouble = Trouble.STALLED

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._ahead = None


def _as_result(error: BaseException) -> BaseException:
    if isinstance(error, TimeoutError):
        return HttpFailure(Trouble.TIMEOUT)
    if isinstance(error, OSError):  # TLS errors too
        return HttpFailure(Trouble.LOST)
    return HttpFailure(Trouble.NO_HTTP) if isinstance(error, ValueError) else error


async def _read_head(reader: asyncio.StreamReader, headless: bool, limit: int) -> Response:
    head = b""
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        line = await reader.readline()
        head += line
        if not line or len(head) > limit:
            raise ValueError("the head does not end")
    first, *lines = head.decode("latin-1").splitlines()
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        raise ValueError(f"no status line: {first!r}")
    fields = {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines)}
    response = Response(int(words[1]), head, headers=fields)
    announced = fields.get("content-length", "")
    if headless or response.status in (204, 304):
        response.length = 0
    elif "chunked" in fields.get("transfer-encoding", "").lower():
        response.chunked = True
    elif announced.isascii() and announced.isdecimal() and len(announced) < 12:
        response.length = int(announced)
    return response


async def _read_body(reader: asyncio.StreamReader, response: Response, limit: int) -> None:
    """Chunks are taken apart (assumed), so the host reads the body only."""
    if response.chunked:
        while size := int((await reader.readline()).split(b";")[0].strip() or b"x", 16):
            if size < 0 or not await _take(reader, response, size, limit):
                return
            await reader.readline()
        while (await reader.readline()).strip():
            pass
    elif response.length is None:
        await _take(reader, response, None, limit)
    else:
        await _take(reader, response, response.length, limit)


async def _take(
    reader: asyncio.StreamReader, response: Response, count: int | None, limit: int
) -> bool:
    """``count`` bytes, or all up to the end; False when there is no room for them."""
    left = count
    while left is None or left > 0:
        piece = await reader.read(4096 if left is None else min(4096, left))
        if not piece:
            if left is not None:
                raise EOFError
            return True
        if len(response.body) + len(piece) > limit:
            response.trouble = Trouble.TOO_MUCH
            return False
        response.body += piece
        left = None if left is None else left - len(piece)
    return True
