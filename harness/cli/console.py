"""An AT terminal: on a modem of a rig file, on a port, or on a virtual modem's PTY.

Completes the commands of the modem's family, tells unsolicited codes from answers, explains errors,
and writes everything to a timeline, which `hil modem --replay` can play. Without a terminal it
takes commands from standard input, one per line, each waiting for its result.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from harness.cli.paths import file_path
from harness.cli.signals import deadly_signals
from harness.clock import wall
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.evidence import Event, Timeline
    from harness.rig.terminal.line import TerminalLine
    from harness.rig.terminal.said import Said

EXAMPLE = (
    "hil console --rig rigs/bench.yaml --device tracker-1   (or: hil console /dev/ttyUSB2; "
    "or: printf 'ATI\\nAT+CSQ\\n' | hil console /tmp/modem)"
)

DEFAULT_BAUD = 115_200


class Opened(NamedTuple):
    """What was opened: ``says`` tells who answered there, ``timeline`` is the file's path."""

    name: str
    family: str
    says: str
    timeline: str


class Front(Protocol):
    """Whoever shows what is said, and takes what is typed."""

    def tell(self, said: Said) -> None: ...

    def run(self, line: TerminalLine, opened: Opened) -> int: ...


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("port", nargs="?", metavar="PORT", help="a serial port, or a PTY's path")
    parser.add_argument(
        "--rig", type=file_path, metavar="FILE", help="take the modem from this rig"
    )
    parser.add_argument("--device", metavar="NAME", help="which device of the rig")
    parser.add_argument("--baud", type=int, metavar="RATE", help="with PORT (default: 115200)")
    parser.add_argument("--rtscts", action="store_true", help="with PORT: flow control")
    parser.add_argument(
        "--family", metavar="NAME", help="its dialect (default: the rig's, or the modem is asked)"
    )
    parser.add_argument(
        "--record", type=file_path, metavar="FILE",
        help="the timeline (default: reports/console/TIME-NAME.jsonl)",
    )  # fmt: skip
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="SECONDS",
        help="from standard input: how long a command may take (default: 30)",
    )  # fmt: skip
    parser.add_argument(
        "--check", action="store_true",
        help="from standard input: exit 1 when a command had no success",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object per line")


def run(arguments: argparse.Namespace) -> int:
    with deadly_signals():
        from harness.clock import RealClock
        from harness.evidence import Timeline
        from harness.line import PortSettings
        from harness.modem.families import driver_of
        from harness.rig.terminal.line import TerminalLine
        from harness.rig.terminal.place import at_port, in_rig

        _check(arguments)
        front = _front(arguments)
    with contextlib.ExitStack() as closing:
        if arguments.rig is not None:
            place = closing.enter_context(in_rig(arguments.rig, arguments.device))
        else:
            baud, rtscts = arguments.baud or DEFAULT_BAUD, arguments.rtscts
            place = at_port(arguments.port, arguments.family, baud, rtscts=rtscts)
        family = arguments.family or place.family
        path: Path = arguments.record or Path(
            "reports", "console", f"{wall():%Y-%m-%dT%H-%M-%SZ}-{place.name}.jsonl"
        )
        timeline = Timeline(path, RealClock(), place.redactor)
        closing.callback(timeline.close)
        timeline.record("console", "console", port=place.url, family=family, baud=place.baud)
        line = TerminalLine(
            place.url,
            dataclasses.replace(driver_of(family).dialect, line_end=place.line_end),
            front.tell,
            name=place.name,
            settings=PortSettings(baudrate=place.baud, rtscts=place.rtscts),
            recorder=_Told(timeline, front.tell),
        )
        closing.callback(line.close)
        code = front.run(line, Opened(place.name, family, place.says, str(path)))
        timeline.check()
    return code


class _Told:
    """The timeline; that it can no longer be written is told when it happens, not at the end."""

    def __init__(self, timeline: Timeline, tell: Callable[[Said], None]) -> None:
        self._timeline, self._tell = timeline, tell
        self._told = False

    def record(self, source: str, kind: str, **data: Any) -> Event:
        event = self._timeline.record(source, kind, **data)
        if self._timeline.lost is not None and not self._told:
            from harness.rig.terminal.said import Kind, Said

            self._told = True
            self._tell(
                Said(Kind.REMARK, f"nothing more is recorded: {self._timeline.lost}", wall())
            )
        return event


def _front(arguments: argparse.Namespace) -> Front:
    """A screen where somebody sits at one, else lines in and out."""
    if sys.stdin.isatty() and sys.stdout.isatty() and not arguments.json:
        from harness.cli.console_screen import Screen

        return Screen()
    from harness.cli.console_script import Script

    return Script(as_json=arguments.json, patience_s=arguments.timeout, check=arguments.check)


def _check(arguments: argparse.Namespace) -> None:
    if (arguments.port is None) == (arguments.rig is None):
        raise UsageError("name a PORT, or a rig file with --rig (and --device)")
    if arguments.rig is not None and (arguments.baud is not None or arguments.rtscts):
        raise UsageError("--baud and --rtscts go with PORT; in a rig they stand in its file")
    if arguments.rig is None and arguments.device is not None:
        raise UsageError("--device names a device of a rig file: give --rig too")
    if not 0 < arguments.timeout <= 3600:
        raise UsageError(f"--timeout {arguments.timeout:g}: give seconds, up to 3600")
    if arguments.family is not None:
        from harness.modem.families import driver_of

        driver_of(arguments.family)
