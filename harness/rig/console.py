"""The console of a firmware program: its lines, and what they say when they are JSON events."""

from __future__ import annotations

import io
import json
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, cast

from harness.clock import Deadline
from harness.evidence import Recorder
from harness.rig.dut import ReceivedDownlink, ReceivedSms, Seen, UplinkResult

MAX_LINE = 65_536
MAX_KEPT = 4_000_000  # characters on the timeline; a firmware that floods must not fill the disk
LAST_LINES = 1_000


@dataclass(slots=True)
class _Watch:
    """A pattern that is looked for in every line as it comes."""

    pattern: re.Pattern[str]
    found: bool


class Console:
    """Reads a program's output in a thread, line by line, onto the timeline.

    With ``events``, lines that are JSON objects with an ``event`` key also fill ``seen``; the keys
    are those of the reference device.
    """

    def __init__(self, source: str, recorder: Recorder, *, events: bool, seen: Seen) -> None:
        self._source = source
        self._recorder = recorder
        self._events = events
        self._seen = seen
        self._changed = threading.Condition()
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self._watches: list[_Watch] = []
        self._kept = 0
        self._threads: list[threading.Thread] = []

    def follow(self, stream: IO[bytes], name: str) -> None:
        """Read ``stream`` until it ends, in a thread of its own."""
        thread = threading.Thread(
            target=self._read, args=(stream, name), name=f"{self._source}:{name}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def join(self, deadline: Deadline) -> None:
        """Wait until the streams have ended (the program is gone)."""
        for thread in self._threads:
            thread.join(deadline.left())

    def wait_for(self, pattern: str, deadline: Deadline, *, alive: Callable[[], bool]) -> bool:
        """Wait for a line that matches ``pattern``; the last lines printed count too.

        False when the deadline passes, or the program ends, first.
        """
        wanted = re.compile(pattern)
        with self._changed:
            watch = _Watch(wanted, any(wanted.search(line) for line in self._lines))
            self._watches.append(watch)
        try:
            return self.wait_until(lambda: watch.found, deadline, alive=alive)
        finally:
            with self._changed:
                self._watches.remove(watch)

    def wait_until(
        self, condition: Callable[[], bool], deadline: Deadline, *, alive: Callable[[], bool]
    ) -> bool:
        """Wait until ``condition`` holds; it is looked at after every line."""
        with self._changed:
            while not condition():
                if deadline.expired or not alive():
                    return condition()
                self._changed.wait(min(0.05, deadline.left()))
            return True

    @property
    def lines(self) -> list[str]:
        """The last lines printed."""
        with self._changed:
            return list(self._lines)

    def _read(self, stream: IO[bytes], name: str) -> None:
        # Popen's unbuffered stream would read a line byte by byte.
        with io.BufferedReader(cast(io.RawIOBase, stream)) as reader:
            while raw := reader.readline(MAX_LINE):
                text = raw.decode("utf-8", "replace").rstrip("\r\n")
                self._keep(text, name)
                if self._events and name == "stdout":
                    self._event(text)
                with self._changed:
                    self._lines.append(text)
                    for watch in self._watches:
                        watch.found = watch.found or bool(watch.pattern.search(text))
                    self._changed.notify_all()

    def _keep(self, text: str, name: str) -> None:
        if self._kept > MAX_KEPT:
            return
        self._recorder.record(self._source, "device.console", text=text, stream=name)
        self._kept += len(text) + 1
        if self._kept > MAX_KEPT:
            self._recorder.record(
                self._source,
                "note",
                text=f"the console printed more than {MAX_KEPT} characters; the rest is not kept",
            )

    def _event(self, text: str) -> None:
        """Recorded first, then seen: who waits for it finds it on the timeline."""
        try:
            event = json.loads(text)
        except ValueError:
            return
        if not isinstance(event, dict):
            return
        match event.get("event"):
            case "uplink":
                self._uplink(event)
            case "downlink" if event.get("acted"):
                listed = event.get("records")
                listed = listed if isinstance(listed, list) else []
                records = tuple(r for r in listed if isinstance(r, dict))
                self._recorder.record(self._source, "device.downlink", records=list(records))
                self._seen.downlinks.append(ReceivedDownlink(records, len(text)))
            case "sms":
                sms = ReceivedSms(
                    str(event.get("sender")), str(event.get("text")), bool(event.get("obeyed"))
                )
                self._recorder.record(
                    self._source,
                    "device.sms",
                    sender=sms.sender,
                    text=sms.text,
                    obeyed=sms.obeyed,
                )
                self._seen.sms.append(sms)
            case "firmware":
                told = {name: value for name, value in event.items() if name != "event"}
                self._recorder.record(self._source, "device.firmware", **{"state": "", **told})
            case _:
                pass

    def _uplink(self, event: dict[str, Any]) -> None:
        status = event.get("status")
        attempt = event.get("attempt", 1)
        result = UplinkResult(
            status=status if isinstance(status, int) else None,
            error=None if isinstance(status, int) else str(event.get("detail", "no response")),
            attempts=attempt if isinstance(attempt, int) else 1,
        )
        self._recorder.record(
            self._source,
            "device.uplink",
            result={
                "status": result.status,
                "error": result.error,
                "attempt": result.attempts,
            },
        )
        # A try that is to be repeated is not the end of the report.
        if event.get("retry_in_s") is None:
            self._seen.results.append(result)
