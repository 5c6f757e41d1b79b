"""Would the platform deliver to this endpoint? Every check that forwarding makes, and some more.

Nothing is taken on trust: connections, handshakes and requests are real. What an endpoint gets are
packs of a device that does not exist, and one of them has a wrong token on purpose.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from harness.network.tls import TlsEnd, TlsFailed
from harness.platform.destination.config import SECRET_MINIMUM, Destination, check_config
from harness.platform.destination.request import body_of, request_of
from harness.platform.destination.sender import Sent, connect, handshake, send
from harness.platform.destination.suites import (
    check_session,
    client_context,
    explain,
    listed,
    unverified_context,
)
from harness.platform.findings import Finding
from harness.senml import ResolvedPack, encode, parse, resolve

State = Literal["ok", "info", "warning", "error", "not checked"]
SAMPLE_DEVICE = "urn:dev:DVNUUID:00000000-0000-4000-8000-000000000000:"
_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Row:
    """One check: what was seen, in a sentence that says what to do when it is not ok."""

    check: str
    state: State
    requirement: str
    seen: str


@dataclass(frozen=True, slots=True)
class ExamineOptions:
    """``now`` is the moment shown in the packs, and certificates are compared with it.

    ``know_secret`` False: the secret is made up, so tokens cannot be judged. ``tls_only``: nothing
    is sent. ``timeout_s`` is host seconds for each connection.
    """

    now: datetime
    know_secret: bool = True
    tls_only: bool = False
    timeout_s: float = 10.0
    secret_minimum: int = SECRET_MINIMUM


async def examine(destination: Destination, options: ExamineOptions) -> AsyncIterator[Row]:
    """The rows as they come. Never raises for what an endpoint can do."""
    broken = False
    for finding in _config(destination, options):
        broken = broken or finding.severity == "error"
        yield _row("configuration", finding)
    if not broken:
        yield Row("configuration", "ok", "DEST-CONFIG", f"{destination.method} {destination.url}")
    if destination.parts.scheme != "https" or not destination.host:
        yield Row("tls", "not checked", "DEST-TLS", "without an https URL there is no TLS")
        return
    reached = False
    async for row, good in _tls(destination, options):
        reached = reached or good
        yield row
    if options.tls_only or not reached:
        why = "not asked for" if options.tls_only else "without TLS nothing is sent"
        yield Row("delivery", "not checked", "DEST-REQUEST", why)
        return
    async for row in _packs(destination, options):
        yield row


def _config(destination: Destination, options: ExamineOptions) -> list[Finding]:
    findings = check_config(destination, options.secret_minimum)
    if options.know_secret:
        return findings
    return [finding for finding in findings if finding.requirement != "DEST-SECRET"]


def _row(check: str, finding: Finding) -> Row:
    return Row(check, finding.severity, finding.requirement, finding.message)


async def _tls(
    destination: Destination, options: ExamineOptions
) -> AsyncIterator[tuple[Row, bool]]:
    """Rows about TLS, each with whether the platform would be connected."""
    try:
        end = await _handshake(destination, client_context(destination.anchors), options)
    except _NoTls as problem:
        yield _row("tls", problem.finding), False
        if problem.connected:
            yield await _shown(destination, options), False
        return
    session = end.session
    findings = check_session(session)
    yield Row("tls", "ok", "DEST-TLS", f"{session.version} with {session.cipher}, verified"), True
    for finding in findings:
        yield _row("tls", finding), True
    yield _certificate(end, options), True
    if session.version == "TLSv1.3":
        yield await _listed_suites(destination, options), True


async def _listed_suites(destination: Destination, options: ExamineOptions) -> Row:
    """The second look at a server that took 1.3, of which no suite is listed."""
    context = client_context(destination.anchors, at_most_1_2=True)
    try:
        end = await _handshake(destination, context, options)
    except _NoTls as problem:
        seen = (
            f"with TLS 1.2 and the {len(listed())} listed suites: {problem.finding.message}. "
            "Whether the platform speaks 1.3 is not documented"
        )
        return Row("listed suites", "warning", "DEST-TLS", seen)
    session = end.session
    return Row("listed suites", "ok", "DEST-TLS", f"{session.version} with {session.cipher}")


def _certificate(end: TlsEnd, options: ExamineOptions) -> Row:
    """Whose certificate it is, and for how long."""
    from cryptography import x509

    data = end.peer_certificate
    if data is None:
        return Row("certificate", "not checked", "DEST-TLS", "the server showed none")
    shown = x509.load_der_x509_certificate(data)
    until = shown.not_valid_after_utc
    issuer = shown.issuer.rfc4514_string() or "nobody"
    seen = f"{shown.subject.rfc4514_string() or 'no subject'}, by {issuer}, until {until:%Y-%m-%d}"
    if options.now < until < options.now + _SOON:
        return Row("certificate", "warning", "DEST-TLS", f"{seen}: it ends soon, renew it")
    return Row("certificate", "ok", "DEST-TLS", seen)


async def _shown(destination: Destination, options: ExamineOptions) -> Row:
    """What a refused server shows when nothing is verified."""
    try:
        end = await _handshake(destination, unverified_context(), options)
    except _NoTls as problem:
        return Row("certificate", "not checked", "DEST-TLS", problem.finding.message)
    session, row = end.session, _certificate(end, options)
    seen = f"{row.seen}; {session.version} with {session.cipher}"
    return Row("certificate", "info", "DEST-TLS", seen)


class _NoTls(Exception):
    """A connection that did not come about; ``connected``: the server is there."""

    def __init__(self, finding: Finding, *, connected: bool) -> None:
        super().__init__(finding.message)
        self.finding = finding
        self.connected = connected


async def _handshake(
    destination: Destination, context: ssl.SSLContext, options: ExamineOptions
) -> TlsEnd:
    """A handshake on a connection of its own. Raises :class:`_NoTls`."""
    host, port = destination.address
    sock = None
    try:
        async with asyncio.timeout(options.timeout_s):
            sock = await connect(host, port)
            return await handshake(sock, context, destination.host)
    except TlsFailed as failure:
        raise _NoTls(explain(failure, destination.host), connected=True) from failure
    except (OSError, UnicodeError) as problem:  # a time-out is one of the former
        what = (
            f"no answer within {options.timeout_s:g} s"
            if isinstance(problem, TimeoutError)
            else (getattr(problem, "strerror", None) or str(problem))
        )
        where = "in the TLS handshake" if sock is not None else f"no connection to {host}:{port}"
        finding = Finding("DEST-TLS", "error", f"{where}: {what}")
        raise _NoTls(finding, connected=sock is not None) from problem
    finally:
        if sock is not None:
            sock.close()


async def _packs(destination: Destination, options: ExamineOptions) -> AsyncIterator[Row]:
    """Deliveries in every form of output, and one with a wrong token."""
    pack = _sample(options.now)
    plain = True
    for check, changes in (
        ("separate base record", {"shape": "separate", "numbers": "plain"}),
        ("merged base record", {"shape": "merged", "numbers": "plain"}),
        ("exponent numbers", {"shape": "merged", "numbers": "exponent"}),
    ):
        form = replace(destination, **changes)  # type: ignore[arg-type]  # both are fields
        sent = await _send(form, request_of(form, body_of(pack, form)), options)
        for finding in sent.findings:
            if finding.requirement != "DEST-TLS":
                yield _row(check, finding)
        if sent.outcome == "delivered":
            yield Row(check, "ok", "DEST-REQUEST", f"it answered {sent.status}")
            continue
        advice = ""
        if plain and check == "exponent numbers":
            advice = ": is the token checked over JSON written anew, not over the bytes that came?"
        plain = False
        yield Row(check, "error", "DEST-REQUEST", sent.why + advice)
        if check == "separate base record" and sent.outcome not in ("delivered", "refused"):
            return
    if not plain:
        yield Row("wrong token", "not checked", "DEST-TOKEN", "good packs are refused too")
        return
    yield await _wrong_token(destination, pack, options)


async def _wrong_token(
    destination: Destination, pack: ResolvedPack, options: ExamineOptions
) -> Row:
    body = body_of(pack, destination)
    sent = await _send(destination, request_of(destination, body, token="0" * 64), options)
    if sent.outcome == "delivered":
        return Row(
            "wrong token", "warning", "DEST-TOKEN",
            f"it takes a pack whose token is wrong ({sent.status}): anybody can send it data; "
            "compare Things-Message-Token with SHA-256 over the raw body and the secret",
        )  # fmt: skip
    if not options.know_secret:
        return Row("wrong token", "not checked", "DEST-TOKEN", "no secret was given")
    return Row("wrong token", "ok", "DEST-TOKEN", f"refused: {sent.why}")


async def _send(destination: Destination, request: bytes, options: ExamineOptions) -> Sent:
    try:
        async with asyncio.timeout(options.timeout_s):
            return await send(destination, request, client_context(destination.anchors))
    except TimeoutError:
        return Sent("timed-out", f"no answer within {options.timeout_s:g} s")


def _sample(now: datetime) -> ResolvedPack:
    """A pack of a device that does not exist, with one record of each type."""
    records: list[Mapping[str, Any]] = [
        {"n": "temperature", "u": "Cel", "v": 21.5},
        {"n": "counter", "v": 12_500_000},
        {"n": "open", "vb": True},
        {"n": "note", "vs": "things-hil destination check"},
    ]
    return resolve(parse(encode(records, bn=SAMPLE_DEVICE, bt=now.replace(microsecond=0))), now)
