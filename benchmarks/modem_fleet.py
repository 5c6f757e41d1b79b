"""The processes of the scale benchmark: the virtual modems, and the host programs that drive them.

Each is for a process of its own, so that their costs are told apart; ``hil serve`` is the third.
"""

from __future__ import annotations

import resource
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.modem.sockets import SocketModem
    from harness.virtual_modem import VirtualModem

PLATFORM = ("10.151.236.157", 80)  # NET-ADDR
PATH = "/ingestion/m2m/senml/v1"
APN = "kpnthings2.m2m"
_ATTACH_S, _RESPONSE_S = 60.0, 30.0
_FDS_EACH = 8  #: descriptors per modem at most, with room to spare


@dataclass(frozen=True, slots=True)
class Device:
    """One modem, its SIM, and the device it is in."""

    name: str
    family: str
    imei: str
    secret: str


@dataclass(frozen=True, slots=True)
class Timetable:
    """When who sends. Times in seconds; ``together`` is all modems at the same moment."""

    period_s: float
    uplinks: int  #: of each modem
    together: bool = False

    def due_s(self, modem: int, modems: int, uplink: int) -> float:
        """After the start; the modems are spread evenly over the period."""
        return (uplink + (0.0 if self.together else modem / modems)) * self.period_s


@dataclass(frozen=True, slots=True)
class Sent:
    """One uplink as its sender saw it: ``late_s`` behind the timetable, ``taken_s`` from
    making the body to the closed socket, ``status`` None with ``error`` when there was none."""

    device: str
    body: str
    late_s: float
    taken_s: float
    status: int | None
    error: str = ""


def enough_files(modems: int) -> None:
    """The usual limit of 1,024 descriptors is too small for some hundred modems."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 256 + _FDS_EACH * modems
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def run_modems(pipe: Connection, devices: list[Device], platform: tuple[str, int]) -> None:
    """All modems on one loop: tells their paths, waits, tells what went wrong with them."""
    from harness.clock import RealClock
    from harness.evidence import Timeline
    from harness.network.loop import LoopThread
    from harness.virtual_modem import ModemIdentity, ModemNetwork, Subscription, VirtualModem

    enough_files(len(devices))
    clock, loop = RealClock(), LoopThread()
    timeline = Timeline(None, clock, keep=10_000)
    modems = [
        VirtualModem(
            device.name, device.family, clock=clock, recorder=timeline, loop=loop,
            identity=ModemIdentity(imei=device.imei), subscription=Subscription.of("plus"),
            network=ModemNetwork(routes={PLATFORM: platform}),
        )
        for device in devices
    ]  # fmt: skip
    pipe.send([modem.start() for modem in modems])
    pipe.recv()
    notes = [str(event.data.get("text", "")) for event in timeline.events("note")]
    pipe.send([*(text for text in notes if "defect" in text), *_troubles(modems)])
    for modem in modems:
        modem.close()
    loop.close()
    clock.close()


def _troubles(modems: list[VirtualModem]) -> list[str]:
    return [
        f"{modem.name}: {trouble}"
        for modem in modems
        for trouble in (*map(str, modem.troubles), *modem.unknown_commands)
    ]


def run_drivers(
    pipe: Connection, devices: list[Device], paths: list[str], times: Timetable
) -> None:
    """A thread for each driver: attach, wait for the word, send by the timetable, tell of it."""
    enough_files(len(devices))
    _request(devices[0], 0)  # what it imports is not for the first uplink to pay
    sent: list[list[Sent]] = [[] for _ in devices]
    failures: list[str] = []
    together = threading.Barrier(len(devices) + 1)  # met three times: attached, all sent, measured
    go = threading.Event()
    start = 0.0

    def drive(number: int) -> None:
        device = devices[number]
        try:
            modem = _attached(device, paths[number])
        except Exception as error:  # whatever it is, the others must not wait for it for ever
            failures.append(f"{device.name} ({device.family}) did not attach: {error!r}")
            together.abort()
            return
        with modem:
            together.wait()
            go.wait()
            for uplink in range(times.uplinks):
                due = start + times.due_s(number, len(devices), uplink)
                time.sleep(max(0.0, due - time.monotonic()))
                sent[number].append(_send(modem, device, uplink, due))
            together.wait()
            together.wait()

    threads = [threading.Thread(target=drive, args=(n,), daemon=True) for n in range(len(devices))]
    for thread in threads:
        thread.start()
    try:
        together.wait(2 * _ATTACH_S)
    except threading.BrokenBarrierError:
        pipe.send("; ".join(failures) or "the modems did not attach in time")
        return
    pipe.send("")
    pipe.recv()
    start = time.monotonic() + 0.1
    go.set()
    together.wait()
    pipe.send("")
    pipe.recv()
    together.wait()
    for thread in threads:
        thread.join()
    pipe.send([one for some in sent for one in some])


def _attached(device: Device, path: str) -> SocketModem:
    from harness.modem import SocketModem, open_modem

    modem = open_modem(device.family, path, name=device.name)
    assert isinstance(modem, SocketModem)
    modem.channel.gap_s = 0.0  # only a real one needs a rest between commands
    modem.wait_ready(timeout_s=_ATTACH_S)
    modem.wait_registered(timeout_s=_ATTACH_S, poll_s=1.0)
    modem.activate(APN)
    return modem


def _request(device: Device, uplink: int) -> tuple[bytes, bytes]:
    """The body of an uplink, each another one, and the request around it."""
    from harness import senml, token, urn
    from harness.modem import HttpOrder

    records = [{"n": "count", "v": uplink}, {"n": "temperature", "u": "Cel", "v": 21.5}]
    body = senml.encode(records, bn=urn.imei_base_name(device.imei), shape="separate")
    headers = (
        ("Host", "m.m"),
        ("Content-Type", "application/json"),
        ("Things-Message-Token", token.compute(body, device.secret)),
    )
    return body, HttpOrder(*PLATFORM, PATH, headers, body).to_bytes()


def _send(modem: SocketModem, device: Device, uplink: int, due: float) -> Sent:
    """One connection, one POST: what a device does that sleeps between its uplinks."""
    from harness.errors import HilError
    from harness.modem.sockets import response_of

    begun = time.monotonic()
    body, request = _request(device, uplink)
    status: int | None = None
    error = ""
    try:
        answer = response_of(modem.post_raw(*PLATFORM, request, response_timeout_s=_RESPONSE_S))
        status = answer.status
    except HilError as failure:
        error = f"{type(failure).__name__}: {failure}"
    taken_s = time.monotonic() - begun
    return Sent(device.name, body.decode(), begun - due, taken_s, status, error)
