"""``hil serve`` as lines: for a pipe, a log, a program (``--json``) or a plain terminal."""

from __future__ import annotations

import contextlib
import json
import queue
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from harness.cli.printable import printable
from harness.cli.serve_words import is_told, told
from harness.cli.signals import LISTEN_S
from harness.evidence import Event, Timeline
from harness.platform.facade import Platform

_WAITING = 5_000
_SCHEMES = ("https", "mqtt")  # of addresses that are called so; the others speak HTTP
PAGE_HINT = "--control 127.0.0.1:8081 opens a live page"


class Lines:
    """Prints what happens until :meth:`end`."""

    def __init__(self, platform: Platform, timeline: Timeline, *, as_json: bool) -> None:
        self._platform = platform
        self._as_json = as_json
        # Put into by signal handlers too, for which a SimpleQueue is safe and a lock is not.
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._lost = 0
        timeline.listen(self._take)

    def _take(self, event: Event) -> None:
        if not is_told(event.kind):
            return
        if self._events.qsize() >= _WAITING:  # nobody reads what is printed: memory has an end
            self._lost += 1
        else:
            self._events.put(event)

    def begin(self, bound: Mapping[str, str]) -> None:
        """The addresses, and what is assumed."""
        assumed = self._platform.assumptions()
        if self._as_json:
            _say({"event": "ready", **bound, "assumed": [item._asdict() for item in assumed]})
            return
        for item in assumed:
            print(f"assumed: {item.name}: {item.value} ({item.why})")
        for name, where in addresses(bound).items():
            print(f"{name}: {where}")
        if "control" not in bound:
            print(PAGE_HINT)
        print("listening; Ctrl-C ends", flush=True)

    def run(self) -> None:
        """Until :meth:`end`."""
        while (event := self._next()) is not None:
            self._tell_of_lost()
            if self._as_json:
                _say({"event": event.kind, "at": event.at, **event.data})
                continue
            for line in _lines(event):
                print(printable(line))
            sys.stdout.flush()

    def _next(self) -> Event | None:
        while True:
            with contextlib.suppress(queue.Empty):
                return self._events.get(timeout=LISTEN_S)

    def _tell_of_lost(self) -> None:
        lost, self._lost = self._lost, 0
        if lost and self._as_json:
            _say({"event": "lost", "lines": lost})
        elif lost:
            print(f"{lost:,} lines are missing here: they came faster than they were read")

    def end(self) -> None:
        """From any thread, or a signal handler."""
        self._events.put(None)


def addresses(bound: Mapping[str, str]) -> dict[str, str]:
    """The same with their schemes, as a person uses them."""
    return {
        name: f"{name if name in _SCHEMES else 'http'}://{where}" for name, where in bound.items()
    }


def _lines(event: Event) -> Iterator[str]:
    words = told(event)
    if words is not None:
        yield " ".join(filter(None, (event.at, words.number, words.who, words.said)))
    for finding in event.data.get("findings", ()):
        yield f"    {finding['severity']} {finding['requirement']}: {finding['message']}"


def _say(item: dict[str, Any]) -> None:
    print(json.dumps(item, ensure_ascii=False, default=str), flush=True)
