"""Who may talk to the control address: a layer around the application that refuses the rest.

The control address gives orders to a bench, and a browser on the same machine lets any page on the
Internet send requests to it. So a request is taken only when it

* names this server: a name of another site that was led here (DNS rebinding) is refused (421),
* does not come from another site's page (``Origin``, ``Sec-Fetch-Site``; 403),
* bears the token, where one is set (401): ``Authorization: Bearer …``, or the cookie that a first
  visit with ``?token=…`` brings,
* is small (413) and there in time (408).

Every answer forbids framing, foreign content and guessing of types.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.network.origin import foreign_page, named_host
from harness.platform.control.access import Access
from harness.platform.control.sign_in import SIGN_IN_POLICY, sign_in_page

BODY_LIMIT = 1 << 20
"""Bytes of a request's body, at most."""
_LARGER: Mapping[str, int] = {"/api/firmware": 24 << 20}
"""Where more is taken: an image of firmware in base64."""

POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
"""The page's content comes from this server only; nothing inline, in no frame."""

_NO_TOKEN, _NOT_ITS_TOKEN = "this control address has a token", "this is not its token"
_HOW = ": send Authorization: Bearer TOKEN, or open it in a browser with ?token=TOKEN"
_HEADERS: Mapping[bytes, bytes] = {
    b"content-security-policy": POLICY.encode(),
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}


class Refused(Exception):
    """A request that is not passed on."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Guard:
    """An ASGI application around another one; bodies of answers pass through untouched.

    What is below the path ``other_token`` asks for a token of its own, and not for this one. A body
    has to be there within ``body_s`` seconds.
    """

    def __init__(
        self, app: ASGIApp, access: Access, other_token: str | None = None, *, body_s: float = 30.0
    ) -> None:
        self._app = app
        self._access = access
        self._other_token = other_token
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _with_headers(send, scope["path"].startswith("/api/"))
        try:
            request = _Request(scope)
            self._check_site(request)
            if self._access.token is not None and not self._asked_inside(scope["path"]):
                request.check_token(self._access)
            async with asyncio.timeout(self._body_s):
                receive = await _limited(request, receive)
        except TimeoutError:
            late = Refused(408, f"the body did not come within {self._body_s:g} seconds")
            await _refuse(send, scope, late)
            return
        except Refused as refused:
            await _refuse(send, scope, refused)
            return
        except _Welcome as welcome:
            headers = [(b"location", welcome.place), (b"set-cookie", welcome.cookie)]
            await _answer(send, 303, b"", headers)
            return
        await self._app(scope, receive, send)

    def _asked_inside(self, path: str) -> bool:
        return self._other_token is not None and path.startswith(self._other_token)

    def _check_site(self, request: _Request) -> None:
        named = named_host(request.header("host"))
        if named is None or not self._access.names_us(named, request.bound[0]):
            raise Refused(
                421,
                f"this server is not {named or 'without a name'}: ask for it by its address, "
                "or start it with --control-name NAME",
            )
        if (why := foreign_page(request.method, request.header)) is not None:
            raise Refused(403, why)


class _Welcome(Exception):
    """A first visit that brought the token: go on without it in the address."""

    def __init__(self, place: bytes, cookie: bytes) -> None:
        super().__init__()
        self.place = place
        self.cookie = cookie


class _Request:
    def __init__(self, scope: Scope) -> None:
        self._query = scope.get("query_string", b"").decode("latin-1")
        # Always a path of ours: "//elsewhere" at the start would lead to another host.
        self._path = "/" + scope.get("raw_path", b"/").decode("ascii", "replace").lstrip("/\\")
        self.method: str = scope["method"]
        server = scope.get("server") or ("", 0)
        self.bound: tuple[str, int] = (str(server[0]), int(server[1] or 0))
        self.headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key = name.decode("latin-1").lower()
            if key in self.headers and key in ("host", "origin", "authorization"):
                raise Refused(400, f"the header {key} is there more than once")
            self.headers[key] = value.decode("latin-1")

    @property
    def path(self) -> str:
        return str(self._path)

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def check_token(self, access: Access) -> None:
        """Raises :class:`Refused`, or :class:`_Welcome` for a first visit."""
        name = f"hil-control-{self.bound[1]}"
        query = parse_qsl(self._query, keep_blank_values=True)
        given = dict(query).get("token")
        if self.method == "GET" and given is not None and access.opened_by(given):
            rest = urlencode([(key, value) for key, value in query if key != "token"])
            cookie = f"{name}={access.cookie()}; Path=/; HttpOnly; SameSite=Strict"
            raise _Welcome((self._path + (f"?{rest}" if rest else "")).encode(), cookie.encode())
        kind, _, borne = self.header("authorization").partition(" ")
        if kind.lower() == "bearer" and access.opened_by(borne.strip()):
            return
        if access.opened_by_cookie(_cookie(self.header("cookie"), name)):
            return
        raise Refused(401, _NOT_ITS_TOKEN if borne or given else _NO_TOKEN)


def _cookie(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


async def _limited(request: _Request, receive: Receive) -> Receive:
    """The body, read whole and held to the limit, for the application to receive again."""
    length = request.header("content-length")
    if not length and "transfer-encoding" not in request.headers:
        return receive
    limit = _LARGER.get(request.path, BODY_LIMIT)
    too_long = Refused(413, f"a body of at most {limit:,} bytes is taken")
    if length.isdigit() and int(length) > limit:
        raise too_long
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return _again(message, receive)  # the client has gone
        body += message.get("body", b"")
        if len(body) > limit:
            raise too_long
        more = message.get("more_body", False)
    return _again({"type": "http.request", "body": bytes(body), "more_body": False}, receive)


def _again(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _with_headers(send: Send, api: bool) -> Send:
    """``send`` that adds the headers which the answer does not set itself."""
    added = dict(_HEADERS) | ({b"cache-control": b"no-store"} if api else {})

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            more = [(name, value) for name, value in added.items() if name not in there]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return sending


async def _refuse(send: Send, scope: Scope, refused: Refused) -> None:
    headers: list[tuple[bytes, bytes]] = []
    if refused.status in (408, 413):
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    if refused.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="hil"'))
        if _wants_page(scope):
            page = sign_in_page(str(refused)).encode()
            headers.append((b"content-type", b"text/html; charset=utf-8"))
            headers.append((b"content-security-policy", SIGN_IN_POLICY.encode()))
            await _answer(send, 401, page, headers)
            return
    how = _HOW if refused.status == 401 else ""
    body = json.dumps({"error": f"{refused}{how}"}, ensure_ascii=False).encode()
    await _answer(send, refused.status, body, [*headers, (b"content-type", b"application/json")])


def _wants_page(scope: Scope) -> bool:
    return any(
        name.lower() == b"accept" and b"text/html" in value for name, value in scope["headers"]
    )


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    sized = [
        *headers,
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})
