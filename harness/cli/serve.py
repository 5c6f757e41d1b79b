"""The mocked platform on its own: takes uplinks, says what it thinks of each, until Ctrl-C.

Loopback unless told otherwise; port 0 takes any free one, --ready tells which.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.cli import serve_control, serve_https
from harness.cli.addresses import address, joined
from harness.clock import NO_WORK, RealClock, VirtualClock
from harness.errors import RigError, UsageError
from harness.evidence import Event, Timeline
from harness.network.loop import LoopThread
from harness.network.sockets import HostSockets
from harness.platform.facade import Platform
from harness.platform.registry import Registry
from harness.rig.destinations import load_destinations
from harness.rig.registration import load_registrations, redactor_for

EXAMPLE = "hil serve --devices devices.yaml --http 127.0.0.1:8080 --control 127.0.0.1:8081"
_KEEP_EVENTS = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--devices", type=Path, required=True, metavar="FILE", help="registrations")
    parser.add_argument("--http", default="127.0.0.1:0", metavar="HOST:PORT", help="uplinks")
    serve_https.add_arguments(parser)
    serve_control.add_arguments(parser)
    parser.add_argument("--clock", metavar="ISO8601", help="start with the clock frozen there")
    parser.add_argument("--ready", type=Path, metavar="FILE", help="bound addresses, as JSON")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")


def frozen_at(text: str) -> datetime:
    """The moment that ``--clock`` names. Raises :class:`UsageError`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--clock {text}: no ISO 8601 moment") from None
    if moment.tzinfo is None:
        raise UsageError(f"--clock {text}: add a time zone, for example {text}Z")
    return moment


def run(arguments: argparse.Namespace) -> int:
    http = address(arguments.http, "--http")
    clock = VirtualClock(frozen_at(arguments.clock)) if arguments.clock else RealClock()
    registrations = load_registrations(arguments.devices)
    destinations = load_destinations(arguments.devices)
    redactor = redactor_for(registrations)
    for name, value in (pair for destination in destinations for pair in destination.secrets()):
        redactor.add(name, value)
    access = serve_control.read_access(arguments, redactor)
    timeline = Timeline(None, clock, redactor, keep=_KEEP_EVENTS)
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    timeline.listen(lambda event: events.put(event) if event.kind in _SHOWN else None)
    with contextlib.ExitStack() as closing:
        closing.callback(clock.close)
        loop = LoopThread()
        closing.callback(loop.close)
        platform = Platform(
            Registry(registrations),
            clock=clock,
            recorder=timeline,
            loop=loop,
            work=clock.work if isinstance(clock, VirtualClock) else NO_WORK,
        )
        closing.callback(platform.stop)
        for destination in destinations:
            platform.add_destination(destination)
        bound = {"http": joined(platform.start(HostSockets(), *http))}
        bound |= serve_https.open_https(platform, arguments)
        bound |= serve_control.open_control(platform, timeline, access, arguments, closing)
        with _signals(events):
            _introduce(platform, bound, arguments.json)
            if arguments.ready is not None:
                _write_ready(arguments.ready, bound)
            while (event := events.get()) is not None:
                _show(event, arguments.json)
    return 0


_SHOWN = ("uplink", "http.aborted", "tls.handshake", "destination.attempt")


@contextlib.contextmanager
def _signals(events: queue.SimpleQueue[Event | None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the show in good order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(kind, lambda *_: events.put(None)) for kind in kinds]
    try:
        yield
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)


def _introduce(platform: Platform, bound: dict[str, str], as_json: bool) -> None:
    assumed = platform.assumptions()
    if as_json:
        _say({"event": "ready", **bound, "assumed": [item._asdict() for item in assumed]})
        return
    for item in assumed:
        print(f"assumed: {item.name}: {item.value} ({item.why})")
    for name, where in bound.items():
        scheme = "https" if name == "https" else "http"
        print(f"{name}: {scheme}://{where}")
    print("listening; Ctrl-C ends", flush=True)


def _show(event: Event, as_json: bool) -> None:
    data = dict(event.data)
    if as_json:
        _say({"event": event.kind, "at": event.at, **data})
        return
    if event.kind == "http.aborted":
        print(f"{event.at} #{data['exchange']} {data['peer']} aborted: {data['why']}", flush=True)
        return
    if event.kind == "destination.attempt":
        told = f"{data['outcome']}" + (f" ({data['why']})" if data["why"] else "")
        print(f"{event.at} #{data['exchange']} to {data['destination']}: {told}")
    elif event.kind == "tls.handshake":
        print(
            f"{event.at} TLS {data['peer']} {data['outcome']} ({data['certificate']} certificate)"
        )
    else:
        print(f"{event.at} #{data['exchange']} {data['device'] or 'unknown'} {data['outcome']}")
    for finding in data["findings"]:
        print(f"    {finding['severity']} {finding['requirement']}: {finding['message']}")
    sys.stdout.flush()


def _say(item: dict[str, Any]) -> None:
    print(json.dumps(item, ensure_ascii=False, default=str), flush=True)


def _write_ready(path: Path, bound: dict[str, str]) -> None:
    """All at once: who waits for the file never reads half of it."""
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_text(json.dumps(bound) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise RigError(f"cannot write {path}: {error.strerror}") from error
