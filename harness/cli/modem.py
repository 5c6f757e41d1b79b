"""``hil modem``: a virtual modem on its own, on a PTY or a real UART; or a recorded one."""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from harness.cli import modem_replay
from harness.cli.paths import file_path
from harness.cli.ready import write_ready
from harness.cli.signals import ENDING, LISTEN_S, Ending, on_signals
from harness.errors import RigError, UsageError

if TYPE_CHECKING:
    from harness.cli.modem_control import Control
    from harness.clock import ScenarioClock
    from harness.evidence.timeline import Timeline
    from harness.network.loop import LoopThread
    from harness.virtual_modem import ModemNetwork, ModemSettings, VirtualModem, Wiring

EXAMPLE = (
    "hil modem --family quectel-bg --link /tmp/modem --apn kpnthings2.m2m "
    "--route 10.151.236.157:80=127.0.0.1:8080 --control 127.0.0.1:0"
)

# said here again, because the modem behind them is imported only once it is wanted
AUTOBAUD = ("answered", "half", "lost")
INPUTS, OUTPUTS = ("dsr", "cts", "dcd", "ri"), ("dtr", "rts")
INPUT_OF = {"dtr": "dsr", "rts": "cts"}
OUTPUT_OF = {"cts": "rts", "dcd": "dtr", "ri": "none"}
SEEN_AS = {"dcd": "DCD and DSR"}
_LOOK_S = 0.2  #: how often a real port is looked after

_NUMBERS = {
    "imei": "number of the modem", "iccid": "number of the SIM",
    "imsi": "number of the subscription", "msisdn": "telephone number, with +",
}  # fmt: skip


def _number(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9]{1,20}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 to 20 digits")
    return text


def _milliseconds(text: str) -> float:
    """In seconds."""
    if not text.isascii() or not text.isdecimal() or int(text) > 60_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not 0 to 60000 milliseconds")
    return int(text) / 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    modem = parser.add_argument_group("the modem and its SIM")
    modem.add_argument(
        "--family", default="quectel-bg", metavar="NAME", help="AT dialect (default: %(default)s)"
    )
    modem.add_argument(
        "--model", metavar="NAME", help="a model of that family, such as BG96 (default: its first)"
    )
    for number, kind in _NUMBERS.items():
        modem.add_argument(
            f"--{number}", type=_number, metavar="DIGITS", help=f"{kind} (default: a made-up one)"
        )
    modem.add_argument(
        "--apn", action="append", metavar="NAME",
        help="an APN that the network accepts; repeatable (default: kpnthings.iot)",
    )  # fmt: skip
    modem.add_argument(
        "--response-times", default="none", choices=("none", "typical"),
        help="answer at once, or after as long as a module takes (default: %(default)s)",
    )  # fmt: skip
    line = parser.add_argument_group("the line")
    where = line.add_mutually_exclusive_group()
    where.add_argument(
        "--link", type=file_path, metavar="PATH", help="stable symlink to the PTY (default: none)"
    )
    where.add_argument("--port", metavar="DEVICE", help="a real serial device instead of a PTY")
    line.add_argument(
        "--wait", action="store_true",
        help="wait for --port, now and whenever it vanishes (default: end with exit code 3)",
    )  # fmt: skip
    line.add_argument(
        "--baud", type=int, default=115_200, metavar="RATE",
        help="AT+IPR, any rate that the port can do (default: %(default)s)",
    )  # fmt: skip
    line.add_argument("--pace", action="store_true", help="send no faster than the baud rate")
    line.add_argument(
        "--check-baud", action="store_true",
        help="on a PTY: garbage while the client's rate is not AT+IPR's (default: any rate does)",
    )  # fmt: skip
    line.add_argument(
        "--autobaud", nargs="?", const="answered", choices=AUTOBAUD, metavar="FIRST",
        help="AT+IPR=0: nothing is said before the first AT, which is answered (default), "
        "answered half, or lost",
    )  # fmt: skip
    line.add_argument(
        "--too-soon", type=_milliseconds, default=0.0, metavar="MS",
        help="do not hear a command so soon after the last final result (default: 0)",
    )  # fmt: skip
    _add_pins(parser)
    modem_replay.add_arguments(parser)
    network = parser.add_argument_group("the network")
    network.add_argument(
        "--route", action="append", default=[], metavar="HOST:PORT=HOST:PORT",
        help="where connections to the first address really go; all others are refused; repeatable",
    )  # fmt: skip
    network.add_argument(
        "--name", action="append", default=[], metavar="NAME=ADDRESS",
        help="a name that DNS knows (default: none, as on the M2M path); repeatable",
    )  # fmt: skip
    process = parser.add_argument_group("the process")
    process.add_argument(
        "--control", metavar="HOST:PORT",
        help="serve the control API there (power, lines, SMS, faults); port 0 = any",
    )  # fmt: skip
    process.add_argument(
        "--ready",
        type=file_path,
        metavar="FILE",
        help="write path and control address there as JSON",
    )
    process.add_argument("--json", action="store_true", help="print them as JSON as well")


