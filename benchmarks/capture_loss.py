"""Packets lost by our capture and by scapy's sniffing, side by side in one run.

A paced sender process puts 400-byte frames on the modems' end of a private network; a receiver
process of its own captures the platform's end. Rounds are interleaved; medians are shown. scapy
opens its own socket, so its process must enter the namespace, which needs root: without, only
ours is measured. Also: packets parsed per second, against scapy's ``rdpcap``.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import common

from harness.network import namespaces
from harness.network.capture import Capture
from harness.network.holder import MODEM_LINK, PLATFORM_LINK
from harness.network.packets import read_packets
from harness.network.private import PrivateNetwork, namespaces_available

SIOCGSKNS = 0x894C  # the namespace of a socket, socket(7)
FRAME_BYTES = 400
RECEIVERS = ("ours", "scapy store", "scapy to pcap")
SELF = [sys.executable, __file__]


@dataclass(frozen=True, slots=True)
class Round:
    """One receiver at one rate, once."""

    loss_percent: float
    sent_per_s: float
    cpu_us_per_packet: float


def frame() -> bytes:
    """Ethernet, IPv4, TCP to port 80; addressed to nobody's card, so that no stack answers."""
    ether = bytes.fromhex("020000000001 020000000002 0800".replace(" ", ""))
    size = FRAME_BYTES - len(ether)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, 6, 0,
                     bytes([100, 64, 0, 1]), bytes([10, 151, 236, 157]))  # fmt: skip
    tcp = struct.pack(">HHIIBBHHH", 1025, 80, 0, 0, 0x50, 0x18, 1024, 0, 0)
    return (ether + ip + tcp).ljust(FRAME_BYTES, b"x")


def send(descriptor: int, rate: int, seconds: float) -> dict[str, float]:
    """Send ``rate`` frames a second, a few every millisecond."""
    sock = socket.socket(fileno=descriptor)
    sock.bind((MODEM_LINK, 0))
    content, sent, start = frame(), 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        for _ in range(int(passed * rate) - sent):
            sock.send(content)
            sent += 1
        time.sleep(0.0005)
    return {"sent": sent, "per_s": sent / (time.perf_counter() - start)}


def receive_ours(descriptor: int, path: Path) -> int:
    capture = Capture(socket.socket(fileno=descriptor), PLATFORM_LINK, path).start()
    ready()
    summary = capture.stop()
    return summary.packets


def receive_scapy(path: Path, *, to_pcap: bool) -> int:
    from scapy.all import AsyncSniffer, PcapWriter

    counted = 0
    writer = PcapWriter(str(path), linktype=1) if to_pcap else None

    def seen(packet: Any) -> None:
        nonlocal counted
        counted += 1
        if writer is not None:
            writer.write(packet)

    sniffer = AsyncSniffer(
        iface=PLATFORM_LINK, store=not to_pcap, prn=seen, started_callback=print_ready
    )
    sniffer.start()
    sys.stdin.readline()
    before = -1
    while before != counted:  # let it empty its socket
        before = counted
        time.sleep(0.3)
    sniffer.stop()
    return counted


def print_ready() -> None:
    print("ready", flush=True)


def ready() -> None:
    print_ready()
    sys.stdin.readline()


def child(role: str, descriptor: int, rate: int, seconds: float, path: Path) -> dict[str, float]:
    """What the processes that this program starts of itself do."""
    if role == "sender":
        return send(descriptor, rate, seconds)
    if role != "ours":
        namespaces.enter(descriptor)  # before scapy looks around for interfaces
        importlib.import_module("scapy.all")
    before = resource.getrusage(resource.RUSAGE_SELF)
    if role == "ours":
        got = receive_ours(descriptor, path)
    else:
        got = receive_scapy(path, to_pcap=role == "scapy to pcap")
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"got": got, "cpu_s": cpu}


def start(role: str, descriptor: int, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*SELF, "--child", role, "--fd", str(descriptor), *more],
        pass_fds=[descriptor], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def measure(network: PrivateNetwork, role: str, rate: int, seconds: float, path: Path) -> Round:
    """One round: start the receiver, send, ask the receiver what it has."""
    with network.packet_socket() as near, network.packet_socket("modem") as far:
        namespace = -1 if role == "ours" else fcntl.ioctl(near, SIOCGSKNS)
        given = near.fileno() if namespace < 0 else namespace
        try:
            with start(role, given, "--path", str(path)) as receiver:
                assert receiver.stdout is not None
                if receiver.stdout.readline().strip() != "ready":
                    raise SystemExit(f"the receiver {role!r} did not start")
                more = ("--seconds", str(seconds), "--rates", str(rate))
                with start("sender", far.fileno(), *more) as sender:
                    sent = json.loads(sender.communicate(timeout=seconds + 30)[0])
                got = json.loads(receiver.communicate("stop\n", timeout=120)[0])
        finally:
            if namespace >= 0:
                os.close(namespace)
    lost = 100 * (1 - min(got["got"], sent["sent"]) / sent["sent"])
    return Round(lost, sent["per_s"], got["cpu_s"] / max(got["got"], 1) * 1e6)


