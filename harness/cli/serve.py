"""The mocked platform on its own: takes uplinks, says what it thinks of each, until Ctrl-C.

On a terminal as a live table, elsewhere as lines (--plain, --json). Loopback unless told otherwise;
port 0 takes any free one, --ready tells which.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from harness.cli import (
    serve_actuator,
    serve_control,
    serve_firmware,
    serve_https,
    serve_modems,
    serve_mqtt,
    serve_store,
)
from harness.cli.addresses import address, joined
from harness.cli.paths import file_path
from harness.cli.ready import write_ready
from harness.cli.serve_lines import Lines
from harness.cli.signals import ENDING, Ending, on_signals
from harness.clock import NO_WORK, RealClock, VirtualClock
from harness.clock.scenario import LAST, from_ns
from harness.errors import RigError, UsageError
from harness.evidence import Timeline
from harness.files import load_document
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.facade import Platform
from harness.platform.registry import Registry
from harness.platform.settings import PlatformSettings
from harness.rig.destinations import destinations_of
from harness.rig.registration import read_registrations, redactor_for

EXAMPLE = "hil serve --devices devices.yaml --http 127.0.0.1:8080 --control 127.0.0.1:8081"
_KEEP_EVENTS = 10_000
_KEEP_CHARACTERS = 33_554_432


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--devices",
        type=file_path,
        required=True,
        metavar="FILE",
        help="a YAML file with `devices:`; a rig file will do",
    )
    parser.add_argument(
        "--http", default="127.0.0.1:0", metavar="HOST:PORT",
        help="where uplinks are taken (default: any free port of 127.0.0.1)",
    )  # fmt: skip
    serve_https.add_arguments(parser)
    serve_mqtt.add_arguments(parser)
    serve_modems.add_arguments(parser)
    serve_control.add_arguments(parser)
    serve_actuator.add_arguments(parser)
    serve_firmware.add_arguments(parser)
    serve_store.add_arguments(parser)
    parser.add_argument("--clock", metavar="ISO8601", help="start with the clock frozen there")
    parser.add_argument("--ready", type=file_path, metavar="FILE", help="bound addresses, as JSON")
    parser.add_argument(
        "--plain", action="store_true", help="lines instead of the live table, also on a terminal"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line")


def frozen_at(text: str) -> datetime:
    """The moment that ``--clock`` names. Raises :class:`UsageError`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--clock {text}: no ISO 8601 moment") from None
    if moment.tzinfo is None:
        raise UsageError(f"--clock {text}: add a time zone, for example {text}Z")
    if moment > LAST:
        raise UsageError(f"--clock {text}: the scenario clock goes no further than {LAST:%Y-%m-%d}")
    return moment


def run(arguments: argparse.Namespace) -> int:
    http = address(arguments.http, "--http")
    frozen = frozen_at(arguments.clock) if arguments.clock else None
    document = load_document(arguments.devices)
    registrations = read_registrations(document)
    destinations = destinations_of(document)
    redactor = redactor_for(registrations)
    for name, value in (pair for destination in destinations for pair in destination.secrets()):
        redactor.add(name, value)
    mqtt = serve_mqtt.read_plan(arguments, document, redactor)
    sms_gateway = serve_modems.gateway(arguments, registrations)
    access = serve_control.read_access(arguments, redactor)
    settings = PlatformSettings(
        actuator=serve_actuator.read_settings(arguments, redactor),
        fota=serve_firmware.read_settings(arguments),
    )
    ending = Ending()  # also while it starts, and closes: what is open gets closed then
    with on_signals(ENDING, ending.ask), contextlib.ExitStack() as closing:
        store = serve_store.open_store(arguments, redactor, closing)
        clock = serve_store.started_clock(frozen, store)
        timeline = Timeline(
            None, clock, redactor, keep=_KEEP_EVENTS, keep_characters=_KEEP_CHARACTERS
        )
        _record_jumps(clock, timeline)
        closing.callback(clock.close)
        loop = LoopThread()
        closing.callback(loop.close)
        platform = Platform(
            Registry(registrations),
            clock=clock,
            recorder=timeline,
            loop=loop,
            work=clock.work if isinstance(clock, VirtualClock) else NO_WORK,
            settings=settings,
            sms_gateway=sms_gateway,
            store_file=store,
        )
        closing.callback(platform.stop)
        show = _show(platform, timeline, arguments)
        for destination in destinations:
            platform.add_destination(destination)
        steps: tuple[Callable[[], dict[str, str]], ...] = (
            lambda: {"http": joined(platform.start(HostSockets(), *http))},
            lambda: serve_https.open_https(platform, arguments),
            lambda: serve_mqtt.open_mqtt(platform, mqtt),
            lambda: serve_control.open_control(platform, timeline, access, arguments, closing),
        )
        bound: dict[str, str] = {}
        for step in steps:
            if ending.asked:
                return 0
            bound |= step()
        ending.tells(show.end)
        show.begin(bound)
        if arguments.ready is not None:
            try:
                write_ready(arguments.ready, bound)
            except OSError as error:
                raise RigError(f"cannot write {arguments.ready}: {error.strerror}") from error
        show.run()
    return 0


def _record_jumps(clock: RealClock | VirtualClock, timeline: Timeline) -> None:
    then = clock.on_jump

    def jumped(before_ns: int, after_ns: int) -> None:
        moments = {"from": from_ns(before_ns), "to": from_ns(after_ns)}
        timeline.record("clock", "clock.jump", **moments)
        if then is not None:
            then(before_ns, after_ns)

    clock.on_jump = jumped


class Show(Protocol):
    """How a person or program sees what happens."""

    def begin(self, bound: Mapping[str, str]) -> None: ...
    def run(self) -> None: ...
    def end(self) -> None: ...


def _show(platform: Platform, timeline: Timeline, arguments: argparse.Namespace) -> Show:
    plain = arguments.plain or arguments.json or os.environ.get("TERM") in (None, "", "dumb")
    if plain or not sys.stdout.isatty():
        return Lines(platform, timeline, as_json=arguments.json)
    from harness.cli.serve_screen import Screen

    return Screen(platform, timeline)
