"""The console of a firmware program: its lines, and what they say when they are JSON events."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import IO, Any

from harness.clock import Deadline
from harness.evidence import Recorder
from harness.rig.dut import ReceivedDownlink, ReceivedSms, Seen, UplinkResult

MAX_LINE = 65_536


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
        self._lines: list[str] = []
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

    def wait_for(
        self, pattern: str, deadline: Deadline, *, since: int = 0, alive: Callable[[], bool]
    ) -> bool:
        """Wait for a line that matches ``pattern``, from line ``since`` on.

        False when the deadline passes, or the program ends, first.
        """
        wanted = re.compile(pattern)
        return self.wait_until(
            lambda: any(wanted.search(line) for line in self._lines[since:]), deadline, alive=alive
        )

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
        with self._changed:
            return list(self._lines)

    def _read(self, stream: IO[bytes], name: str) -> None:
        with stream:
            while raw := stream.readline(MAX_LINE):
                text = raw.decode("utf-8", "replace").rstrip("\r\n")
                self._recorder.record(self._source, "device.console", text=text, stream=name)
                if self._events and name == "stdout":
                    self._event(text)
                with self._changed:
                    self._lines.append(text)
                    self._changed.notify_all()

    def _event(self, text: str) -> None:
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
                records = tuple(r for r in event.get("records", ()) if isinstance(r, dict))
                self._seen.downlinks.append(ReceivedDownlink(records, len(text)))
                self._recorder.record(self._source, "device.downlink", records=list(records))
            case "sms":
                sms = ReceivedSms(
                    str(event.get("sender")), str(event.get("text")), bool(event.get("obeyed"))
                )
                self._seen.sms.append(sms)
                self._recorder.record(
                    self._source,
                    "device.sms",
                    sender=sms.sender,
                    text=sms.text,
                    obeyed=sms.obeyed,
                )
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
        # A try that is to be repeated is not the end of the report.
        if event.get("retry_in_s") is None:
            self._seen.results.append(result)
        self._recorder.record(
            self._source,
            "device.uplink",
            result={
                "status": result.status,
                "error": result.error,
                "attempt": result.attempts,
            },
        )
