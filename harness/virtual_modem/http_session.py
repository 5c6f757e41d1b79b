"""The built-in HTTP client (Quectel BG95/BG96 HTTP manual): configuration and one exchange."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult

from harness.virtual_modem.commands import tls
from harness.virtual_modem.network import NameUnknown
from harness.virtual_modem.results import AtError

if TYPE_CHECKING:
    from harness.virtual_modem.core import Core

CONTENT_TYPES = (
    "application/x-www-form-urlencoded", "text/plain", "application/octet-stream",
    "multipart/form-data", "application/json", "image/jpeg",
)  # fmt: skip


@dataclass(slots=True)
class Response:
    """What came back so far; ``length`` is None when the server announced none.

    ``error`` is what +QHTTPREAD will say: 719 when the connection ended early, 722 when the body
    stopped coming, 729 when there was too much of it.
    """

    status: int
    head: bytes
    length: int | None = None
    chunked: bool = False
    body: bytearray = field(default_factory=bytearray)
    error: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)


class HttpSession:
    """Settings of +QHTTPCFG, the URL, and the last response.

    The limits are assumed: the manuals name none for a response.
    """

    HEADERS = 16  #: custom ones
    HEAD = 8192  #: bytes of a response's head
    BODY = 1_048_576  #: bytes of a response's body

    def __init__(self, core: Core) -> None:
        self._core = core
        self.config: dict[str, str] = {
            "contextid": "1", "requestheader": "0", "responseheader": "0", "sslctxid": "1",
            "contenttype": "0",
        }  # fmt: skip
        self.headers: list[str] = []
        self.url: SplitResult | None = None
        self.response: Response | None = None
        self.busy = False
        self._writer: asyncio.StreamWriter | None = None

    def request(self, method: str, body: bytes) -> bytes:
        """The whole request; with requestheader=1 the host wrote it all."""
        if self.config["requestheader"] == "1" and body:
            return body
        url = self._target()
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        host = url.hostname or ""
        if url.port is not None:
            host += f":{url.port}"
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: */*", *self.headers]
        if method == "POST":
            lines.append(f"Content-Type: {CONTENT_TYPES[int(self.config['contenttype'])]}")
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body

    async def exchange(self, request: bytes, timeout_s: float) -> Response:
        """Send, and read the head; the body follows by itself. Raises :class:`AtError` (7xx)."""
        core = self._core
        url = self._target()
        self.response = None
        try:
            with core.held():
                address = core.network.resolve(url.hostname or "")
                port = url.port or (443 if url.scheme == "https" else 80)
                sock = await core.network.connect(address, port, core.settings.connect_s)
        except NameUnknown:
            raise AtError(714) from None
        except OSError:
            raise AtError(716) from None
        token = core.hold()
        core.loop.call_later(core.settings.reply_hold_s, core.release, token)
        try:
            async with asyncio.timeout(timeout_s):
                reader = await self._connected(sock, url)
                writer = self._writer
                if writer is None:
                    raise OSError("closed while connecting")
                writer.write(request)
                await writer.drain()
                self.response = await _read_head(reader, request[:5] == b"HEAD ", self.HEAD)
        except BaseException as error:
            if self._writer is None:
                sock.close()
            self.close()
            core.release(token)
            raise _as_result(error) from None
        core.spawn(self._collect(reader, self.response, token))
        return self.response

    async def _connected(self, sock: socket.socket, url: SplitResult) -> asyncio.StreamReader:
        context, name = None, None
        if url.scheme == "https":
            number = int(self.config["sslctxid"])
            context = _unverified()
            # an empty name sends none: "sni" is 0 unless AT+QSSLCFG says otherwise
            name = (url.hostname or "") if tls.setting(self._core, number, "sni") == "1" else ""
        reader, self._writer = await asyncio.open_connection(
            sock=sock, ssl=context, server_hostname=name, limit=self.HEAD
        )
        return reader

    async def _collect(
        self, reader: asyncio.StreamReader, response: Response, token: object
    ) -> None:
        """Read the body to its end, whatever it is."""
        try:
            await _read_body(reader, response, self.BODY)
        except (OSError, ValueError, EOFError):
            response.error = 719
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
            response.error = 722

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _target(self) -> SplitResult:
        if self.url is None:
            raise AtError(712)
        return self.url


def _as_result(error: BaseException) -> BaseException:
    if isinstance(error, TimeoutError):
        return AtError(702)
    if isinstance(error, OSError):  # TLS errors too
        return AtError(717)
    return AtError(723) if isinstance(error, ValueError) else error


def _unverified() -> ssl.SSLContext:
    """AT+QSSLCFG="seclevel" 0, the module's default: nothing is verified; at most TLS 1.2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


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
    response = Response(int(words[1]), head)
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
            response.error = 729
            return False
        response.body += piece
        left = None if left is None else left - len(piece)
    return True
