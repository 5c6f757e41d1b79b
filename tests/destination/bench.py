"""A platform with one HTTPS destination, on a real server of this process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.clock import Deadline
from harness.network.certificates import CertificateKind
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.destination.config import Destination
from harness.platform.destination.delivery import Delivery
from harness.platform.destination.endpoint import Behaviour, Endpoint
from harness.platform.destination.settings import DestinationSettings
from harness.platform.settings import PlatformSettings
from tests.platform.bench import Rig, running
from tests.tls.https import authority

HOST = "hook.example"
SECRET = "Destination#Secret0123456789abcdef"
PLUG = "fbc063cb-4dd4-41b3-917a-e2d1ea907f75"
QUICK = PlatformSettings(destinations=DestinationSettings(hold_s=0.2))
PATIENT = PlatformSettings(destinations=DestinationSettings(hold_s=30.0))
"""For endpoints that answer, be they ever so slow: a clock that moves on times them out."""


def destination(address: tuple[str, int] | None = None, **changes: object) -> Destination:
    """One that is right in every respect; it trusts the bench's authority too."""
    made = Destination(
        "webhook", f"https://{HOST}/in?x=1", SECRET, plug_uuid=PLUG, connect_to=address,
        anchors=authority().pem,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]  # any field


@contextlib.contextmanager
def endpoint(
    answers: Sequence[Behaviour] = (200,), kind: CertificateKind = "right"
) -> Iterator[tuple[Endpoint, tuple[str, int]]]:
    loop = LoopThread("endpoint")
    made = Endpoint(authority().issue(kind, [HOST]), SECRET, answers)
    try:
        yield made, made.start(loop, HostSockets())
    finally:
        made.close()
        loop.close()


@dataclass
class Forwarding:
    rig: Rig
    endpoint: Endpoint

    def delivery(self, attempts: int) -> Delivery:
        """The first delivery, once it has had so many attempts."""
        platform = self.rig.platform
        done = platform.wait(
            lambda: bool(platform.deliveries) and len(platform.deliveries[0].attempts) >= attempts,
            Deadline.after(60),
        )
        assert done, platform.deliveries
        return platform.deliveries[0]


@contextlib.contextmanager
def forwarding(
    answers: Sequence[Behaviour] = (200,),
    kind: CertificateKind = "right",
    settings: PlatformSettings = PATIENT,
    **changes: object,
) -> Iterator[Forwarding]:
    with endpoint(answers, kind) as (made, address), running(settings) as rig:
        rig.platform.add_destination(destination(address, **changes))
        yield Forwarding(rig, made)
