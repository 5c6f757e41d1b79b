"""The built-in HTTP client (Quectel BG95/BG96 HTTP manual): configuration and one exchange."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult

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
    """What came back; ``length`` is None when the server announced none."""

    status: int
    head: bytes
    length: int | None
    body: bytes
    complete: bool


class HttpSession:
    """Settings of +QHTTPCFG, the URL, and the last response."""

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
        """Raises :class:`AtError` with a 7xx code."""
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
                secure = url.scheme == "https"
                reader, self._writer = await asyncio.open_connection(
                    sock=sock,
                    ssl=_unverified() if secure else None,
                    server_hostname=url.hostname if secure else None,
                    limit=262_144,
                )
                self._writer.write(request)
                await self._writer.drain()
                self.response = await _read_response(reader, request[:5] == b"HEAD ")
        except TimeoutError:
            raise AtError(702) from None
        except (ssl.SSLError, OSError):
            raise AtError(717) from None
        except (ValueError, asyncio.LimitOverrunError):
            raise AtError(723) from None
        finally:
            if self._writer is None:
                sock.close()
            self.close()
            core.release(token)
        return self.response

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _target(self) -> SplitResult:
        if self.url is None:
            raise AtError(712)
        return self.url


def _unverified() -> ssl.SSLContext:
    """AT+QSSLCFG="seclevel" 0, the module's default: nothing is verified."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _read_response(reader: asyncio.StreamReader, headless: bool) -> Response:
    head = b""
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        line = await reader.readline()
        if not line:
            raise ValueError("the connection ended inside the head")
        head += line
    first, *lines = head.decode("latin-1").splitlines()
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        raise ValueError(f"no status line: {first!r}")
    status = int(words[1])
    fields = {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines)}
    if headless or status in (204, 304):
        return Response(status, head, 0, b"", complete=True)
    if "chunked" in fields.get("transfer-encoding", "").lower():
        body, complete = await _read_chunks(reader)
        return Response(status, head, len(body), body, complete)
    announced = fields.get("content-length", "")
    if not announced.isdecimal():
        return Response(status, head, None, await reader.read(), complete=True)
    try:
        body = await reader.readexactly(int(announced))
    except asyncio.IncompleteReadError as error:
        return Response(status, head, int(announced), error.partial, complete=False)
    return Response(status, head, int(announced), body, complete=True)


async def _read_chunks(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    body = b""
    try:
        while size := int((await reader.readline()).split(b";")[0].strip() or b"x", 16):
            body += await reader.readexactly(size)
            await reader.readline()
        while (await reader.readline()).strip():
            pass
    except asyncio.IncompleteReadError as error:
        return body + error.partial, False
    return body, True
