"""Half a million uplinks of ten thousand devices into one platform: is its memory bounded?

The platform has a process of its own, with token check, findings and a timeline on a file. Its
memory is read after every tenth of the uplinks. What is kept is bounded by settings, so it levels
off: its growth over the second half is the figure. Exits 1 when an uplink was not counted, or that
growth is above the limit.

    python benchmarks/soak.py [--uplinks N] [--devices N]
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import common
import ingestion
from ingestion_servers import PATH, SECRET

from harness.urn.luhn import luhn_digit

TEXTS = 4096  #: different requests, each of another device; what the load generator holds
GROWTH_MIB = 8.0
STEPS = 10


def imei(number: int) -> str:
    digits = f"35672610{number:06d}"
    return f"{digits}{luhn_digit(digits)}"


def platform(pipe: Connection, devices: int, folder: str) -> None:
    """The server: as ``hil serve`` runs it, without the control API."""
    from harness.clock import RealClock
    from harness.evidence import Timeline
    from harness.network.loop import LoopThread
    from harness.network.sockets import HostSockets
    from harness.platform.facade import Platform
    from harness.platform.registry import Registration, Registry

    clock = RealClock()
    timeline = Timeline(Path(folder) / "soak.jsonl", clock, keep=10_000)
    accepted = Counter[bool]()
    timeline.listen(lambda event: accepted.update([event.data.get("outcome") == "accepted"]))
    registry = Registry(
        Registration(f"device-{number}", imei=imei(number), secret=SECRET)
        for number in range(devices)
    )
    one = Platform(registry, clock=clock, recorder=timeline, loop=LoopThread())
    pipe.send(one.start(HostSockets())[1])
    while pipe.recv():
        pipe.send(accepted[True])


def requests(devices: int) -> list[bytes]:
    """Valid uplinks of about 200 bytes, spread over all devices."""
    made = []
    for number in range(min(TEXTS, devices)):
        device = number * devices // min(TEXTS, devices)
        body = (
            f'[{{"bn":"urn:dev:IMEI:{imei(device)}:"}},'
            f'{{"n":"temperature","u":"Cel","v":{number % 40}.5}},'
            f'{{"n":"humidity","u":"%RH","v":{number % 90}.25}},'
            f'{{"n":"level","u":"m","v":{number}.0}}]'
        ).encode()
        token = hashlib.sha256(body + SECRET.encode()).hexdigest()
        made.append(
            f"POST {PATH} HTTP/1.1\r\nHost: m.m\r\nThings-Message-Token: {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
    return made


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(argv: Sequence[str] | None = None) -> int:
    parser = common.options(__doc__, 1)
    parser.add_argument("--uplinks", type=int, default=500_000)
    parser.add_argument("--devices", type=int, default=10_000)
    arguments = parser.parse_args(argv)
    wanted = 50_000 if arguments.quick else arguments.uplinks
    with tempfile.TemporaryDirectory() as folder:
        load = ingestion.Load(Path(folder), requests(arguments.devices))
        here, there = multiprocessing.Pipe()
        process = multiprocessing.Process(
            target=platform, args=(there, arguments.devices, folder), daemon=True
        )
        process.start()
        port, pid = here.recv(), process.pid
        assert pid is not None
        ingestion.pin(pid, 0)
        ingestion.pin(os.getpid(), 1)
        sent, sizes, begun = 0.0, [(0, resident_mib(pid))], time.monotonic()
        while sent < wanted:
            rate = load(port, 16, 1.0, True)
            sent += rate
            if sent >= len(sizes) * wanted / STEPS:
                sizes.append((round(sent), resident_mib(pid)))
        seconds = time.monotonic() - begun
        here.send(True)
        seen = here.recv()
        written = (Path(folder) / "soak.jsonl").stat().st_size
        here.send(False)
        process.join(10)
    for count, mib in sizes:
        print(f"{count:>9,} uplinks: {mib:7.1f} MiB", file=sys.stderr)
    growth = [sizes[-1][1] - sizes[len(sizes) // 2][1]]
    rows = [
        common.Row(
            f"soak: {arguments.devices:,} devices, {seen:,} uplinks",
            f"{seen / seconds:,.0f} /s, {sizes[-1][1]:.0f} MiB, "
            f"timeline {written / 2**20:,.0f} MiB",
        ),
        common.alone("soak: growth over the second half", growth, "MiB", at_most=GROWTH_MIB),
    ]
    common.show(rows, as_json=arguments.json)
    return 0 if seen >= sent * 0.999 and growth[0] <= GROWTH_MIB else 1


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.exit(main())
