"""The HTTPS port of the Internet endpoint: TLS in front of the same connections.

Each connection presents the certificate that is in force when it begins; what became of its
handshake is a :class:`~harness.platform.secured.Handshake`, and what comes through it goes to an
ordinary :class:`~harness.platform.connection.Connection`. Runs on the loop's thread, except
:meth:`HttpsFront.present`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import ssl
from collections import deque
from typing import TYPE_CHECKING, Any, cast

from harness.clock import monotonic
from harness.network.certificates import Authority, CertificateKind
from harness.network.tls import TLS_HANDSHAKE, TlsEnd, TlsFailed, server_context
from harness.platform.connection import Connection
from harness.platform.crowd import Place
from harness.platform.secured import Handshake, Secured, failed_outcome
from harness.platform.settings import PLATFORM_NAME

if TYPE_CHECKING:
    from harness.platform.evidence import Evidence
    from harness.platform.ingestion import Ingestion

_KEPT = 10_000


class HttpsFront:
    """Certificates, handshakes and the connections that are still at theirs."""

    def __init__(
        self, ingestion: Ingestion, evidence: Evidence, authority: Authority, host: str
    ) -> None:
        """``host``, a name or an address, is in the certificates beside the documented name."""
        self.authority = authority
        self.handshakes: deque[Handshake] = deque(maxlen=_KEPT)
        self.ingestion = ingestion
        self._names, self._addresses = [PLATFORM_NAME, "localhost"], ["127.0.0.1"]
        try:
            listening = ipaddress.ip_address(host)
        except ValueError:
            self._names.append(host)
        else:
            if not listening.is_unspecified:
                self._addresses.append(host)
        self._evidence = evidence
        self._numbers = itertools.count(1)
        self._gates: set[TlsGate] = set()
        self._contexts: dict[CertificateKind, ssl.SSLContext] = {}
        self.in_force: tuple[CertificateKind, ssl.SSLContext]
        """Replaced as a whole: who needs both looks once."""
        self.present("right")

    def present(self, kind: CertificateKind) -> None:
        """From now on, new connections see a certificate of this kind. Any thread may call it."""
        context = self._contexts.get(kind)
        if context is None:
            context = server_context()
            self.authority.issue(kind, self._names, self._addresses).load_into(context)
            self._contexts[kind] = context  # behind: others take what they find there
        self.in_force = (kind, context)

    @property
    def presented(self) -> CertificateKind:
        return self.in_force[0]

    def gate(self, connections: set[Connection]) -> TlsGate:
        """The protocol of a new TCP connection."""
        return TlsGate(self, connections, self._gates)

    def note(self, **seen: Any) -> None:
        """Remember a handshake that is over, and say so on the timeline."""
        handshake = Handshake(next(self._numbers), **seen)
        self._evidence.handshake(handshake)
        self.handshakes.append(handshake)  # behind: who waits for it finds it on the timeline
        self.ingestion.store.touched()

    def stop(self) -> None:
        for gate in tuple(self._gates):
            gate.abort()


class TlsGate(asyncio.Protocol):
    """Handshake first, then a connection behind a :class:`_TlsTransport`.

    A peer that starts in plain is served in plain, and blamed for it: so its developer sees
    everything else that is right or wrong with the request too.
    """

    def __init__(
        self, front: HttpsFront, connections: set[Connection], gates: set[TlsGate]
    ) -> None:
        self._front = front
        self._connections = connections
        self._gates = gates
        self._kind, context = front.in_force
        self._end = TlsEnd(context, server=True)
        self._inner: Connection | None = None
        self._plain = self._started = self._told = False
        self._timer: asyncio.TimerHandle | None = None
        self._over = False
        self._since = monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)
        address = transport.get_extra_info("peername") or ("?", 0)
        self._peer = f"{address[0]}:{address[1]}"
        self._gates.add(self)
        if not self._front.ingestion.crowd.admit(self, self._since):
            self._front.ingestion.aborted(self._peer, "too many connections", None)
            self.abort()
            return
        limit_s = self._front.ingestion.settings.times.handshake_s
        self._timer = asyncio.get_running_loop().call_later(limit_s, self._too_late, limit_s)

    def data_received(self, data: bytes) -> None:
        if self._inner is None and data[0] != TLS_HANDSHAKE and not self._started:
            self._plain = True
            self._open(Secured(self._kind, None), self._transport)
        if self._plain and self._inner is not None:
            self._inner.data_received(data)
            return
        self._started = True
        try:
            came = self._end.feed(data)
        except TlsFailed as failure:
            self._send(self._end.outgoing())
            self._failed(failure)
            return
        self._send(self._end.outgoing())
        if self._inner is None and self._end.established:
            session = self._end.session
            self._open(Secured(self._kind, session), _TlsTransport(self._transport, self._end))
            if self._kind == "right":
                self._established()
        if self._inner is not None:
            if came.plain:
                self._established()
                self._inner.data_received(came.plain)
            if came.closed and not self._transport.is_closing() and not self._inner.eof_received():
                self._transport.close()

    def _established(self) -> None:
        """Told at once of the right certificate. Of a wrong one only when something is sent in
        spite of it: some stacks end the handshake first, then look, then leave."""
        if not self._told:
            self._told = True
            self._note("established", session=self._end.session)

    def eof_received(self) -> bool:
        if self._inner is not None:
            return bool(self._inner.eof_received())
        self._left()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._inner is not None:
            self._inner.connection_lost(exc)
            if not (self._told or self._plain or self._over):
                self._told = True
                self._note(
                    failed_outcome(None, left=True),
                    why="it left after the handshake, without sending anything",
                    session=self._end.session,
                )
        elif not self._over:
            self._left()
        self._leave()

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()

    def abort(self) -> None:
        self._over = True
        self._leave()
        self._transport.abort()

    def place(self, now: float) -> Place | None:
        """See :class:`~harness.platform.crowd.Member`: idle until the handshake begins, and slow
        when that takes long."""
        if not self._started:
            return Place(0, self._since)
        slow = now - self._since > self._front.ingestion.settings.times.stall_s
        return Place(1, self._since) if slow else None

    def make_room(self, why: str) -> None:
        """End at once: the place is needed."""
        if self._started:
            self._note("failed", why=why)
        self.abort()

    def _open(self, secured: Secured, transport: asyncio.BaseTransport) -> None:
        self._leave()
        self._inner = Connection(self._front.ingestion, self._connections, secured)
        self._inner.connection_made(transport)

    def _leave(self) -> None:
        self._gates.discard(self)
        self._front.ingestion.crowd.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send(self, data: bytes) -> None:
        if data:
            self._transport.write(data)

    def _failed(self, failure: TlsFailed) -> None:
        """A broken record of an open connection ends it; before that, the handshake failed."""
        if not self._told:
            self._told = True
            self._note(
                failed_outcome(failure.alert, left=False), why=failure.reason, alert=failure.alert
            )
        self._over = True
        self._transport.close()

    def _left(self) -> None:
        if self._started:
            why = "it closed the connection during the handshake"
            self._note(failed_outcome(None, left=True), why=why)
        self._over = True

    def _too_late(self, limit_s: float) -> None:
        if self._started:
            self._note("failed", why=f"the handshake did not end within {limit_s:g} s")
        else:
            self._front.ingestion.aborted(
                self._peer, f"no TLS handshake within {limit_s:g} s", None
            )
        self.abort()

    def _note(self, outcome: str, **more: Any) -> None:
        self._front.note(
            peer=self._peer, certificate=self._kind, outcome=outcome, sni=self._end.sni, **more
        )


class _TlsTransport(asyncio.Transport):
    """What a connection behind TLS writes to. TLS has no half-closed state worth keeping."""

    def __init__(self, wire: asyncio.Transport, end: TlsEnd) -> None:
        super().__init__()
        self._wire = wire
        self._end = end

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._wire.is_closing():
            return
        try:
            self._wire.write(self._end.encrypt(bytes(data)))
        except TlsFailed:  # the peer broke the connection: its end is told by connection_lost
            self._wire.abort()

    def close(self) -> None:
        if not self._wire.is_closing():
            self._wire.write(self._end.close_notify())
        self._wire.close()

    def abort(self) -> None:
        self._wire.abort()

    def is_closing(self) -> bool:
        return self._wire.is_closing()

    def can_write_eof(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._wire.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._wire.set_write_buffer_limits(high, low)

    def pause_reading(self) -> None:
        self._wire.pause_reading()

    def resume_reading(self) -> None:
        self._wire.resume_reading()
