"""Downlinks: a queue per device, and which of them goes with the next response.

Only a downlink in status Executing is sent (DL-EXECUTING), one per response (DL-ONE), oldest first.
:mod:`harness.platform.downlink_model` draws the life-cycle.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.errors import HilError, UsageError
from harness.platform.downlink_model import (
    HISTORY_LIMIT,
    NEXT,
    Downlink,
    DownlinkStatus,
    Record,
    Shape,
    Style,
    Transition,
    TransitionRefused,
    Way,
    checked_records,
)

__all__ = [
    "Downlink",
    "DownlinkQueue",
    "DownlinkStatus",
    "Record",
    "Shape",
    "Style",
    "Transition",
    "TransitionRefused",
    "UnknownDownlink",
    "Way",
]

_EXECUTING = DownlinkStatus.EXECUTING
_SENT: Mapping[Way, str] = {"http": "sent in the response to", "mqtt": "published after"}


class UnknownDownlink(UsageError):
    """An order names a downlink that there is not (or that was forgotten since it ended)."""


@dataclass(slots=True)
class _Lane:
    """The downlinks of one device by number. ``ready`` has a heap of those that may go next, for
    each way they may go (None: any); entries that are out of date are dropped when they come up."""

    numbers: dict[int, None] = field(default_factory=dict)
    ready: dict[Way | None, list[int]] = field(default_factory=dict)

    def push(self, number: int, only_by: Way | None) -> None:
        heapq.heappush(self.ready.setdefault(only_by, []), number)

    def pop(self, way: Way) -> int | None:
        """The oldest that may go this way, out of date or not."""
        heaps = [heap for heap in (self.ready.get(way), self.ready.get(None)) if heap]
        return heapq.heappop(min(heaps, key=lambda heap: heap[0])) if heaps else None


class DownlinkQueue:
    """All downlinks of all devices. Thread-safe.

    ``changed`` is told of every transition and the downlink it made, in order; what it raises about
    a new downlink refuses that downlink. ``now_ns`` is the
    scenario clock. The cost of each operation does not grow with the number of devices, nor with
    that of downlinks, of which the newest ``keep`` that have ended are remembered.
    """

    def __init__(
        self,
        changed: Callable[[Downlink, Transition], object],
        now_ns: Callable[[], int],
        keep: int = 100_000,
    ) -> None:
        self._lock = threading.RLock()
        self._changed = changed
        self._now_ns = now_ns
        self._keep = keep
        self._all: dict[int, Downlink] = {}
        self._lanes: dict[str, _Lane] = {}
        self._ended: deque[int] = deque()
        self._last = 0
        self._in_flight: set[int] = set()
        self.waiting = 0
        """How many downlinks are Executing: 0 lets the hot path skip the queue."""

    def add(
        self,
        device: str,
        records: Sequence[Record],
        status: DownlinkStatus,
        shape: Shape,
        *,
        tag: str = "",
        style: Style = "control",
        reason: str = "submitted",
    ) -> Downlink:
        """Queue a downlink. Raises :class:`UsageError` for records that are no SenML, and for a
        downlink that would begin at its end."""
        checked = checked_records(records)
        if shape not in ("separate", "merged"):
            raise UsageError(f"downlink shape {shape!r}: use `separate` or `merged`")
        new = Downlink("", device, checked, status, shape, tag=tag, style=style)
        return self._begin(new, reason)

    def add_raw(
        self,
        device: str,
        raw: bytes,
        status: DownlinkStatus,
        *,
        tag: str = "",
        only_by: Way | None = None,
        reason: str = "submitted",
    ) -> Downlink:
        """Queue bytes that go to the device as they are, be they SenML or not."""
        if not raw:
            raise UsageError("a downlink needs a message")
        new = Downlink("", device, (), status, "separate", tag=tag, style="raw", raw=raw)
        return self._begin(replace(new, only_by=only_by), reason)

    def _begin(self, new: Downlink, reason: str) -> Downlink:
        if new.status.final:
            raise UsageError(
                f"a downlink cannot begin as {new.status.value}; begin as Queued or Executing"
            )
        with self._lock:
            self._last += 1
            now_ns = self._now_ns()
            downlink = replace(new, id=f"dl-{self._last}", created_ns=now_ns)
            self._lanes.setdefault(new.device, _Lane()).numbers[self._last] = None
            try:
                return self._store(None, downlink, reason, now_ns)
            except HilError:  # whoever is told could not keep it: it was never taken
                del self._all[self._last], self._lanes[new.device].numbers[self._last]
                self.waiting -= new.status is _EXECUTING
                raise

    def restore(self, downlink: Downlink) -> None:
        """Take back a downlink as it was remembered elsewhere, oldest first; nobody is told.

        Raises :class:`UsageError` for an identifier that is none, or is taken.
        """
        number = _number(downlink.id)
        with self._lock:
            if number is None or number in self._all:
                raise UsageError(f"the downlink {downlink.id!r} cannot be restored: no such place")
            self._last = max(self._last, number)
            self._all[number] = downlink
            lane = self._lanes.setdefault(downlink.device, _Lane())
            lane.numbers[number] = None
            if downlink.status is _EXECUTING:
                self.waiting += 1
                lane.push(number, downlink.only_by)
            elif downlink.status.final:
                self._ended.append(number)

    def all(self, device: str | None = None) -> list[Downlink]:
        """All downlinks, or those of one device, oldest first."""
        with self._lock:
            if device is None:
                return list(self._all.values())
            lane = self._lanes.get(device)
            return [] if lane is None else [self._all[number] for number in lane.numbers]

    def get(self, ident: str) -> Downlink:
        """Raises :class:`UnknownDownlink`."""
        with self._lock:
            return self._all[self._known(ident)]

    def set_status(
        self, ident: str, status: DownlinkStatus, reason: str = "set by an order"
    ) -> Downlink:
        """Move a downlink on.

        Raises :class:`UnknownDownlink`, and :class:`TransitionRefused` for a step that its life
        does not have.
        """
        with self._lock:
            number = self._known(ident)
            downlink = self._all[number]
            before = downlink.status
            if status not in NEXT[before]:
                raise TransitionRefused(_refusal(downlink, status))
            if status is DownlinkStatus.QUEUED and number in self._in_flight:
                raise TransitionRefused(
                    f"{ident} is on its way in the response to exchange {downlink.exchange}; it "
                    "cannot be put back before that is over"
                )
            return self._store(before, replace(downlink, status=status), reason)

    def fail_all(self, device: str, reason: str) -> None:
        """Everything of ``device`` that has not ended is Failed: the device is no more."""
        with self._lock:
            for downlink in self.all(device):
                if not downlink.status.final:
                    self.set_status(downlink.id, DownlinkStatus.FAILED, reason)

    def take(self, device: str, exchange: int, way: Way = "http") -> Downlink | None:
        """The downlink that goes with this response, or after this uplink; it is in flight until
        settled."""
        with self._lock:
            lane = self._lanes.get(device)
            while lane is not None and (number := lane.pop(way)) is not None:
                downlink = self._all.get(number)
                if (
                    downlink is not None
                    and downlink.status is _EXECUTING
                    and number not in self._in_flight
                ):
                    self._in_flight.add(number)
                    sent = replace(downlink, exchange=exchange, sent=downlink.sent + 1, went_by=way)
                    return self._store(_EXECUTING, sent, f"{_SENT[way]} exchange {exchange}")
        return None

    def settle(self, ident: str, status: DownlinkStatus | None, reason: str) -> None:
        """It is no longer in flight; its status becomes ``status`` unless that is None or
        somebody has changed it meanwhile."""
        with self._lock:
            number = self._known(ident)
            self._in_flight.discard(number)
            downlink = self._all[number]
            if downlink.status is _EXECUTING:
                # Told in either case: why it goes again is worth knowing.
                self._store(_EXECUTING, replace(downlink, status=status or _EXECUTING), reason)

    def _known(self, ident: str) -> int:
        number = _number(ident)
        if number is None or number not in self._all:
            raise UnknownDownlink(f"there is no downlink {ident!r}")
        return number

    def _store(
        self,
        before: DownlinkStatus | None,
        downlink: Downlink,
        reason: str,
        now_ns: int | None = None,
    ) -> Downlink:
        moment = self._now_ns() if now_ns is None else now_ns
        step = Transition(
            moment, None if before is None else before.value, downlink.status.value, reason
        )
        history = (*downlink.history[-HISTORY_LIMIT + 1 :], step)
        downlink = replace(downlink, modified_ns=moment, history=history)
        number = int(downlink.id[3:])
        self._all[number] = downlink
        self.waiting += (downlink.status is _EXECUTING) - (before is _EXECUTING)
        if downlink.status is _EXECUTING and number not in self._in_flight:
            self._lanes[downlink.device].push(number, downlink.only_by)
        elif downlink.status.final:
            self._ended.append(number)
        self._changed(downlink, step)
        self._forget()
        return downlink

    def _forget(self) -> None:
        while len(self._ended) > self._keep:
            number = self._ended.popleft()
            if number in self._in_flight:  # still to be settled
                self._ended.append(number)
                return
            lane = self._lanes[self._all.pop(number).device]
            del lane.numbers[number]


def _number(ident: str) -> int | None:
    digits = ident.removeprefix("dl-")
    plain = ident.startswith("dl-") and digits.isascii() and digits.isdigit() and len(digits) < 19
    return int(digits) if plain and digits[0] != "0" else None


def _refusal(downlink: Downlink, status: DownlinkStatus) -> str:
    before = downlink.status
    if status is before:
        return f"{downlink.id} is {before.value} already"
    if before.final:
        return (
            f"{downlink.id} is {before.value}, and that is its end: it cannot become "
            f"{status.value}; submit another downlink"
        )
    ways = " or ".join(sorted(after.value for after in NEXT[before]))
    return (
        f"{downlink.id} is {before.value} and cannot become {status.value}; from there it can "
        f"become {ways}"
    )
