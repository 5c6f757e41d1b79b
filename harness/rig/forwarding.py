"""HTTPS endpoints that a bench makes itself, for its platform to forward to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.network.certificates import Authority, CertificateKind
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.destination.config import Destination, Numbers
from harness.platform.destination.endpoint import Behaviour, Endpoint
from harness.senml import Shape

ENDPOINT_NAME = "endpoint.things-hil.example"
ENDPOINT_SECRET = "Bench#Endpoint0Secret0123456789abcd"


@dataclass(frozen=True, slots=True)
class EndpointOrder:
    """A destination and how the endpoint behind it behaves.

    ``url`` and ``secret`` None take good ones; ``answers`` are given in turn, the last one stays.
    """

    certificate: CertificateKind = "right"
    answers: Sequence[Behaviour] = (200,)
    url: str | None = None
    secret: str | None = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: int | None = None
    shape: Shape = "separate"
    numbers: Numbers = "plain"


def make_endpoint(
    order: EndpointOrder, name: str, authority: Authority, loop: LoopThread
) -> tuple[Endpoint, Destination]:
    """A listening endpoint on loopback, and the destination that leads there.

    Its name resolves nowhere: the platform is led to it as with curl's ``--connect-to``.
    """
    secret = order.secret or ENDPOINT_SECRET
    credential = authority.issue(order.certificate, [ENDPOINT_NAME])
    endpoint = Endpoint(credential, secret, order.answers)
    address = endpoint.start(loop, HostSockets())
    destination = Destination(
        name, order.url or f"https://{ENDPOINT_NAME}/uplinks", secret, order.method,
        headers=tuple(order.headers.items()), expected=order.expected, shape=order.shape,
        numbers=order.numbers, connect_to=address, anchors=authority.pem,
    )  # fmt: skip
    return endpoint, destination
