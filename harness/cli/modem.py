"""``hil modem``: a virtual modem on its own, on a PTY or a real UART."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.cli.modem_control import Control
    from harness.clock import ScenarioClock
    from harness.evidence.timeline import Timeline
    from harness.network.loop import LoopThread
    from harness.virtual_modem import ModemNetwork, ModemSettings, VirtualModem

EXAMPLE = (
    "hil modem --family quectel-bg --link /tmp/modem --apn kpnthings2.m2m "
    "--route 10.151.236.157:80=127.0.0.1:8080 --control 127.0.0.1:0"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--family", default="quectel-bg", help="AT dialect (default: %(default)s)")
    parser.add_argument("--model", help="BG95-M3 (default) or BG96")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--link", type=Path, help="stable symlink to the PTY")
    where.add_argument("--port", help="a real serial device instead of a PTY")
    for number in ("imei", "iccid", "imsi", "msisdn"):
        parser.add_argument(f"--{number}")
    parser.add_argument(
        "--apn", action="append", help="an APN that the network accepts; repeatable"
    )
    parser.add_argument(
        "--route", action="append", default=[], metavar="HOST:PORT=HOST:PORT",
        help="where connections to the first address really go; all others are refused",
    )  # fmt: skip
    parser.add_argument("--control", metavar="HOST:PORT", help="HTTP control API; port 0 = any")
    parser.add_argument("--ready", type=Path, help="write path and control address there as JSON")
    parser.add_argument("--json", action="store_true", help="print them as JSON as well")
    parser.add_argument("--baud", type=int, default=115_200)
    parser.add_argument("--pace", action="store_true", help="send no faster than the baud rate")


def run(args: argparse.Namespace) -> int:
    from harness.clock import RealClock
    from harness.evidence.timeline import Timeline
    from harness.network.loop import LoopThread

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    network, settings = _network(args.route), _settings(args)
    clock, loop = RealClock(), LoopThread("hil-modem")
    modem: VirtualModem | None = None
    control: Control | None = None
    try:
        modem = _modem(args, clock, Timeline(None, clock, keep=1000), loop, network, settings)
        if args.control is not None:
            from harness.cli.modem_control import Control

            control = Control(modem, *endpoint(args.control))
        facts = {"path": modem.start(), "control": control.address if control else None}
        if args.ready is not None:
            args.ready.write_text(json.dumps(facts))
        print(json.dumps(facts) if args.json else f"modem on {facts['path']}", flush=True)
        if control is not None and not args.json:
            print(f"control on http://{control.address}", flush=True)
        while not stop.wait(3600.0):
            pass
    finally:
        if control is not None:
            control.close()
        if modem is not None:
            modem.close()
            if modem.unknown_commands:
                unknown = ", ".join(dict.fromkeys(modem.unknown_commands))
                print(f"commands this modem does not know: {unknown}", file=sys.stderr)
        loop.close()
        clock.close()
    return 0


def _modem(
    args: argparse.Namespace,
    clock: ScenarioClock,
    timeline: Timeline,
    loop: LoopThread,
    network: ModemNetwork,
    settings: ModemSettings,
) -> VirtualModem:
    from harness.virtual_modem import ModemIdentity, Subscription, VirtualModem

    given = {
        name: getattr(args, name)
        for name in ("imei", "iccid", "imsi", "msisdn", "model")
        if getattr(args, name) is not None
    }
    subscription = Subscription(frozenset(args.apn)) if args.apn else Subscription()
    return VirtualModem(
        "modem", args.family, clock=clock, recorder=timeline, loop=loop, network=network,
        identity=ModemIdentity(**given), subscription=subscription, settings=settings,
    )  # fmt: skip


def _settings(args: argparse.Namespace) -> ModemSettings:
    from harness.virtual_modem import ModemSettings

    return ModemSettings(
        link=args.link, port=args.port, baud=args.baud, pace=args.pace,
        prompt_delay_s=0.005 if args.port else 0.0,
    )  # fmt: skip


def _network(routes: list[str]) -> ModemNetwork:
    from harness.virtual_modem import ModemNetwork

    pairs = {}
    for route in routes:
        source, separator, target = route.partition("=")
        if not separator:
            raise UsageError(f"--route {route}: write HOST:PORT=HOST:PORT")
        pairs[endpoint(source)] = endpoint(target)
    return ModemNetwork(routes=pairs)


def endpoint(text: str) -> tuple[str, int]:
    """``HOST:PORT``. Raises :class:`UsageError`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{text!r} is no HOST:PORT")
    return host, int(port)
