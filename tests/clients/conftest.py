"""Makes modems for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness.clock import RealClock
from harness.evidence import Timeline
from harness.network.loop import LoopThread
from harness.virtual_modem import (
    ModemIdentity,
    ModemNetwork,
    ModemSettings,
    Subscription,
    VirtualModem,
)
from tests.clients.modems import NOON, PLATFORM, Modem, imei

Make = Callable[..., Modem]


@pytest.fixture(scope="session")
def loop() -> Iterator[LoopThread]:
    loop = LoopThread("clients-io")
    yield loop
    loop.close()


@pytest.fixture
def modem(loop: LoopThread) -> Iterator[Make]:
    """Makes registered modems of a family: ``modem("quectel-bg", target=("127.0.0.1", 80))``."""
    made: list[Modem] = []

    def make(
        family: str, *, model: str | None = None, target: tuple[str, int] | None = None
    ) -> Modem:
        clock = RealClock(NOON)
        timeline = Timeline(None, clock, keep=20_000)
        virtual = VirtualModem(
            family, family, clock=clock, recorder=timeline, loop=loop,
            identity=ModemIdentity(imei=imei(family), model=model),
            subscription=Subscription.of("plus"),
            network=ModemNetwork(routes={PLATFORM: target} if target else {}),
            settings=ModemSettings(witness=True, counted=False),
        )  # fmt: skip
        made.append(Modem(family, virtual, timeline, clock))
        virtual.start()
        made[-1].settle()
        return made[-1]

    yield make
    for one in made:
        one.virtual.close()
        one.clock.close()
