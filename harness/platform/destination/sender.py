"""One attempt at a destination: connect, TLS, send, read the answer. Runs on an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Literal

from harness.network.tls import TlsEnd, TlsFailed, TlsSession
from harness.platform.destination.config import Destination
from harness.platform.destination.suites import check_session, explain
from harness.platform.findings import Finding, error, warning

AttemptOutcome = Literal["delivered", "refused", "no-answer", "tls", "unreachable", "timed-out"]
"""``refused``: answered, but not with a 2xx. ``no-answer``: what came back is no HTTP response."""

_PIECE = 16_384
_HEAD_LIMIT = 65_536
_STATUS_LINE = re.compile(rb"HTTP/\d\.\d (\d{3})(?: [^\r\n]*)?\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one attempt. ``findings`` are about the endpoint."""

    outcome: AttemptOutcome
    why: str = ""
    status: int | None = None
    session: TlsSession | None = None
    findings: tuple[Finding, ...] = ()


async def send(destination: Destination, request: bytes, context: ssl.SSLContext) -> Sent:
    """Make one attempt, for as long as the caller lets it. Never raises for what a peer can do."""
    host, port = destination.address
    try:
        sock = await connect(host, port)
    except (OSError, UnicodeError) as problem:  # a name that DNS cannot carry is one of the latter
        said = getattr(problem, "strerror", None) or problem
        why = f"no connection to {host}:{port}: {said}"
        return Sent("unreachable", why, findings=(error("DEST-TLS", why),))
    try:
        return await _exchange(sock, destination, request, context)
    finally:
        sock.close()


async def connect(host: str, port: int) -> socket.socket:
    """The first address that answers. Raises OSError."""
    loop = asyncio.get_running_loop()
    last: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, address)
        except OSError as problem:
            sock.close()
            last = problem
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise last


async def _exchange(
    sock: socket.socket, destination: Destination, request: bytes, context: ssl.SSLContext
) -> Sent:
    try:
        end = await handshake(sock, context, destination.host)
    except TlsFailed as failure:
        found = explain(failure, destination.host)
        return Sent("tls", found.message, findings=(found,))
    except OSError as problem:
        why = f"the connection ended in the TLS handshake: {problem.strerror or problem}"
        return Sent("tls", why, findings=(error("DEST-TLS", why),))
    session = end.session
    findings = check_session(session)
    loop = asyncio.get_running_loop()
    answer, why = b"", "the server closed the connection without an answer"
    try:
        await loop.sock_sendall(sock, end.encrypt(request))
        while not _HEAD_END.search(answer) and len(answer) < _HEAD_LIMIT:
            data = await loop.sock_recv(sock, _PIECE)
            came = end.feed(data) if data else None
            if came is None or (came.closed and not came.plain):
                break
            answer += came.plain
    except OSError as problem:
        why = f"the connection broke: {problem.strerror or problem}"
    except TlsFailed as failure:  # TLS 1.3 servers refuse a client after its handshake
        found = explain(failure, destination.host)
        return Sent("tls", found.message, None, session, (*findings, found))
    with contextlib.suppress(OSError):
        await loop.sock_sendall(sock, end.close_notify())
    return _judged(answer, why, session, findings, destination.expected)


async def handshake(sock: socket.socket, context: ssl.SSLContext, name: str) -> TlsEnd:
    """A client's handshake. Raises :class:`TlsFailed` and OSError."""
    loop = asyncio.get_running_loop()
    try:
        end = TlsEnd(context, name=name)
    except ValueError as problem:
        raise TlsFailed(f"{name[:80]!r} is no name of a server: {problem}") from problem
    try:
        end.start()
        while not end.established:
            await loop.sock_sendall(sock, end.outgoing())
            data = await loop.sock_recv(sock, _PIECE)
            if not data:
                raise ConnectionResetError("the server closed it")
            end.feed(data)
    except TlsFailed:
        with contextlib.suppress(OSError):
            await loop.sock_sendall(sock, end.outgoing())  # the alert
        raise
    await loop.sock_sendall(sock, end.outgoing())
    return end


def _judged(
    answer: bytes, why: str, session: TlsSession, findings: list[Finding], expected: int | None
) -> Sent:
    """DEST-RETRY: a 2xx is delivered; another one than expected is worth a word."""
    found = _STATUS_LINE.match(answer)
    if found is None:
        why = f"no HTTP response: {answer[:60]!r}" if answer else why
        return Sent("no-answer", why, None, session, tuple(findings))
    status = int(found[1])
    if not 200 <= status <= 299:
        why = f"it answered {status}, which is no 2xx"
        return Sent("refused", why, status, session, tuple(findings))
    if expected is not None and status != expected:
        findings.append(
            warning(
                "DEST-CONFIG",
                f"it answered {status}, expected is {expected}; it is not documented whether that "
                "counts as delivered (only what is no 2xx certainly does not)",
            )
        )
    return Sent("delivered", "", status, session, tuple(findings))
