"""A family's driver on the same family's virtual modem, with a real server behind its antenna."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from harness.clock import Deadline, RealClock, pause
from harness.evidence import Timeline
from harness.modem import FAMILIES, Modem, SocketModem, open_modem
from harness.network.loop import LoopThread
from harness.virtual_modem import FAMILIES as VIRTUAL
from harness.virtual_modem import (
    ModemIdentity,
    ModemNetwork,
    ModemSettings,
    Subscription,
    VirtualModem,
)
from tests.modem.conftest import Server

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLATFORM = ("10.151.236.157", 80)
APN = "kpnthings2.m2m"
ALL = sorted(FAMILIES.keys() & VIRTUAL.keys())  # test_identity says when one side lacks some
WITH_SOCKETS = [name for name in ALL if FAMILIES[name].abilities.sockets]
WITHOUT_SOCKETS = [name for name in ALL if not FAMILIES[name].abilities.sockets]


@dataclass
class Bench:
    """``modem`` drives ``virtual``; what it connects to is ``server``."""

    modem: Modem
    virtual: VirtualModem
    server: Server
    timeline: Timeline

    @property
    def sockets(self) -> SocketModem:
        assert isinstance(self.modem, SocketModem)
        return self.modem

    def ready(self) -> None:
        self.wait_state("ready")  # a probe that it does not hear yet costs a probe's whole time
        self.modem.wait_ready(timeout_s=20)
        self.modem.notify_sms()

    def attach(self) -> str:
        self.ready()
        self.modem.wait_registered(timeout_s=20, poll_s=0.05)
        return self.modem.activate(APN)

    def wait_state(self, state: str) -> None:
        """Until the virtual modem is there; the last OK may come a moment earlier."""
        deadline = Deadline.after(60)
        while self.virtual.state.state != state:
            assert not deadline.expired, self.virtual.state
            pause(0.005)

    def defects(self) -> list[str]:
        """What the virtual modem itself did wrong."""
        notes = [str(event.data.get("text", "")) for event in self.timeline.events("note")]
        return [text for text in notes if "defect" in text]


Make = Callable[..., Bench]


@pytest.fixture(scope="session")
def loop() -> Iterator[LoopThread]:
    loop = LoopThread("conformance-io")
    yield loop
    loop.close()


@pytest.fixture
def bench(loop: LoopThread) -> Iterator[Make]:
    """Makes benches of a family: ``bench("quectel-bg", settings=…, subscription=…)``."""
    made: list[Bench] = []

    def make(
        family: str,
        *,
        settings: ModemSettings | None = None,
        subscription: Subscription | None = None,
        identity: ModemIdentity | None = None,
    ) -> Bench:
        clock = RealClock(NOON)
        timeline = Timeline(None, clock, keep=100_000)
        server = Server()
        virtual = VirtualModem(
            "m", family, clock=clock, recorder=timeline, loop=loop,
            subscription=subscription or Subscription.of("plus"), identity=identity,
            network=ModemNetwork(routes={PLATFORM: server.address}),
            settings=settings or ModemSettings(),
        )  # fmt: skip
        modem = open_modem(family, virtual.start(), name="m", recorder=timeline)
        # a virtual modem needs no rest between commands, and answers at once or not at all
        modem.channel.gap_s, modem.channel.quiet_s, modem.channel.probe_s = 0.0, 0.01, 0.3
        made.append(Bench(modem, virtual, server, timeline))
        return made[-1]

    yield make
    for one in made:
        one.modem.close()
        one.virtual.close()
        one.server.close()
    assert [one.defects() for one in made] == [[] for _ in made]