def parse_rates(path: Path, rounds: int) -> dict[str, list[float]]:
    """Packets parsed per second by us and by scapy, of one file of at most 5,000 packets."""
    from scapy.all import rdpcap

    content = path.read_bytes()[: 24 + 5000 * (16 + FRAME_BYTES)]
    short = path.with_suffix(".short.pcap")
    short.write_bytes(content)
    readers: dict[str, Callable[[], int]] = {
        "ours": lambda: len(read_packets(short)),
        "scapy rdpcap": lambda: len(rdpcap(str(short))),
    }
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, read in readers.items():
            before = time.perf_counter()
            count = read()
            rates[name].append(count / (time.perf_counter() - before))
    return rates


def start_up_ms(rounds: int) -> dict[str, list[float]]:
    """Making and closing a private network with two modems."""
    made, closed = [], []
    for _ in range(rounds):
        before = time.perf_counter()
        network = PrivateNetwork.create(["a", "b"])
        between = time.perf_counter()
        network.close()
        made.append((between - before) * 1e3)
        closed.append((time.perf_counter() - between) * 1e3)
    return {"create": made, "close": closed}


def run(rates: list[int], rounds: int, seconds: float) -> dict[str, Any]:
    receivers = RECEIVERS if os.geteuid() == 0 else RECEIVERS[:1]
    results: dict[tuple[int, str], list[Round]] = {}
    with tempfile.TemporaryDirectory() as directory:
        with PrivateNetwork.create() as network:
            for _ in range(rounds):
                for rate in rates:
                    for role in receivers:
                        path = Path(directory) / f"{role.replace(' ', '-')}.pcap"
                        one = measure(network, role, rate, seconds, path)
                        results.setdefault((rate, role), []).append(one)
        parsing = parse_rates(Path(directory) / "ours.pcap", rounds)
    table = [
        {"rate": rate, "receiver": role, "rounds": [asdict(one) for one in found]}
        for (rate, role), found in sorted(results.items())
    ]
    return {"capture": table, "parsed_per_s": parsing, "network_ms": start_up_ms(5)}


def rows(result: dict[str, Any]) -> list[common.Row]:
    """What the rounds say, as lines of the common table."""
    made = []
    for row in result["capture"]:
        if row["receiver"] != "ours":
            continue
        rate = row["rate"]
        losses = [one["loss_percent"] for one in row["rounds"]]
        cpu = [one["cpu_us_per_packet"] for one in row["rounds"]]
        what = f"capture, {rate:,} packets/s"
        made.append(common.alone(f"{what}: lost", losses, "%", at_most=0))
        made.append(common.alone(f"{what}: CPU per packet", cpu, "µs", at_most=5))
        for peer in result["capture"]:
            if peer["rate"] == rate and peer is not row:
                lost = common.figure([one["loss_percent"] for one in peer["rounds"]], "%")
                ours = common.figure(losses, "%")
                made.append(common.Row(f"{what}: lost", ours, f"{peer['receiver']} {lost}"))
    parsed = result["parsed_per_s"]
    made.append(
        common.compared(
            "packets parsed", parsed["ours"], "scapy rdpcap", parsed["scapy rdpcap"], "/s"
        )
    )
    made.append(common.alone("private network: made", result["network_ms"]["create"], "ms"))
    return made


def main() -> int:
    parser = common.options(__doc__, 5)
    parser.add_argument("--rates", type=int, nargs="+", default=[20_000], help="frames/s")
    parser.add_argument("--seconds", type=float, default=1.5, help="of sending, each time")
    parser.add_argument("--child", choices=("sender", *RECEIVERS), help=argparse.SUPPRESS)
    parser.add_argument("--fd", type=int, default=-1, help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, default=Path(os.devnull), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        report = child(options.child, options.fd, options.rates[0], options.seconds, options.path)
        print(json.dumps(report))
        return 0
    reason = namespaces_available()
    if reason is not None:
        return common.show([common.missing("capture", "ours", reason)], as_json=options.json)
    seconds = min(options.seconds, 1.0) if options.quick else options.seconds
    result = run(options.rates, options.rounds, seconds)
    return common.show(rows(result), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
