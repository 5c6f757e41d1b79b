"""The cable of a quectel-bg is pulled after every byte of a command, a payload and a response.

For each byte: the error of the line and no time-out, the port opened again by itself under the same
link once it is back, the next command right, and a whole timeline.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.clock import Deadline, RealClock, pause
from harness.errors import HilError
from harness.evidence import Event, Timeline
from harness.line import PortGone
from harness.modem import HttpOrder, open_modem
from harness.modem.quectel_bg import QuectelBg
from harness.network.loop import LoopThread
from harness.virtual_modem import ModemIdentity, ModemNetwork, ModemSettings, VirtualModem
from harness.virtual_modem.identity import Subscription
from tests.faults.cable import Cable
from tests.modem.conftest import ACCEPTED, PLATFORM, Server

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
IMEI = ModemIdentity().imei
LANES = 8  # benches at a time: most of the time is the silence that a resync waits for
ERROR_WITHIN_S = 30.0  # every patience of a driver below is longer
REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]"
ORDER = HttpOrder(*PLATFORM, "/i", (("Host", "m.m"),), b"[]")


@dataclass
class Lane:
    """A driver, a cable, a virtual modem with what is behind it, and the host's timeline."""

    modem: QuectelBg
    cable: Cable
    virtual: VirtualModem
    server: Server
    file: Path
    said: bytearray  # what the host's timeline has of the host

    def free_socket(self) -> None:
        self.modem.channel.execute("AT+QICLOSE=0", timeout_s=40)

    def open_socket(self) -> None:
        self.free_socket()
        self.modem.open_socket(*PLATFORM)

    def post(self) -> bool:
        answer = self.modem.http_post(ORDER, response_timeout_s=60)
        return (answer.status, answer.body) == (202, b"OK\r\n")

    def post_again(self) -> None:
        """The modem's own client may be busy yet with a request that nobody waits for."""
        deadline = Deadline.after(60)
        while True:
            with suppress(HilError):
                assert self.post()
                return
            assert not deadline.expired
            pause(0.01)

    def store_sms(self) -> None:
        assert self.virtual.deliver_sms("5277", "Hello", NOON)
        self.modem.channel.wait_for("+CMTI:", timeout_s=20)


@dataclass(frozen=True)
class Shape:
    """``act`` is cut, and says whether all went well; ``before`` is done first for each bench.

    ``again`` puts in order what a cut left behind; ``least`` is the length of the shortest run.
    """

    act: Callable[[Lane], bool]
    least: dict[str, int]
    before: Callable[[Lane], Any] = lambda lane: None
    again: Callable[[Lane], Any] = lambda lane: None


SHAPES = {
    "identity": Shape(lambda lane: lane.modem.identify().imei == IMEI, {"tx": 40, "rx": 90}),
    "registration": Shape(lambda lane: lane.modem.registration() == 1, {"tx": 9, "rx": 20}),
    "socket-open": Shape(
        lambda lane: lane.modem.open_socket(*PLATFORM) == 0, {"tx": 40, "rx": 20},
        again=Lane.free_socket,
    ),
    "send-and-read": Shape(
        lambda lane: lane.modem.exchange(0, REQUEST, response_timeout_s=60) == ACCEPTED,
        {"tx": 60, "rx": 70}, before=Lane.open_socket, again=Lane.open_socket,
    ),
    "sms-send": Shape(
        lambda lane: len(lane.modem.send_sms("+31612345678", "hoi")) == 1, {"tx": 40, "rx": 20}
    ),
    "sms-read": Shape(
        lambda lane: lane.modem.read_sms(0).text == "Hello", {"tx": 10, "rx": 50},
        before=Lane.store_sms,
    ),
    "http-post": Shape(Lane.post, {"tx": 150, "rx": 80}, again=Lane.post_again),
}  # fmt: skip


