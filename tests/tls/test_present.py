"""The certificate is changed while connections begin and others change it too."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, cast

from harness.network.tls import TlsEnd
from harness.platform.https import HttpsFront, TlsGate
from tests.interleaved import at_every_line
from tests.tls.https import authority, careless


def _front() -> HttpsFront:
    nothing = cast(Any, None)  # neither of them before a connection is made
    return HttpsFront(nothing, nothing, authority(), "127.0.0.1")


def _shown(server: TlsEnd) -> bytes | None:
    """What a client sees of the certificate. Raises TlsFailed."""
    client = TlsEnd(careless(), name="localhost")
    client.start()
    while not (client.established and server.established):
        server.feed(client.outgoing())
        client.feed(server.outgoing())
    return client.peer_certificate


def _certificate_of(context: ssl.SSLContext) -> bytes | None:
    return _shown(TlsEnd(context, server=True))


def test_two_orders_for_the_same_certificate_at_once() -> None:
    """Whichever is first: connections that begin after either of them see a certificate."""
    seen: list[bytes | None] = []

    def make() -> tuple[Callable[[], object], Callable[[], object]]:
        front = _front()
        seen.clear()

        def order() -> None:
            front.present("expired")
            seen.append(_certificate_of(front.in_force[1]))

        return order, order

    for _ in at_every_line(HttpsFront.present, make):
        assert len(seen) == 2
        assert None not in seen


def test_a_connection_that_begins_as_the_certificate_is_changed() -> None:
    """What is said of its handshake names the certificate that it really saw."""
    front = _front()
    certificates: dict[str, bytes | None] = {}
    for kind in ("expired", "right"):
        front.present(kind)
        certificates[kind] = _certificate_of(front.in_force[1])
    gates: list[TlsGate] = []

    def make() -> tuple[Callable[[], object], Callable[[], object]]:
        front.present("right")
        return lambda: gates.append(front.gate(set())), lambda: front.present("expired")

    for _ in at_every_line(TlsGate.__init__, make):
        assert _shown(gates[-1]._end) == certificates[gates[-1]._kind]
