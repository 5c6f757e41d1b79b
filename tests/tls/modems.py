"""A driver on an attached virtual modem whose network leads to an HTTPS platform."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from harness.clock import RealClock
from harness.evidence import Timeline
from harness.modem import HttpOrder, open_modem
from harness.modem.core import Modem
from harness.network.loop import LoopThread
from harness.token import compute
from harness.virtual_modem import (
    ModemIdentity,
    ModemNetwork,
    ModemSettings,
    Subscription,
    VirtualModem,
)
from tests.platform.bench import NOW, SECRET
from tests.tls.https import BODY, NAME, Https, ip_request

ADDRESS = "10.151.236.157"
HEADERS = (
    ("Host", NAME),
    ("Content-Type", "application/json"),
    ("Things-Message-Token", compute(BODY, SECRET)),
)
ORDER = HttpOrder(NAME, 443, "/ingestion/ip/senml/v1", HEADERS, BODY, tls=True)


@contextlib.contextmanager
def attached(family: str, https: Https, *, model: str | None = None) -> Iterator[Modem]:
    """Registered and with an active context; nothing is said about TLS yet."""
    clock, loop = RealClock(NOW), LoopThread()
    timeline = Timeline(None, clock)
    virtual = VirtualModem(
        "probe", family, clock=clock, recorder=timeline, loop=loop,
        identity=ModemIdentity(model=model), subscription=Subscription.of("plus"),
        network=ModemNetwork(
            routes={(ADDRESS, 443): https.address}, names={NAME: ADDRESS}
        ),
        settings=ModemSettings(witness=True, counted=False),
    )  # fmt: skip
    driver = open_modem(family, virtual.start(), name="probe", recorder=timeline)
    try:
        driver.channel.gap_s = 0.0
        driver.wait_ready(timeout_s=10)
        driver.wait_registered(timeout_s=10, poll_s=0.05)
        driver.activate("kpnthings2.m2m")
        yield driver
    finally:
        driver.close()
        virtual.close()
        loop.close()
        clock.close()


def posted(modem: Modem) -> bytes:
    """The answer to the documented uplink over a TLS socket."""
    connection = modem.open_tls_socket(NAME, 443)
    try:
        return modem.exchange(connection, ip_request(host=NAME), response_timeout_s=10)
    finally:
        modem.close_socket(connection)