def _add_pins(parser: argparse.ArgumentParser) -> None:
    pins = parser.add_argument_group("modem lines of --port (the default is a null-modem cable)")
    pins.add_argument(
        "--rtscts", action="store_true", help="RTS/CTS flow control from the start (AT+IFC=2,2)"
    )
    for line in ("dtr", "rts"):
        pins.add_argument(
            f"--{line}", choices=(*INPUTS, "none"), default=INPUT_OF[line],
            help=f"our input that shows the host's {line.upper()} (default: %(default)s)",
        )  # fmt: skip
    for line in ("cts", "dcd", "ri"):
        default = OUTPUT_OF[line]
        pins.add_argument(
            f"--{line}", choices=(*OUTPUTS, "none"),
            help=f"our output that works the host's {SEEN_AS.get(line, line.upper())} "
            f"(default: {default}{', unless --ri takes it' if default != 'none' else ''})",
        )  # fmt: skip


def _wiring(args: argparse.Namespace) -> Wiring:
    from harness.virtual_modem import Wiring

    usual = Wiring.ringing(args.ri) if args.ri in OUTPUTS else Wiring()
    given = {
        line: getattr(args, line)
        for line in ("dtr", "rts", "cts", "dcd")
        if getattr(args, line) is not None
    }
    return replace(usual, **given)


def run(args: argparse.Namespace) -> int:
    plain = argparse.ArgumentParser()
    add_arguments(plain)
    modem_replay.refuse_others(args, plain.parse_args([]))
    if args.replay is not None:
        return modem_replay.run(args, lambda facts: _tell(args, facts))
    ending = Ending()  # also while it starts, and closes: what is open gets closed then
    with on_signals(ENDING, ending.ask):
        return _run(args, ending)


def _run(args: argparse.Namespace, stop: Ending) -> int:
    from harness.clock import RealClock
    from harness.evidence.timeline import Timeline
    from harness.network.loop import LoopThread

    network, settings = _network(args.route, args.name), _settings(args)
    if args.wait and args.port is None:
        raise UsageError("--wait is for --port: there is nothing to wait for on a PTY")
    address = endpoint(args.control) if args.control is not None else None
    clock, loop = RealClock(), LoopThread("hil-modem")
    modem: VirtualModem | None = None
    control: Control | None = None
    try:
        modem = _modem(args, clock, Timeline(None, clock, keep=1000), loop, network, settings)
        if address is not None:
            from harness.cli.modem_control import Control

            control = Control(modem, *address)
        path = _start(modem, args.port if args.wait else None, stop)
        if args.port is not None and not modem.has_pins and not stop.asked:
            print(f"{path} has no modem lines: DTR, RTS and RI are left alone", file=sys.stderr)
        facts = {"path": path, "control": control.address if control else None}
        _tell(args, facts)
        _serve(modem, args, stop)
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


def _start(modem: VirtualModem, wait_for: str | None, stop: Ending) -> str:
    """Power on; a port that is not there yet is waited for when it is named."""
    if wait_for is not None:
        _come_back(modem, wait_for, stop, "is not there")
        if stop.asked:
            return wait_for
    return modem.start()


def _serve(modem: VirtualModem, args: argparse.Namespace, stop: Ending) -> None:
    """Until told to stop. Raises :class:`RigError` when the port goes and nobody waits for it."""
    while not stop.wait(LISTEN_S if args.port is None else _LOOK_S):
        if (why := modem.line_lost) is None:
            continue
        if not args.wait:
            raise RigError(
                f"{args.port} is gone ({why}); check the cable, or let --wait wait for its return"
            )
        _come_back(modem, args.port, stop, f"is gone ({why})")
        if not stop.asked:
            print(f"{args.port} is back", file=sys.stderr)


def _come_back(modem: VirtualModem, port: str, stop: Ending, why: str) -> None:
    """Open the port, as soon as it can be; somebody else's use of it is waited for as well."""
    told = False
    while not stop.asked:
        try:
            modem.plug()
            return
        except RigError as error:
            if not told:
                print(f"{port} {why}; waiting for it: {error}", file=sys.stderr)
            told = True
        stop.wait(_LOOK_S)


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
        prompt_delay_s=0.005 if args.port else 0.0, response_times=args.response_times,
        rtscts=args.rtscts, wiring=_wiring(args), check_baud=args.check_baud,
        autobaud=args.autobaud is not None, autobaud_first=args.autobaud or "answered",
        too_soon_s=args.too_soon,
    )  # fmt: skip


def _tell(args: argparse.Namespace, facts: dict[str, str | None]) -> None:
    """Where the modem is: to the terminal, and to the file of --ready."""
    if args.ready is not None:
        try:
            write_ready(args.ready, facts)
        except OSError as error:
            raise UsageError(f"--ready {args.ready}: {error.strerror}") from error
    print(json.dumps(facts) if args.json else f"modem on {facts['path']}", flush=True)
    if facts["control"] is not None and not args.json:
        print(f"control on http://{facts['control']}", flush=True)


def _network(routes: list[str], names: list[str]) -> ModemNetwork:
    from harness.virtual_modem import ModemNetwork

    pairs = {}
    for route in routes:
        source, separator, target = route.partition("=")
        if not separator:
            raise UsageError(f"--route {route}: write HOST:PORT=HOST:PORT")
        pairs[endpoint(source)] = endpoint(target)
    known = {}
    for entry in names:
        name, _, address = entry.partition("=")
        try:
            known[name] = str(IPv4Address(address))
        except ValueError:
            raise UsageError(f"--name {entry}: write NAME=ADDRESS, an IPv4 one") from None
    return ModemNetwork(routes=pairs, names=known)


def endpoint(text: str) -> tuple[str, int]:
    """``HOST:PORT``. Raises :class:`UsageError`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"{text!r} is no HOST:PORT")
    return host, int(port)
