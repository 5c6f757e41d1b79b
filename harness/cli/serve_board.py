"""What the live table of ``hil serve`` shows: counts, devices and the latest happenings.

Made of timeline events, one at a time, so that its cost does not grow with the number of devices.
"""

from __future__ import annotations

import copy
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from harness.cli.serve_words import Told, told
from harness.evidence import Event, isoformat
from harness.platform.downlinks import Downlink, DownlinkStatus
from harness.platform.findings import Finding, Outcome
from harness.platform.sms import Sms
from harness.platform.sms_settings import StatusNames
from harness.platform.uplink import Uplink

_JUMP = "clock.jump"
_KEEP_HAPPENINGS = 200
_WAITING = frozenset({DownlinkStatus.QUEUED.value, DownlinkStatus.EXECUTING.value})
_GRAVEST = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the lower table. ``at``: scenario time, ISO 8601. ``bad``: it went wrong.

    ``finding`` is the gravest one, of ``findings`` many.
    """

    at: str
    number: str
    who: str
    outcome: str
    bad: bool = False
    findings: int = 0
    finding: Finding | None = None


@dataclass(slots=True)
class DeviceRow:
    """One device. ``last``: scenario time of its last uplink, "" before the first."""

    name: str
    last: str = ""
    outcome: str = ""
    uplinks: int = 0
    findings: int = 0
    downlinks: int = 0
    sms: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """``findings``: of every severity, over all uplinks and handshakes."""

    devices: int = 0
    uplinks: int = 0
    accepted: int = 0
    refused: int = 0
    findings: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """The board at one moment: devices newest active first, happenings newest first."""

    counts: Counts
    devices: tuple[DeviceRow, ...]
    happenings: tuple[Happening, ...]


@dataclass(slots=True)
class _Open:
    """Downlinks or SMS that have not ended: whose they are, by id."""

    devices: dict[str, str] = field(default_factory=dict)

    def change(self, ident: str, device: str, *, waiting: bool) -> int:
        """How many more wait for ``device`` now: 1, 0 or -1."""
        if waiting:
            before = len(self.devices)
            self.devices[ident] = device
            return len(self.devices) - before
        return -1 if self.devices.pop(ident, None) is not None else 0


class Board:
    """Takes events from any thread; ``changed`` is called when there is something new to look at,
    once until the next :meth:`look`.
    """

    def __init__(
        self,
        devices: Iterable[str],
        changed: Callable[[], object],
        sms_status: StatusNames | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._changed = changed
        self._told = False
        self._pending = (sms_status or StatusNames()).pending
        self._active: dict[str, DeviceRow] = {}  # the newest active at the end
        self._quiet: dict[str, None] = dict.fromkeys(devices)  # nothing happened to them yet
        self._happenings: deque[Happening] = deque(maxlen=_KEEP_HAPPENINGS)
        self._newest = ""  # kind of the newest happening
        self._counts = Counts()
        self._downlinks, self._sms = _Open(), _Open()
        self._takes: Mapping[str, Callable[[Event], object]] = {
            "uplink": self._uplink,
            "downlink": self._downlink,
            "sms.status": self._message,
            "device.registered": lambda event: self._row(event.data["device"]),
            "device.removed": self._removed,
        }

    def resume(
        self, uplinks: Iterable[Uplink], downlinks: Iterable[Downlink], sms: Iterable[Sms]
    ) -> None:
        """What a store held when the platform took it up, oldest first."""
        for uplink in uplinks:
            findings = [finding.as_dict() for finding in uplink.findings]
            self._take_up(
                "uplink", isoformat(uplink.received), exchange=uplink.exchange,
                device=uplink.device, outcome=uplink.outcome.value, findings=findings,
            )  # fmt: skip
        for one in downlinks:
            self._take_up("downlink", id=one.id, device=one.device, status=one.status.value)
        for message in sms:
            self._take_up("sms.status", id=message.id, device=message.device, status=message.status)

    def _take_up(self, kind: str, at: str = "", **data: Any) -> None:
        self.take(Event(0, 0.0, "", at, "platform", kind, data))

    def take(self, event: Event) -> None:
        """One event of the timeline; most kinds change nothing here."""
        words, take = told(event), self._takes.get(event.kind)
        if words is None and take is None:
            return
        with self._lock:
            if take is not None:
                take(event)
            if words is not None:
                self._happened(event, words)
            tell, self._told = not self._told, True
        if tell:
            self._changed()

    def look(self, devices: int, happenings: int) -> Look:
        """So many of each at most."""
        with self._lock:
            self._told = False
            rows = [copy.copy(row) for row in islice(reversed(self._active.values()), devices)]
            rows += [DeviceRow(name) for name in islice(self._quiet, devices - len(rows))]
            newest = tuple(islice(reversed(self._happenings), happenings))
            known = len(self._active) + len(self._quiet)
            return Look(replace(self._counts, devices=known), tuple(rows), newest)

    def _known(self, name: str) -> bool:
        return name in self._active or name in self._quiet

    def _row(self, name: str) -> DeviceRow:
        """The device's row, which is the newest now."""
        row = self._active.pop(name, None)
        if row is None:
            self._quiet.pop(name, None)
            row = DeviceRow(name)
        self._active[name] = row
        return row

    def _uplink(self, event: Event) -> None:
        outcome, findings = str(event.data["outcome"]), len(event.data["findings"])
        accepted = outcome == Outcome.ACCEPTED.value
        counts = self._counts
        self._counts = replace(
            counts,
            uplinks=counts.uplinks + 1,
            accepted=counts.accepted + accepted,
            refused=counts.refused + (not accepted),
        )
        device = event.data["device"]
        if device is not None:
            row = self._row(device)
            row.last, row.outcome = event.at, outcome
            row.uplinks += 1
            row.findings += findings

    def _downlink(self, event: Event) -> None:
        ident, device = str(event.data["id"]), event.data["device"]
        waiting = event.data["status"] in _WAITING
        more = self._downlinks.change(ident, device, waiting=waiting)
        if more and self._known(device):
            self._row(device).downlinks += more

    def _message(self, event: Event) -> None:
        ident, device = str(event.data["id"]), event.data["device"]
        waiting = event.data["status"] == self._pending
        more = self._sms.change(ident, device, waiting=waiting)
        if more and self._known(device):
            self._row(device).sms += more

    def _removed(self, event: Event) -> None:
        self._active.pop(event.data["device"], None)
        self._quiet.pop(event.data["device"], None)

    def _happened(self, event: Event, words: Told) -> None:
        found = [
            Finding(one["requirement"], one["severity"], one["message"])
            for one in event.data.get("findings", ())
        ]
        self._counts = replace(self._counts, findings=self._counts.findings + len(found))
        gravest = min(found, key=lambda one: _GRAVEST.index(one.severity), default=None)
        if event.kind == _JUMP and self._newest == _JUMP:
            self._happenings.pop()  # the clock goes from timer to timer: where it got to is told
        self._newest = event.kind
        self._happenings.append(
            Happening(event.at, words.number, words.who, words.said, words.bad, len(found), gravest)
        )
