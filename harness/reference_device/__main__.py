"""Command line of the reference device; exit codes: 0 clean, 2 wrong use, 3 serial port gone."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import uuid
from pathlib import Path
from types import FrameType

import serial

from .at import Modem, PortGone
from .console import Console
from .device import Device, Quit, Settings
from .faults import FAULTS, Faults, UnknownFault

_STOPPING = (signal.SIGTERM, signal.SIGINT)
_EXAMPLE = """example:
  python -m harness.reference_device --port /dev/ttyUSB2 --imei 356726104408422 \\
      --secret-env TRACKER_SECRET --apn kpnthings2.m2m --faults wrong-host
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m harness.reference_device",
        description="A small exemplary firmware on a Quectel BG95/BG96: SenML uplinks to KPN "
        "Things, downlinks, SMS. Takes 'report', 'ping', 'quit' on stdin, prints JSON events.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--list-faults", action="store_true", help="print the seeded faults and exit")
    add("--port", help="serial device of the modem, or a pyserial URL with a descriptor")
    add("--baud", type=int, default=115200, metavar="RATE")
    add("--imei", help="the registered IMEI, 15 digits")
    add("--dvnuuid", metavar="UUID", help="an Internet device instead, with --ca")
    add("--ca", metavar="FILE", help="the authority (PEM) that an Internet device trusts")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--secret-env", metavar="NAME", help="environment variable with the secret")
    secret.add_argument(
        "--secret-file", metavar="FILE", help="file with the secret; its line end is dropped"
    )
    secret.add_argument(
        "--secret", help="the secret itself: others can see it, virtual devices only"
    )
    add("--apn", help="kpnthings.iot or kpnthings2.m2m, by SIM type")
    add("--every", type=float, default=0.0, metavar="SECONDS", help="report by itself (0: do not)")
    add("--response-timeout", type=float, default=10.0, metavar="SECONDS", help="default 10")
    add("--retry-base", type=float, default=0.5, metavar="SECONDS",
        help="first pause after no response, doubling, 4 tries (default 0.5)")  # fmt: skip
    add("--boot-timeout", type=float, default=30.0, metavar="SECONDS", help="for AT to be answered")
    add("--attach-timeout", type=float, default=60.0, metavar="SECONDS", help="for registration")
    add("--clock", choices=("none", "modem"), default="none",
        help="where bt comes from: nowhere, or AT+CCLK? once set (default none)")  # fmt: skip
    add("--sms-mode", choices=("pdu", "text"), default="pdu", help="how SMS are read (default pdu)")
    add("--flash", type=Path, metavar="DIR", help="keeps firmware updates over a power cycle")
    add("--firmware-version", default="1.0.0", metavar="VERSION", help="that runs at first")
    add("--part-size", type=int, default=256, metavar="BYTES", help="of firmware (default 256)")
    add("--faults", default="", metavar="NAME[,NAME]", help="seeded faults to switch on")
    return parser


def _settings(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Settings:
    for name in ("port", "apn"):
        if not getattr(options, name):
            parser.error(f"--{name} is needed")
    if options.part_size < 1:
        parser.error("--part-size wants at least 1")
    if not options.imei and not options.dvnuuid:
        parser.error("--imei is needed, or --dvnuuid")
    if bool(options.dvnuuid) != bool(options.ca):
        parser.error("an Internet device needs --dvnuuid and --ca")
    if options.dvnuuid:
        try:
            options.imei = str(uuid.UUID(options.dvnuuid))
        except ValueError:
            parser.error("--dvnuuid wants a UUID")
    elif not (options.imei.isascii() and options.imei.isdecimal() and len(options.imei) == 15):
        parser.error("--imei wants 15 digits")
    try:
        faults = Faults(name for name in options.faults.split(",") if name.strip())
        secret = _secret(options)
        authority = Path(options.ca).read_bytes() if options.ca else None
        if options.flash is not None:
            options.flash.mkdir(parents=True, exist_ok=True)
    except (UnknownFault, OSError, KeyError) as error:
        parser.error(str(error.args[0] if isinstance(error, KeyError) else error))
    if not secret:
        parser.error("a secret is needed: --secret-env, --secret-file or --secret")
    return Settings(
        identifier=options.imei,
        secret=secret.encode(),
        apn=options.apn,
        faults=faults,
        every_s=options.every,
        response_s=options.response_timeout,
        retry_base_s=options.retry_base,
        boot_s=options.boot_timeout,
        register_s=options.attach_timeout,
        clock=options.clock,
        sms_mode=options.sms_mode,
        authority=authority,
        flash=options.flash,
        version=options.firmware_version,
        part=options.part_size,
    )


def _secret(options: argparse.Namespace) -> str:
    if options.secret_env:
        if options.secret_env not in os.environ:
            raise KeyError(f"--secret-env: {options.secret_env} is not set in the environment")
        return os.environ[options.secret_env]
    if options.secret_file:
        return Path(options.secret_file).read_text().rstrip("\r\n")
    return options.secret or ""


def _terminate(signal_number: int, frame: FrameType | None) -> None:
    for number in _STOPPING:  # one is enough: another would interrupt the clean end
        signal.signal(number, signal.SIG_IGN)
    raise Quit


def main(arguments: list[str] | None = None) -> int:
    """Run the device until it is told to stop; return the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.list_faults:
        lines = (f"{f.name:24} {','.join(f.requirements):46} {f.sentence}" for f in FAULTS.values())
        print("\n".join(lines))
        return 0
    settings = _settings(parser, options)
    console = Console()
    try:
        for number in _STOPPING:
            signal.signal(number, _terminate)
        with serial.serial_for_url(options.port, options.baud, timeout=0, exclusive=True) as port:
            Device(Modem(port), console, settings).run()
    except Quit:
        console.event("stopped")
        return 0
    except BrokenPipeError:
        # Nobody watches any more. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except PortGone as error:
        console.error("port", error)
    except (serial.SerialException, OSError) as error:
        console.error("port", f"cannot use {options.port}: {error}")
    return 3


if __name__ == "__main__":
    sys.exit(main())