@contextmanager
def _lane(folder: Path, loop: LoopThread, *, dtr: bool) -> Iterator[Lane]:
    counts = {"seen": 0, "taken": 0}
    said = bytearray()

    def at_host(event: Event) -> None:
        if event.kind == "serial" and event.data["dir"] == "rx":
            counts["seen"] += len(event.data["bytes"])
        elif event.kind == "serial":
            said.extend(event.data["bytes"].encode("latin-1"))

    def at_modem(event: Event) -> None:
        if event.kind == "serial" and event.data["dir"] == "tx":
            counts["taken"] += len(event.data["bytes"])

    with ExitStack() as stack:
        clock = RealClock(NOON)
        stack.callback(clock.close)
        timeline, inside = Timeline(folder / "host.jsonl", clock), Timeline(None, clock, keep=10)
        stack.callback(timeline.close)
        timeline.listen(at_host)
        inside.listen(at_modem)
        server = Server()
        stack.callback(server.close)
        server.replies.extend([ACCEPTED] * 5000)
        virtual = VirtualModem(
            "m", clock=clock, recorder=inside, loop=loop, subscription=Subscription.of("plus"),
            network=ModemNetwork(routes={PLATFORM: server.address}),
            settings=ModemSettings(witness=True, counted=False),
        )  # fmt: skip
        far = virtual.start()
        stack.callback(virtual.close)
        cable = stack.enter_context(
            Cable(
                far, folder / "modem", lambda: counts["seen"], lambda: counts["taken"],
                virtual.set_dtr if dtr else lambda level: None,
            )
        )  # fmt: skip
        modem = open_modem("quectel-bg", cable.path, name="m", recorder=timeline)
        assert isinstance(modem, QuectelBg)
        stack.callback(modem.close)
        modem.channel.quiet_s, modem.channel.probe_s = 0.03, 0.3
        modem.wait_ready(timeout_s=20)
        modem.notify_sms()
        modem.wait_registered(timeout_s=20, poll_s=0.05)
        modem.activate("kpnthings2.m2m")
        yield Lane(modem, cable, virtual, server, folder / "host.jsonl", said)


def _cut_everywhere(lane: Lane, shape: Shape, direction: str, first: int) -> int:
    """Cut after byte ``first``, then LANES further on, and so on to the end; the last place."""
    at = first
    cuts = 0
    shape.before(lane)
    while True:
        said, heard = len(lane.said), len(lane.cable.heard_by_modem)
        lane.cable.cut_after(direction, at)
        within = Deadline.after(ERROR_WITHIN_S)
        try:
            well = shape.act(lane)
            gone = False
        except PortGone:
            gone = True
        assert not within.expired
        cut = lane.cable.was_cut()
        if not cut:
            assert not gone
            break
        # What it was asked may be done with the very last byte; then the answer is right.
        assert gone or (well and direction == "rx")
        assert lane.said[said:].startswith(lane.cable.heard_by_modem[heard:])
        with pytest.raises(PortGone):
            lane.modem.channel.execute("AT", timeout_s=60)
        cuts += 1
        lane.cable.plug()
        assert lane.modem.line("AT+CGSN", timeout_s=60) == IMEI
        shape.again(lane)
        at += LANES
    assert well
    _check_timeline(lane, cuts)
    return at


def _check_timeline(lane: Lane, cuts: int) -> None:
    """Every line is an event, none is missing, and what crossed the cable is there to the byte."""
    events = [json.loads(line) for line in lane.file.read_bytes().splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    heard = "".join(
        event["bytes"] for event in events if event["kind"] == "serial" and event["dir"] == "rx"
    )
    assert heard.encode("latin-1") == bytes(lane.cable.heard_by_host)
    notes = [event["text"] for event in events if event["kind"] == "note"]
    assert notes == ["the port is gone", "the port is back"] * cuts


def _on_all_lanes(folder: Path, shape: Shape, direction: str, *, dtr: bool) -> None:
    loop = LoopThread("unplug-io")

    def work(number: int) -> int:
        place = folder / f"lane-{number}"
        place.mkdir()
        with _lane(place, loop, dtr=dtr) as lane:
            return _cut_everywhere(lane, shape, direction, number)

    try:
        with ThreadPoolExecutor(LANES) as pool:
            ends = list(pool.map(work, range(1, LANES + 1)))
    finally:
        loop.close()
    assert min(ends) > shape.least[direction]


@pytest.mark.parametrize("direction", ["tx", "rx"])
@pytest.mark.parametrize("name", SHAPES)
def test_unplugged_at_every_byte(name: str, direction: str, tmp_path: Path) -> None:
    """A pulled cable is the line's error at once, and all is well when it is back in."""
    _on_all_lanes(tmp_path, SHAPES[name], direction, dtr=True)


@pytest.mark.parametrize("name", ["send-and-read", "sms-send"])
def test_unplugged_while_a_payload_is_owed(name: str, tmp_path: Path) -> None:
    """The same on a cable without DTR, where the modem waits on for the rest of its payload."""
    _on_all_lanes(tmp_path, SHAPES[name], "tx", dtr=False)
